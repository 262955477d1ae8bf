import { parseRef } from "@roadbed/contracts/catalog";
import type { KubernetesPlace } from "@roadbed/contracts/delivery/kubernetes-place";
import { InvalidError } from "@roadbed/core";
import { isMap, isScalar, parseAllDocuments, stringify } from "yaml";

import { workloadNameOf } from "../component.ts";
import { isConfigured } from "../configuration/configuration-text.ts";
import { contentOfConfig } from "../configuration/content-at.ts";
import type { Content } from "../configuration/content-of.ts";
import type { AcceptedRow } from "../drift/accepted-store.ts";
import { withAccepted, type Accepted } from "../drift/differences.ts";
import type { RunningText } from "../kubernetes/render/naming.ts";
import { renderKubernetes } from "../kubernetes/render/render-kubernetes.ts";
import type { ReleaseRow } from "../release/release-store.ts";
import type { Manifest } from "../kubernetes/manifest.ts";
import { MANIFEST_FILE, parseManifest } from "../workload/manifest.ts";

/** Counts up when the same release would be rendered to other text. */
export const RENDERER = "roadbed/1";

/** Beside what is rendered: what was accepted as it ran. */
export const ACCEPTED_FILE = "accepted.yaml";

export type Rendered = Pick<ReleaseRow, "entity_ref" | "number" | "id" | "parts" | "repository" | "commit" | "config">;

/** Where a release goes: an environment by its name, and by its cluster where it is one. */
export interface Target {
  readonly name: string;
  readonly kubernetes?: KubernetesPlace | undefined;
  /** From where a cluster's engine reads the branches of environments. */
  readonly repository?: string | undefined;
}

/** The folder of a component on the branch of an environment. */
export function folderOf(entityRef: string): string {
  return `apps/${workloadNameOf(entityRef)}`;
}

/**
 * What a release is in an environment: one file per object, keys in a stable order, no time and no chance in it, so that the same release
 * is the same text. `deploy/*.yaml` goes to every environment, `deploy/<environment>/*.yaml` replaces what has the same kind and name.
 * Throws `InvalidError` for what cannot be read.
 */
