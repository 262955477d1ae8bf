import { InvalidError } from "@roadbed/core";

import type { RolloutPlan } from "../../rollout/plan.ts";
import { isDecided } from "../../rollout/plan.ts";
import type { Manifest } from "../manifest.ts";
import { CANARY, routeName } from "./network.ts";
import { metaOf, type Scene } from "./naming.ts";
import { podTemplate } from "./pod.ts";

/** The plugin of Argo Rollouts that sets the weights of an HTTPRoute. */
const GATEWAY_PLUGIN = "argoproj-labs/gatewayAPI";
const KUEUE_QUEUE = "kueue.x-k8s.io/queue-name";

/** What runs all the time: a Deployment, or a Rollout where the environment has Argo Rollouts. */
export function longRunning(scene: Scene): Manifest {
  const { file, place, plan, selector } = scene;
  const isRollout = place.delivery !== "deployment" && file.kind === "service";
  if (isDecided(plan) && !isRollout) {
    throw new InvalidError(`${scene.name} asks for ${plan.strategy}, and ${scene.environment} brings releases by Deployment.`, {
      problems: [{ at: "roadbed.yaml: rollout.strategy", reason: `${plan.strategy} needs Argo Rollouts` }],
      mend: `Say rollout.environments.${scene.environment}.strategy: rolling in roadbed.yaml, or delivery argo-rollouts in the environment.`,
    });
  }
  const spec = {
    // An autoscaler has the number in hand, unless nothing is to run.
    ...(file.suspended === true ? { replicas: 0 } : file.scale?.upTo === undefined ? { replicas: file.scale?.replicas ?? 1 } : {}),
    revisionHistoryLimit: 3,
    selector: { matchLabels: { ...selector } },
    template: podTemplate(scene),
  };
  if (!isRollout) {
    const rollingUpdate = plan.strategy === "all-at-once" ? { maxSurge: "100%", maxUnavailable: 0 } : { maxSurge: 1, maxUnavailable: 0 };
    return {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: metaOf(scene),
      spec: { ...spec, progressDeadlineSeconds: place.deadlineSeconds, strategy: { type: "RollingUpdate", rollingUpdate } },
    };
  }
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: metaOf(scene),
    // Who decides takes the time it takes: what is past the deadline is said, and is not taken back by the controller.
    spec: { ...spec, progressDeadlineSeconds: place.deadlineSeconds, strategy: strategyOf(scene, plan) },
  };
}

export function cronJob(scene: Scene): Manifest {
  const { file, place } = scene;
  const { cron, timeZone, concurrency, deadlineSeconds, catchUp } = file.schedule!;
  const queued = place.queue === undefined ? {} : { [KUEUE_QUEUE]: place.queue };
  const meta = metaOf(scene);
  return {
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: meta,
    spec: {
      schedule: cron,
      ...(file.suspended === true ? { suspend: true } : {}),
      timeZone,
      concurrencyPolicy: concurrency === "forbid" ? "Forbid" : "Replace",
      startingDeadlineSeconds: catchUp ? 3_600 : 60,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 3,
      jobTemplate: {
        metadata: { labels: { ...scene.labels, ...queued } },
        spec: {
          // Kueue lets it go when there is room.
          ...(place.queue === undefined ? {} : { suspend: true }),
          activeDeadlineSeconds: deadlineSeconds,
          backoffLimit: 0,
          template: podTemplate(scene),
        },
      },
    },
  };
}

/** The plan of `roadbed.yaml`, in the words of Argo Rollouts. */
function strategyOf(scene: Scene, plan: RolloutPlan): Record<string, unknown> {
  const { name, place } = scene;
  if (plan.strategy === "shadow") {
    throw new InvalidError(`${name} asks for a shadow, which no cluster can do yet.`, {
      problems: [{ at: "roadbed.yaml: rollout.strategy", reason: "shadow is for the local runtime" }],
      mend: `Say rollout.environments.${scene.environment}.strategy: canary in roadbed.yaml.`,
    });
  }
  if (plan.strategy === "blue-green") return { blueGreen: blueGreen(scene, plan) };
  const canary =
    plan.strategy === "canary"
      ? { steps: stepsOf(scene, plan) }
      : { maxSurge: plan.strategy === "all-at-once" ? "100%" : 1, maxUnavailable: 0 };
  if (place.delivery !== "gateway-api") return { canary };
  return {
    canary: {
      ...canary,
      stableService: name,
      canaryService: `${name}${CANARY}`,
      trafficRouting: {
        ...(hasHeader(plan) ? { managedRoutes: [{ name: `${name}-header` }] } : {}),
        plugins: { [GATEWAY_PLUGIN]: { httpRoute: routeName(scene), namespace: scene.namespace } },
      },
    },
  };
}

function blueGreen({ name }: Scene, { steps }: RolloutPlan): Record<string, unknown> {
  const look = steps[0]?.kind === "header" ? steps[1] : steps[0];
  const keep = steps.at(-1);
  return {
    activeService: name,
    previewService: `${name}${CANARY}`,
    autoPromotionEnabled: look?.kind !== "pause" || look.seconds !== undefined,
    ...(look?.kind === "pause" && look.seconds !== undefined ? { autoPromotionSeconds: look.seconds } : {}),
    scaleDownDelaySeconds: keep?.kind === "pause" && keep.seconds !== undefined ? keep.seconds : 30,
  };
}

/**
 * One step here is one step there, so that both count alike. An analysis needs figures that a cluster does not give by itself: there it waits
 * until somebody has decided, and nothing passes for lack of evidence.
 */
function stepsOf({ name, place }: Scene, { steps }: RolloutPlan): Record<string, unknown>[] {
  return steps.map((step) => {
    if (step.kind === "weight") return { setWeight: step.weight };
    if (step.kind === "pause") return { pause: step.seconds === undefined ? {} : { duration: `${step.seconds}s` } };
    if (step.kind === "analysis") return { pause: {} };
    if (step.kind === "header" && place.delivery === "gateway-api") {
      return {
        setHeaderRoute: { name: `${name}-header`, match: [{ headerName: step.name, headerValue: { exact: step.value ?? "true" } }] },
      };
    }
    throw new InvalidError(`${name}: the step ${step.kind} cannot be done by ${place.delivery}.`, {
      problems: [
        {
          at: "roadbed.yaml: rollout.steps",
          reason: `${step.kind} ${step.kind === "header" ? "needs delivery gateway-api" : "is for the local runtime"}`,
        },
      ],
      mend: "Leave the step out for this environment: rollout.environments.<name>.steps.",
    });
  });
}

function hasHeader({ steps }: RolloutPlan): boolean {
  return steps.some(({ kind }) => kind === "header");
}
