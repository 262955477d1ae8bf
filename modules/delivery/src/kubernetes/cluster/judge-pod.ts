import type { Workload } from "@roadbed/contracts/delivery";

import { RELEASE_LABEL } from "../render/naming.ts";
import type { KubeObject } from "./sorts.ts";

/** What can be seen of a pod. */
export interface PodSight {
  readonly name: string;
  readonly namespace: string;
  readonly container: string | undefined;
  readonly release: number | undefined;
  readonly health: Workload["health"];
  /** Why it is not ready, in words. */
  readonly why: string | undefined;
  /** Waiting will not mend it. */
  readonly hopeless: boolean;
  readonly restarts: number;
  readonly startedAt: Date | undefined;
  /** It has done its work, or is being taken away. */
  readonly ended: boolean;
}

interface ContainerStatus {
  readonly name: string;
  readonly ready?: boolean;
  readonly started?: boolean;
  readonly restartCount?: number;
  readonly state?: State;
  readonly lastState?: State;
}

interface State {
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly running?: { readonly startedAt?: string | Date };
  readonly terminated?: { readonly exitCode?: number; readonly reason?: string; readonly message?: string };
}

/** After so many restarts nobody believes that the next one will be better. */
const CRASHES = 3;

export function judgePod(pod: KubeObject): PodSight {
  const spec = (pod.spec ?? {}) as { containers?: { name: string }[] };
  const status = (pod.status ?? {}) as {
    phase?: string;
    reason?: string;
    message?: string;
    startTime?: string | Date;
    conditions?: { type: string; status: string; reason?: string; message?: string }[];
    containerStatuses?: ContainerStatus[];
    initContainerStatuses?: ContainerStatus[];
  };
  const all = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  const restarts = all.reduce((sum, { restartCount = 0 }) => sum + restartCount, 0);
  const release = pod.metadata?.labels?.[RELEASE_LABEL];
  const base = {
    name: pod.metadata?.name ?? "",
    namespace: pod.metadata?.namespace ?? "",
    container: spec.containers?.[0]?.name,
    release: release !== undefined && /^\d{1,9}$/.test(release) ? Number(release) : undefined,
    restarts,
    startedAt: status.startTime === undefined ? undefined : new Date(status.startTime),
    ended: pod.metadata?.deletionTimestamp !== undefined || status.phase === "Succeeded",
  };
  const isReady = status.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") === true;
  if (isReady) return { ...base, health: "healthy", why: undefined, hopeless: false };
  const waiting = all.map((one) => whyWaiting(one)).find((one) => one !== undefined);
  if (waiting !== undefined) return { ...base, ...waiting };
  if (status.phase === "Failed")
    return { ...base, health: "failed", why: `It ended: ${status.message ?? status.reason ?? "without a reason"}`, hopeless: false };
  const unplaced = status.conditions?.find(({ type, status: is }) => type === "PodScheduled" && is === "False");
  if (unplaced !== undefined)
    return {
      ...base,
      health: "starting",
      why: `There is no place for it: ${unplaced.message ?? unplaced.reason ?? "unschedulable"}`,
      hopeless: false,
    };
  const running = status.containerStatuses?.find(({ state }) => state?.running !== undefined);
  if (running !== undefined) {
    const why =
      running.started === false ? "It runs and does not answer its startup probe yet." : "It runs and does not answer its readiness probe.";
    return { ...base, health: restarts > 0 ? "unhealthy" : "starting", why, hopeless: false };
  }
  return { ...base, health: "starting", why: undefined, hopeless: false };
}

function whyWaiting({
  name,
  state,
  lastState,
  restartCount = 0,
}: ContainerStatus): Pick<PodSight, "health" | "why" | "hopeless"> | undefined {
  const { reason, message } = state?.waiting ?? {};
  switch (reason) {
    case "CrashLoopBackOff":
      return {
        health: "crashed",
        why: `${name} crashes again and again (${restartCount} restarts)${endOf(lastState)}`,
        hopeless: restartCount >= CRASHES,
      };
    case "ImagePullBackOff":
    case "ErrImagePull": {
      // A registry that is away comes back; an image that is gone does not.
      const gone = /not found|manifest unknown|does not exist/i.test(message ?? "");
      return { health: "failed", why: `Its image cannot be fetched: ${message ?? reason}`, hopeless: gone };
    }
    case "InvalidImageName":
    case "ErrImageNeverPull":
      return { health: "failed", why: `Its image cannot be fetched: ${message ?? reason}`, hopeless: true };
    case "CreateContainerConfigError":
    case "CreateContainerError":
    case "RunContainerError":
      return { health: "failed", why: `${name} cannot be started: ${message ?? reason}`, hopeless: false };
    default:
      return state?.terminated === undefined || state.terminated.exitCode === 0
        ? undefined
        : { health: "crashed", why: `${name} ended${endOf(state)}`, hopeless: false };
  }
}

function endOf(state: State | undefined): string {
  const ended = state?.terminated;
  if (ended === undefined) return ".";
  const why = ended.reason === "OOMKilled" ? "it used more memory than limits.memoryMb" : `exit code ${ended.exitCode ?? "unknown"}`;
  return `: ${[why, ended.message?.trim().split("\n").at(-1)].filter(Boolean).join(", ")}`;
}
