import { setTimeout as delay } from "node:timers/promises";

import type { Logger } from "@roadbed/core";

import type { WorkloadKey } from "../../runtime/local-runtime.ts";
import type { Drive } from "../../rollout/drive-rollout.ts";
import { isOver, type RolloutEvent } from "../../rollout/machine.ts";
import type { EventWords, RolloutRecord } from "../../rollout/rollout-store.ts";
import { readProgress, type Progress } from "./argo-progress.ts";
import type { ClusterRuntime } from "./cluster-runtime.ts";

export interface ArgoParts {
  readonly log: Logger;
  readonly cluster: Pick<ClusterRuntime, "view" | "patchRollout" | "releaseWanted">;
  readonly key: WorkloadKey;
  find(id: string): Promise<RolloutRecord | undefined>;
  apply(id: string, event: RolloutEvent, words?: EventWords): Promise<RolloutRecord>;
  readonly tickMs: number;
  /** How long the cluster may take until it has the release. */
  readonly deadlineMs: number;
}

/** What Argo Rollouts documents as done by `kubectl argo rollouts promote`, `abort` and the like. */
const GO_ON = { status: { pauseConditions: null } };
const PROMOTE_FULL = { status: { promoteFull: true } };
const ABORT = { status: { abort: true } };
const NO_EVIDENCE =
  "A cluster gives no figures of requests by release, so nothing was compared. Look at the new release, then resume or abort.";

/**
 * Leads a rollout that Argo Rollouts carries out: what the row says is asked of the controller by patches, and what the controller did is
 * written to the row. Each look may be the first after a crash: it does what is missing between the two.
 */
export function driveArgo(parts: ArgoParts, first: RolloutRecord): Drive {
  const { key, cluster, log } = parts;
  const { id, plan } = first;
  const stopping = new AbortController();
  const began = performance.now();
  let woken = Promise.withResolvers<void>();
  let backSince: number | undefined;

  async function run(): Promise<void> {
    let at = first;
    const release = await cluster.releaseWanted(key).catch(() => undefined);
    while (!isOver(at) && !stopping.signal.aborted) {
      try {
        at = await look((await parts.find(id)) ?? at, release);
      } catch (error) {
        log.warn("a rollout in a cluster could not be led on, and is tried again", { rollout: id, error: String(error) });
      }
      if (!isOver(at)) await pause();
    }
  }

  async function look(at: RolloutRecord, release: number | undefined): Promise<RolloutRecord> {
    // What a newer release overtook is not taken back: Git says already what comes.
    if (at.state === "rolling-back" && at.cause === "superseded") return parts.apply(id, "restored");
    const view = await cluster.view(key);
    const isLate = performance.now() - began > parts.deadlineMs;
    if (view === undefined || view.unknown !== undefined) return lateOr(at, isLate, view?.unknown ?? "The cluster is not followed.");
    const progress = readProgress(view.main, release, plan);
    if (at.state === "rolling-back") return takeBack(at, progress);
    if (progress === undefined) return lateOr(at, isLate, view.judgement.why ?? "The cluster does not have it yet.");
    if (progress.aborted || progress.phase === "Degraded")
      return parts.apply(id, at.state === "starting" ? "failed" : "tripped", { reason: view.judgement.why ?? "Argo Rollouts gave it up." });
    if (view.judgement.pods.some(({ hopeless, release: of }) => hopeless && of === release))
      return parts.apply(id, "failed", { reason: view.judgement.why });
    if (at.state === "promoting") return promote(at, progress);
    if (progress.isStable)
      return parts.apply(id, at.state === "starting" ? "started" : "promote", { reason: "All requests go to it already." });
    return keepUp(at, progress, isLate);
  }

  /** Nothing is decided about a release that nobody sees; what never comes up has failed. */
  async function lateOr(at: RolloutRecord, isLate: boolean, why: string): Promise<RolloutRecord> {
    if (at.state === "starting" && isLate) return parts.apply(id, "failed", { reason: why });
    return at;
  }

  /** The row and the controller at the same step. */
  async function keepUp(at: RolloutRecord, progress: Progress, isLate: boolean): Promise<RolloutRecord> {
    if (at.state === "starting")
      return progress.isUp ? parts.apply(id, "started") : lateOr(at, isLate, "No pod of the new release became ready.");
    if (at.state === "held") {
      if (!progress.isPaused) await cluster.patchRollout(key, { spec: { paused: true } });
      // Somebody went on by other means than ours.
      return progress.step > at.step ? parts.apply(id, "resume", { reason: "It was resumed in the cluster.", by: "cluster" }) : at;
    }
    if (progress.isHeld) await cluster.patchRollout(key, { spec: { paused: false } });
    if (progress.step < at.step) {
      if (progress.isPaused) await cluster.patchRollout(key, GO_ON, "status");
      return at;
    }
    if (progress.step > at.step) return parts.apply(id, at.state === "analysing" ? "passed" : "elapsed");
    return at.state === "analysing" && progress.isPaused ? parts.apply(id, "undecided", { reason: NO_EVIDENCE }) : at;
  }

  async function promote(at: RolloutRecord, progress: Progress): Promise<RolloutRecord> {
    if (progress.isStable && progress.phase === "Healthy") return parts.apply(id, "completed");
    if (progress.isHeld) await cluster.patchRollout(key, { spec: { paused: false } });
    if (!progress.isFull && progress.step < plan.steps.length) await cluster.patchRollout(key, PROMOTE_FULL, "status");
    return at;
  }

  /** Requests go back at once, by the controller; the commit that takes the release out of Git follows. */
  async function takeBack(_at: RolloutRecord, progress: Progress | undefined): Promise<RolloutRecord> {
    backSince ??= performance.now();
    if (progress !== undefined && !progress.aborted && !progress.isStable) await cluster.patchRollout(key, ABORT, "status");
    // Aborting is the controller's word that it leads requests back; what it does not have needs none.
    if (progress === undefined || progress.aborted || progress.isStable)
      return parts.apply(id, "restored", { restoredMs: Math.round(performance.now() - backSince) });
    return _at;
  }

  async function pause(): Promise<void> {
    await Promise.race([delay(parts.tickMs, undefined, { signal: stopping.signal }).catch(() => {}), woken.promise]);
    woken = Promise.withResolvers<void>();
  }

  return { wake: () => woken.resolve(), tripwires: () => [], stop: () => stopping.abort(), done: run() };
}
