import { parseRef } from "@roadbed/contracts/catalog";
import { InvalidError } from "@roadbed/core";
import { isMap, isScalar, parseAllDocuments, stringify } from "yaml";

import { workloadNameOf } from "../component.ts";
import type { AcceptedRow } from "../drift/accepted-store.ts";
import { withAccepted, type Accepted } from "../drift/differences.ts";
import type { ReleaseRow } from "../release/release-store.ts";
import { MANIFEST_FILE, parseManifest } from "../workload/manifest.ts";

/** Counts up when the same release would be rendered to other text. */
export const RENDERER = "roadbed/1";

/** Beside what is rendered: what was accepted as it ran. */
export const ACCEPTED_FILE = "accepted.yaml";

export type Rendered = Pick<ReleaseRow, "entity_ref" | "number" | "id" | "parts" | "repository" | "commit" | "config">;

/** The folder of a component on the branch of an environment. */
export function folderOf(entityRef: string): string {
  return `apps/${workloadNameOf(entityRef)}`;
}

/**
 * What a release is in an environment: one file per object, keys in a stable order, no time and no chance in it, so that the same release
 * is the same text. `deploy/*.yaml` goes to every environment, `deploy/<environment>/*.yaml` replaces what has the same kind and name.
 * Throws `InvalidError` for what cannot be read.
 */
export function render(release: Rendered, environment: string, accepted?: AcceptedRow): Map<string, string> {
  const { entity_ref: entityRef, config } = release;
  const folder = folderOf(entityRef);
  const files = new Map<string, string>([[`${folder}/release.yaml`, releaseObject(release, environment)]]);
  const manifest = config[MANIFEST_FILE];
  if (manifest !== undefined) files.set(`${folder}/workload.yaml`, workloadObject(release, environment, manifest, accepted?.changes));
  if (accepted !== undefined) files.set(`${folder}/${ACCEPTED_FILE}`, acceptedObject(accepted));
  for (const [path, text] of manifestsFor(config, environment)) {
    for (const { name, object } of objectsIn(path, text)) files.set(`${folder}/objects/${name}.yaml`, toText(object));
  }
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Objects as policies see them. */
export function renderedObjects(files: ReadonlyMap<string, string>): Record<string, unknown>[] {
  return [...files].flatMap(([path, text]) => objectsIn(path, text).map(({ object }) => object as Record<string, unknown>));
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
function acceptedObject({ entity_ref, environment, release_id, changes, accepted_by, why, at }: AcceptedRow): string {
  return toText({
    apiVersion: "roadbed.dev/v1",
    kind: "Accepted",
    metadata: metadataOf(entity_ref),
    spec: { entityRef: entity_ref, environment, release: release_id, changes, by: accepted_by, why, at: at.toISOString() },
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

function objectsIn(path: string, text: string): { name: string; object: unknown }[] {
  return parseAllDocuments(text).flatMap((document) => {
    const fault = document.errors[0];
    if (fault !== undefined) throw new InvalidError(`${path} cannot be read: ${fault.message}`, { mend: "Mend the file and push it." });
    if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) return [];
    if (!isMap(document.contents))
      throw new InvalidError(`${path} holds something that is no object.`, { mend: "Each document must be a manifest." });
    const object = document.toJS({ maxAliasCount: 50 }) as { kind?: unknown; metadata?: { name?: unknown; namespace?: unknown } };
    const { kind, metadata } = object;
    if (typeof kind !== "string" || typeof metadata?.name !== "string") {
      throw new InvalidError(`${path} holds an object without kind or metadata.name.`, { mend: "Each document must be a manifest." });
    }
    const words = [kind, typeof metadata.namespace === "string" ? metadata.namespace : "", metadata.name].filter((word) => word !== "");
    return [
      {
        name: words
          .join("-")
          .toLowerCase()
          .replaceAll(/[^a-z0-9.-]+/g, "-"),
        object,
      },
    ];
  });
}

function toText(object: unknown): string {
  return stringify(object, { sortMapEntries: true, lineWidth: 0, aliasDuplicateObjects: false });
}
