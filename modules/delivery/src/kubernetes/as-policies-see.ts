import type { Manifest } from "./manifest.ts";

/**
 * Policies about workloads name Deployments. A Rollout runs pods in the same way, so it stands before them as the Deployment that it would
 * be, too: no rule is passed by choosing another controller.
 */
export function asPoliciesSee(objects: readonly Manifest[]): Manifest[] {
  return objects.flatMap((object) => {
    if (object.kind !== "Rollout") return [object];
    const { strategy: _steps, ...spec } = object["spec"] as Record<string, unknown>;
    return [object, { ...object, apiVersion: "apps/v1", kind: "Deployment", spec }];
  });
}
