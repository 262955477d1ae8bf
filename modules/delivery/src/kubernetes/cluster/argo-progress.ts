import type { RolloutPlan } from "../../rollout/plan.ts";
import { releaseOf } from "./judge-workload.ts";
import type { KubeObject } from "./sorts.ts";

/** How far Argo Rollouts is with a release. */
export interface Progress {
  readonly phase: string;
  /** The step of our plan that it is at: there and here they count alike. */
  readonly step: number;
  /** It stands still, whoever wanted that. */
  readonly isPaused: boolean;
  /** Somebody holds it, beside the steps. */
  readonly isHeld: boolean;
  readonly aborted: boolean;
  /** All steps are to be passed over. */
  readonly isFull: boolean;
  /** Pods of the new release are ready. */
  readonly isUp: boolean;
  /** It is what all requests go to. */
  readonly isStable: boolean;
}

/** Undefined while the cluster has another release, or its controller has not looked at this one. */
export function readProgress(main: KubeObject | undefined, release: number | undefined, plan: RolloutPlan): Progress | undefined {
  if (main?.kind !== "Rollout" || release === undefined || releaseOf(main) !== release) return undefined;
  const spec = (main.spec ?? {}) as { paused?: boolean };
  const status = (main.status ?? {}) as {
    phase?: string;
    abort?: boolean;
    promoteFull?: boolean;
    currentStepIndex?: number;
    currentPodHash?: string;
    stableRS?: string;
    pauseConditions?: { reason: string }[] | null;
    observedGeneration?: string | number;
    updatedReplicas?: number;
    blueGreen?: { activeSelector?: string; previewSelector?: string };
  };
  // Argo keeps it as text.
  if (Number(status.observedGeneration ?? 0) < (main.metadata?.generation ?? 0)) return undefined;
  const active = plan.strategy === "blue-green" ? status.blueGreen?.activeSelector : status.stableRS;
  const isStable = status.currentPodHash !== undefined && status.currentPodHash === active;
  const paused = (status.pauseConditions ?? []).length > 0;
  const look = plan.steps.findIndex(({ kind }) => kind === "pause");
  return {
    phase: status.phase ?? "Progressing",
    step: plan.strategy === "blue-green" ? (isStable ? plan.steps.length : Math.max(0, look)) : (status.currentStepIndex ?? 0),
    isPaused: paused || spec.paused === true,
    isHeld: spec.paused === true,
    aborted: status.abort === true,
    isFull: status.promoteFull === true,
    isUp: (status.updatedReplicas ?? 0) > 0 && (paused || status.phase === "Paused" || (status.currentStepIndex ?? 0) > 0 || isStable),
    isStable,
  };
}