export function render(release: Rendered, target: string | Target, accepted?: AcceptedRow): Map<string, string> {
  const { entity_ref: entityRef, config } = release;
  const { name: environment, kubernetes, repository }: Target = typeof target === "string" ? { name: target } : target;
  const folder = folderOf(entityRef);
  const files = new Map<string, string>([[`${folder}/release.yaml`, releaseObject(release, environment)]]);
  const manifest = config[MANIFEST_FILE];
  if (manifest !== undefined) files.set(`${folder}/workload.yaml`, workloadObject(release, environment, manifest, accepted?.changes));
  if (accepted !== undefined) files.set(`${folder}/${ACCEPTED_FILE}`, acceptedObject(accepted));
  const content = contentOfConfig(config, release.commit ?? "");
  if (content !== undefined) files.set(`${folder}/${content.kind}.yaml`, contentObject(release, environment, content));
  const brought = manifestsFor(config, environment).flatMap(([path, text]) => objectsIn(path, text));
  if (kubernetes === undefined) {
    for (const object of brought) files.set(`${folder}/objects/${fileNameOf(object)}`, toText(object));
  } else {
    const place = { environment, kubernetes, repository: repository ?? "" };
    const { objects, engine } = renderKubernetes(release, processOf(manifest, accepted?.changes), place, brought);
    for (const object of objects) files.set(`${folder}/objects/${fileNameOf(object)}`, toText(object));
    if (engine.length > 0) files.set(engineFileOf(entityRef), engine.map(toText).join("---\n"));
  }
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What tells a cluster's engine of a component: beside the folders, so that the engine's own path holds nothing else. */
export function engineFileOf(entityRef: string): string {
  return `engine/${workloadNameOf(entityRef)}.yaml`;
}

/** Of a prompt, model or agent nothing runs in a cluster: it is read from the platform. */
function processOf(text: string | undefined, accepted: Accepted = {}): RunningText | undefined {
  const manifest = text === undefined ? undefined : withAccepted(parseManifest(text), accepted);
  if (manifest === undefined || isConfigured(manifest.kind)) return undefined;
  return accepted.suspended === true ? { ...manifest, suspended: true } : manifest;
}

/** Objects as policies see them. */
export function renderedObjects(files: ReadonlyMap<string, string>): Manifest[] {
  return [...files].flatMap(([path, text]) => objectsIn(path, text));
}

function releaseObject({ entity_ref, number, id, parts }: Rendered, environment: string): string {
  return toText({
    apiVersion: "roadbed.dev/v1",
    kind: "Release",
    metadata: metadataOf(entity_ref),
    spec: { entityRef: entity_ref, environment, id, number, parts: parts.map((part) => ({ ...part })) },
  });
}

/** What of it somebody accepted as it ran, so that this can be read back from here. */
function acceptedObject({ entity_ref, environment, release_id, changes, accepted_by, why, at, intent }: AcceptedRow): string {
  return toText({
    apiVersion: "roadbed.dev/v1",
    kind: "Accepted",
    metadata: metadataOf(entity_ref),
    spec: {
      entityRef: entity_ref,
      environment,
      release: release_id,
      changes,
      by: accepted_by,
      why,
      at: at.toISOString(),
      ...(intent === null ? {} : { intent }),
    },
  });
}

function workloadObject(
  { entity_ref, number, repository, commit }: Rendered,
  environment: string,
  manifest: string,
  accepted: Accepted = {},
): string {
  const suspended = accepted.suspended === true ? { suspended: true } : {};
  return toText({
    apiVersion: "roadbed.dev/v1",
    kind: "Workload",
    metadata: metadataOf(entity_ref),
    spec: {
      entityRef: entity_ref,
      environment,
      release: number,
      repository,
      commit,
      ...withAccepted(parseManifest(manifest), accepted),
      ...suspended,
    },
  });
}

function contentObject({ entity_ref, number }: Rendered, environment: string, { kind, version, digest, content }: Content): string {
  return toText({
    apiVersion: "roadbed.dev/v1",
    kind: kind.charAt(0).toUpperCase() + kind.slice(1),
    metadata: metadataOf(entity_ref),
    spec: { entityRef: entity_ref, environment, release: number, version, digest, content },
  });
}

function metadataOf(entityRef: string): { name: string; namespace: string } {
  const { name, namespace } = parseRef(entityRef);
  return { name, namespace };
}

/** First those for every environment, then its own, so that its own win. */
function manifestsFor(config: Readonly<Record<string, string>>, environment: string): [string, string][] {
  const entries = Object.entries(config).sort(([a], [b]) => (a < b ? -1 : 1));
  const common = entries.filter(([path]) => /^deploy\/[^/]+$/.test(path));
  const own = entries.filter(([path]) => path.startsWith(`deploy/${environment}/`));
  return [...common, ...own];
}

/** The objects of a YAML file. Throws `InvalidError` for what is no manifest. */
export function objectsIn(path: string, text: string): Manifest[] {
  return parseAllDocuments(text).flatMap((document) => {
    const fault = document.errors[0];
    if (fault !== undefined) throw new InvalidError(`${path} cannot be read: ${fault.message}`, { mend: "Mend the file and push it." });
    if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) return [];
    if (!isMap(document.contents))
      throw new InvalidError(`${path} holds something that is no object.`, { mend: "Each document must be a manifest." });
    const object = document.toJS({ maxAliasCount: 50 }) as { kind?: unknown; metadata?: { name?: unknown } };
    if (typeof object.kind !== "string" || typeof object.metadata?.name !== "string") {
      throw new InvalidError(`${path} holds an object without kind or metadata.name.`, { mend: "Each document must be a manifest." });
    }
    return [object as Manifest];
  });
}

function fileNameOf({ kind, metadata: { namespace, name } }: Manifest): string {
  const words = [kind, typeof namespace === "string" ? namespace : "", name].filter((word) => word !== "");
  return `${words
    .join("-")
    .toLowerCase()
    .replaceAll(/[^a-z0-9.-]+/g, "-")}.yaml`;
}

function toText(object: unknown): string {
  return stringify(object, { sortMapEntries: true, lineWidth: 0, aliasDuplicateObjects: false });
}
