import type { Rendered } from "../../gitops/render.ts";
import type { Manifest } from "../manifest.ts";
import { isClusterWide } from "../schema/kinds.ts";
import { componentOfEngine } from "./engine.ts";
import { MANAGED_BY, NAME_LABEL, ENVIRONMENT_LABEL, namespaceOf, sceneOf, type Place, type RunningText, type Scene } from "./naming.ts";
import { services, ways } from "./network.ts";
import { configMap, listens, serviceAccount } from "./pod.ts";
import { autoscaler, disruptionBudget } from "./scaling.ts";
import { cronJob, longRunning } from "./workload.ts";

/**
 * What a release is in a cluster, without a look at any cluster: the same release, file and place give the same objects. What the repository
 * brings itself goes before what is made of `roadbed.yaml`, where both have the same kind and name. Throws `InvalidError`.
 */
export function renderKubernetes(
  release: Rendered,
  file: RunningText | undefined,
  place: Place,
  brought: readonly Manifest[],
): { readonly objects: readonly Manifest[]; readonly engine: readonly Manifest[] } {
  const namespace = namespaceOf(place.kubernetes, release.entity_ref, place.environment);
  const own = file === undefined ? [] : objectsOf(sceneOf(release, file, place));
  // What holds nothing for a cluster, a prompt for instance, is not told to its engine.
  if (own.length + brought.length === 0) return { objects: [], engine: [] };
  // Flux makes no namespaces by itself; Argo CD does.
  const around = place.kubernetes.engine === "flux" ? [namespaceObject(namespace, place)] : [];
  const all = [...around, ...own, ...brought.map((object) => inNamespace(object, namespace))];
  const byName = new Map(all.map((object) => [`${object.kind} ${String(object.metadata.namespace)} ${object.metadata.name}`, object]));
  return { objects: [...byName.values()], engine: componentOfEngine(release.entity_ref, place) };
}

function objectsOf(scene: Scene): Manifest[] {
  const base = [serviceAccount(scene), configMap(scene)];
  if (scene.file.kind === "job") return [...base, cronJob(scene)];
  const main = longRunning(scene);
  const reached = listens(scene) && scene.file.kind !== "worker" ? [...services(scene), ...ways(scene)] : [];
  return [...base, main, ...reached, ...disruptionBudget(scene), ...autoscaler(scene, main)];
}

function namespaceObject(name: string, { environment }: Place): Manifest {
  // Shared by components: whichever goes must not take it along.
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: {
      name,
      labels: { [MANAGED_BY]: "roadbed", [ENVIRONMENT_LABEL]: environment, [NAME_LABEL]: name },
      annotations: { "kustomize.toolkit.fluxcd.io/prune": "disabled" },
    },
  };
}

function inNamespace(object: Manifest, namespace: string): Manifest {
  if (object.metadata.namespace !== undefined || isClusterWide(object)) return object;
  return { ...object, metadata: { ...object.metadata, namespace } };
}
