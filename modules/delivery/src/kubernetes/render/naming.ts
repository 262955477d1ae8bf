import { createHash } from "node:crypto";

import { parseRef } from "@roadbed/contracts/catalog";
import type { KubernetesPlace } from "@roadbed/contracts/delivery/kubernetes-place";
import { InvalidError } from "@roadbed/core";

import { workloadNameOf } from "../../component.ts";
import type { Rendered } from "../../gitops/render.ts";
import type { Manifest as RoadbedFile } from "../../workload/manifest.ts";
import { planFor, type RolloutPlan } from "../../rollout/plan.ts";

/** Where and how a release is written for a cluster. */
export interface Place {
  readonly environment: string;
  readonly kubernetes: KubernetesPlace;
  readonly repository: string;
}

/** How it is to run there; what is suspended stands there with nothing that runs. */
export type RunningText = RoadbedFile & { readonly suspended?: boolean };

/** All that objects of one release in one environment have in common. */
export interface Scene {
  readonly release: Rendered;
  readonly file: RunningText;
  readonly place: KubernetesPlace;
  readonly environment: string;
  readonly name: string;
  readonly namespace: string;
  readonly host: string | undefined;
  readonly image: string;
  readonly plan: RolloutPlan;
  /** Of everything: who it belongs to, and to which release. */
  readonly labels: Readonly<Record<string, string>>;
  /** By which its pods are found, in every release. */
  readonly selector: Readonly<Record<string, string>>;
}

export const MANAGED_BY = "app.kubernetes.io/managed-by";
export const NAME_LABEL = "app.kubernetes.io/name";
export const ENVIRONMENT_LABEL = "roadbed.dev/environment";
export const RELEASE_LABEL = "roadbed.dev/release";
/** Where a service listens in its container. */
export const PORT = 8080;

export function sceneOf(release: Rendered, file: RunningText, { environment, kubernetes: place }: Place): Scene {
  const name = workloadNameOf(release.entity_ref);
  if (!/^[a-z]([a-z0-9-]{0,51}[a-z0-9])?$/.test(name)) {
    throw new InvalidError(`${name} cannot be the name of a service in Kubernetes.`, {
      mend: "Call the component by up to 53 lower-case letters, digits and hyphens, beginning with a letter.",
    });
  }
  const selector = { [NAME_LABEL]: name, [ENVIRONMENT_LABEL]: environment };
  return {
    release,
    file,
    place,
    environment,
    name,
    namespace: namespaceOf(place, release.entity_ref, environment),
    host: file.kind === "worker" || file.kind === "job" ? undefined : hostOf(place, release.entity_ref, environment),
    image: imageOf(release, place, environment),
    plan: planFor(file.rollout, environment),
    labels: { ...selector, [MANAGED_BY]: "roadbed", [RELEASE_LABEL]: String(release.number) },
    selector,
  };
}

export function namespaceOf({ namespace }: KubernetesPlace, entityRef: string, environment: string): string {
  const filled = fill(namespace, wordsOf(entityRef, environment));
  if (filled.length > 63) {
    throw new InvalidError(`${filled} is too long for a namespace.`, { mend: "Shorten kubernetes.namespace of the environment." });
  }
  return filled;
}

export function hostOf({ host }: KubernetesPlace, entityRef: string, environment: string): string | undefined {
  return host === undefined ? undefined : fill(host, wordsOf(entityRef, environment));
}

/** Names what every object is about, for people who find it in the cluster. */
export function annotationsOf({ release }: Scene): Record<string, string> {
  return {
    "roadbed.dev/entity-ref": release.entity_ref,
    "roadbed.dev/release-id": release.id,
    ...(release.commit === null ? {} : { "roadbed.dev/commit": release.commit }),
  };
}

export function metaOf(scene: Scene, name = scene.name): Record<string, unknown> & { name: string } {
  return { name, namespace: scene.namespace, labels: { ...scene.labels }, annotations: annotationsOf(scene) };
}

/** The same content is the same name, and other content another one. */
export function shortHash(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 10);
}

/** The image named like the component, else the only one; always by digest. */
function imageOf({ parts, entity_ref, number }: Rendered, { image }: KubernetesPlace, environment: string): string {
  const name = workloadNameOf(entity_ref);
  const images = parts.filter(({ kind }) => kind === "image");
  const found = images.find((part) => part.name.split("/").at(-1) === name) ?? (images.length === 1 ? images[0] : undefined);
  const mend = `Make a release that holds it: roadbed release create ${entity_ref} --parts '[{"kind":"image","name":"registry.example.org/${name}","version":"<tag>","digest":"sha256:<64 digits>"}]'.`;
  if (found === undefined) {
    const which = images.length === 0 ? "holds no image" : `holds ${images.length} images, none of which is called ${name}`;
    throw new InvalidError(`${name}#${number} ${which}, and ${environment} is a cluster.`, {
      problems: [{ at: "parts", reason: which, mend }],
      mend,
    });
  }
  if (found.digest === undefined) {
    const reason = `the image ${found.name} has no digest, so that it could become another one`;
    throw new InvalidError(`${name}#${number}: ${reason}.`, { problems: [{ at: "parts", reason, mend }], mend });
  }
  return `${fill(image, { image: found.name, name, environment })}@${found.digest}`;
}

function wordsOf(entityRef: string, environment: string): Record<string, string> {
  return { environment, name: workloadNameOf(entityRef), namespace: parseRef(entityRef).namespace };
}

function fill(pattern: string, words: Readonly<Record<string, string>>): string {
  return pattern.replaceAll(/\{(\w+)\}/g, (whole, word: string) => words[word] ?? whole);
}
