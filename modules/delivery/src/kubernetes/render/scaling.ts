import type { Manifest } from "../manifest.ts";
import { metaOf, type Scene } from "./naming.ts";

const CPU_PERCENT = 70;

/** Where there are several, one at a time may be taken away on purpose. One alone must not stand in the way of whoever empties a node. */
export function disruptionBudget(scene: Scene): Manifest[] {
  if ((scene.file.scale?.replicas ?? 1) < 2) return [];
  return [
    {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: metaOf(scene),
      spec: { maxUnavailable: 1, selector: { matchLabels: { ...scene.selector } } },
    },
  ];
}

export function autoscaler(scene: Scene, target: Manifest): Manifest[] {
  const { scale, suspended } = scene.file;
  // It would bring back what is to stand still.
  if (scale?.upTo === undefined || suspended === true) return [];
  return [
    {
      apiVersion: "autoscaling/v2",
      kind: "HorizontalPodAutoscaler",
      metadata: metaOf(scene),
      spec: {
        scaleTargetRef: { apiVersion: target.apiVersion, kind: target.kind, name: target.metadata.name },
        minReplicas: scale.replicas,
        maxReplicas: scale.upTo,
        metrics: [
          {
            type: "Resource",
            resource: { name: "cpu", target: { type: "Utilization", averageUtilization: scale.cpuPercent ?? CPU_PERCENT } },
          },
        ],
      },
    },
  ];
}
