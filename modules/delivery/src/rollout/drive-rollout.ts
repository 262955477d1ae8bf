import { setTimeout as delay } from "node:timers/promises";

import { ConflictError, type Logger } from "@roadbed/core";

import { addHistograms, type Histogram } from "../analysis/slow-requests.ts";
import { sinceThen, type Metrics } from "../router/metrics.ts";
import type { ObjectiveStanding } from "../deps.ts";
import type { LocalRuntime, WorkloadKey, WorkloadSpec } from "../runtime/local-runtime.ts";
import { becauseOf, beginRecord, beginStep, lackOf, look, tell, type AnalysisRecord } from "./analyse.ts";
import { burnTripwire } from "./budget-burn.ts";
import { isOver, trafficOf, type RolloutEvent } from "./machine.ts";
import type { EventWords, RolloutRecord } from "./rollout-store.ts";
import type { Sample } from "./samples.ts";
import type { Measurement, TemplateMetric } from "./template/metric.ts";
import { watchMetrics } from "./template/watch-metrics.ts";
import { createWindow, tripwires, type Tripwire } from "./tripwires.ts";

export interface DriveParts {
  readonly log: Logger;
  readonly local: LocalRuntime;
  /** What became of requests, by arm. */
  metrics(key: WorkloadKey): Metrics;
  keyOf(rollout: RolloutRecord): WorkloadKey;
  /** The new release, built. */
  specOf(rollout: RolloutRecord, signal: AbortSignal): Promise<WorkloadSpec>;
  find(id: string): Promise<RolloutRecord | undefined>;
  apply(id: string, event: RolloutEvent, words?: EventWords): Promise<RolloutRecord>;
  keep(id: string, progress: Pick<RolloutRecord, "stepSeconds" | "analysis" | "mirrored" | "measured">): Promise<void>;
  /** What was told of answers after the sample of this number. */
  samples(id: string, after: string | undefined): Promise<{ readonly samples: readonly Sample[]; readonly last: string | undefined }>;
  /** Objectives of what is rolled out, as they were counted last; undefined where nobody knows of any. */
  objectives(rollout: RolloutRecord): Promise<readonly ObjectiveStanding[] | undefined>;
  /** Whether the policies still let what is being rolled out be there: the reasons why not. Absent: they do. */
  denials(rollout: RolloutRecord): Promise<string | undefined>;
  /** Measures a metric of an AnalysisTemplate once; what could not be measured is a measurement too. */
  measure(metric: TemplateMetric, signal: AbortSignal): Promise<Omit<Measurement, "second">>;
  /** After a promotion: what was asked for meanwhile is done, old files are removed. */
  promoted(rollout: RolloutRecord): Promise<void>;
  /** Whether the workload is wanted to run. */
  isWanted(rollout: RolloutRecord): Promise<boolean>;
  /** Milliseconds between two looks at everything. */
  readonly tickMs: number;
  /** How long to wait for the release before, after a start of the server. */
  readonly startMs: number;
}

/** One rollout that goes on in this server. */
export interface Drive {
  /** Something was decided about it. */
  wake(): void;
  /** What its processes are given is another by now: those that are compared are started anew, all at the same time. Absent: it sees to it itself. */
  renew?(): void;
  tripwires(): readonly Tripwire[];
  /** Ends the work, not the rollout: it goes on at the next start. */
  stop(): void;
  readonly done: Promise<void>;
}

const WINDOW_MS = 60_000;
const KEEP_EVERY_SECONDS = 5;
/** Objectives are counted each minute. */
const OBJECTIVES_EVERY_SECONDS = 10;
/** Each decision of the policies is kept. */
const POLICIES_EVERY_SECONDS = 60;
const STARTS_WAITED_FOR = 10;

/**
 * Carries a rollout from where its row says it is to its end. The row is the truth: traffic follows from it after every change, and whatever
 * is done here a second time, because a server was killed, does no more than it did the first time.
 */
export function driveRollout(parts: DriveParts, first: RolloutRecord): Drive {
  const { local, log } = parts;
  const { id, plan } = first;
  const key = parts.keyOf(first);
  const compares = plan.steps.some(({ kind }) => kind === "analysis");
  const window = createWindow(WINDOW_MS);
  const stopping = new AbortController();
  let starting = new AbortController();
  let wires: readonly Tripwire[] = [];
  let woken = Promise.withResolvers<void>();

  let stepSeconds = first.stepSeconds;
  let analysis: AnalysisRecord | undefined = first.analysis;
  let lastTick = performance.now();
  let lastLook = lastTick;
  let keptAt = 0;
  let seen: Metrics | undefined;
  /** What it runs with is of the past. */
  let outdated = false;
  /** As it was when the processes of this rollout had come up. */
  let began: Metrics | undefined;
  let led: number | undefined;
  /** What was decided here and is not written down yet: until it is, nothing else is done. */
  let decided: (() => Promise<RolloutRecord>) | undefined;
  /** Seconds of the whole rollout, by which metrics are measured. */
  let seconds = first.measured?.seconds ?? 0;
  const measuring = watchMetrics(plan.metrics ?? [], (metric, signal) => parts.measure(metric, signal), first.measured?.metrics);
  let askedAt = { objectives: Number.NEGATIVE_INFINITY, policies: Number.NEGATIVE_INFINITY };
  let burn: Tripwire | undefined;
  /** What policies had against it when somebody was asked last: whoever goes on all the same is not asked about that again. */
  let denied: string | undefined;
  /** What had been mirrored before this server, and by it before this rollout. */
  const mirroredBefore = first.mirrored;
  let mirroredFrom: Metrics | undefined;

  async function run(): Promise<void> {
    let at = first;
    while (!isOver(at) && !stopping.signal.aborted) {
      try {
        at = await go(at);
      } catch (error) {
        if (stopping.signal.aborted) return measuring.stop();
        log.error("a rollout could not go on, and tries again", { rollout: id, error: String(error) });
        await pause();
        at = (await parts.find(id).catch(() => undefined)) ?? at;
      }
    }
    measuring.stop();
    if (isOver(at)) local.dismiss(key);
  }

  async function go(at: RolloutRecord): Promise<RolloutRecord> {
    if (decided !== undefined) {
      const done = await decided();
      decided = undefined;
      return done;
    }
    if (at.state === "rolling-back") return restore(at);
    // Without them all requests are with the stable release until they have come up again.
    if (outdated) local.dismiss(key);
    if (local.guest(key, "candidate").length === 0) return bringUp(at);
    lead(at);
    if (at.state === "promoting") return promote(at);
    await pause();
    return tick(at);
  }

  /** Traffic as the row says it. Of an interval in which the weights changed nothing can be said: shares are even within one. */
  function lead(at: RolloutRecord): void {
    const { sticky } = plan;
    if (at.weight !== led) seen = undefined;
    led = at.weight;
    local.split(key, {
      ...trafficOf(at, plan.steps),
      rules: {
        ...(sticky === undefined ? {} : { sticky }),
        ...(at.header === undefined ? {} : { headers: [{ ...at.header, arm: "candidate" as const }] }),
        ...(at.mirror === undefined
          ? {}
          : { mirror: { share: at.mirror.percent / 100, arm: "candidate" as const, unsafe: at.mirror.unsafe } }),
      },
    });
  }

  /** The new release, and the old one afresh at the same time, so that both are of the same age when they are compared. */
  async function bringUp(at: RolloutRecord): Promise<RolloutRecord> {
    starting = new AbortController();
    // Only what changes from here on is not known to them: it makes them start once more.
    outdated = false;
    const watching = watchWhileStarting();
    try {
      const stable = await stableSpec(at);
      const spec = await parts.specOf(at, starting.signal);
      await local.invite(
        [{ guest: "candidate", spec }, ...(compares ? [{ guest: "baseline" as const, spec: stable }] : [])],
        starting.signal,
      );
    } catch (error) {
      const now = await parts.find(id);
      if (now !== undefined && now.state !== at.state) return now;
      if (stopping.signal.aborted) return at;
      return parts.apply(id, "failed", { reason: (error as Error).message });
    } finally {
      watching.abort();
    }
    forget();
    return at.state === "starting" ? parts.apply(id, "started") : at;
  }

  /** A decision that comes while it starts ends the start. */
  function watchWhileStarting(): AbortController {
    const over = new AbortController();
    void (async () => {
      while (!over.signal.aborted && !stopping.signal.aborted) {
        await pause();
        const now = await parts.find(id).catch(() => undefined);
        if (now?.state === "rolling-back") return starting.abort();
      }
    })();
    return over;
  }

  async function stableSpec(at: RolloutRecord): Promise<WorkloadSpec> {
    // After a start of the server many workloads come up one after the other.
    const until = performance.now() + STARTS_WAITED_FOR * parts.startMs;
    for (;;) {
      const spec = local.running(key);
      if (spec !== undefined) return spec;
      if (!(await parts.isWanted(at)) || performance.now() > until) throw new ConflictError("The release before does not run.");
      await delay(50, undefined, { signal: starting.signal });
    }
  }

  /** What was counted for other processes is not evidence of these. */
  function forget(): void {
    seen = undefined;
    began = undefined;
    lastTick = performance.now();
    lastLook = lastTick;
  }

  async function tick(before: RolloutRecord): Promise<RolloutRecord> {
    const now = performance.now();
    const at = (await parts.find(id)) ?? before;
    if (isOver(at) || at.state === "rolling-back" || at.state === "promoting") return at;
    if (at.state !== before.state || at.step !== before.step) stepSeconds = 0;
    stepSeconds += (now - lastTick) / 1_000;
    seconds += (now - lastTick) / 1_000;
    lastTick = now;
    if (before.state === "held" && at.state !== "held") measuring.goOn(seconds);
    if (local.running(key) === undefined) return rollBack("abort", { reason: "The workload was stopped." });
    const readings = read();
    if (readings === undefined && at.state === "held") return at;
    if (readings === undefined) return apply("undecided", { reason: "The figures of the router cannot be read, so nothing can be said." });
    return (
      (await trip(readings, now)) ??
      (await askOthers(at)) ??
      (await heedMetrics(at)) ??
      (await judge(at, readings, now)) ??
      (await last(at))
    );
  }

  function read(): Metrics | undefined {
    try {
      const readings = parts.metrics(key);
      mirroredFrom ??= readings;
      return readings;
    } catch (error) {
      log.warn("the figures of the router cannot be read", { rollout: id, error: String(error) });
      return undefined;
    }
  }

  async function trip(readings: Metrics, now: number): Promise<RolloutRecord | undefined> {
    const { stable, baseline, candidate } = window.add(now, readings);
    const others = { requests: stable.requests + baseline.requests, failed: stable.failed + baseline.failed };
    wires = [...tripwires(plan, { processes: local.guest(key, "candidate"), candidate, others }), ...(burn === undefined ? [] : [burn])];
    const tripped = wires.find((one) => one.tripped);
    if (tripped === undefined) return undefined;
    return rollBack("tripped", { reason: `Tripwire: ${tripped.name}, ${tripped.now} (limit: ${tripped.limit}).` });
  }

  /** What others know of it: its objectives and the policies. Not being able to ask stops nothing, and is asked again. */
  async function askOthers(at: RolloutRecord): Promise<RolloutRecord | undefined> {
    try {
      if (plan.tripwires.budgetBurn === true && seconds - askedAt.objectives >= OBJECTIVES_EVERY_SECONDS) {
        askedAt = { ...askedAt, objectives: seconds };
        burn = burnTripwire(await parts.objectives(at), first.createdAt, new Date());
      }
      if (seconds - askedAt.policies < POLICIES_EVERY_SECONDS) return undefined;
      askedAt = { ...askedAt, policies: seconds };
      const reasons = await parts.denials(at);
      const isNew = reasons !== undefined && reasons !== denied;
      denied = reasons;
      if (isNew && at.state !== "held") return await apply("undecided", { reason: `Policies deny it by now: ${reasons}` });
    } catch (error) {
      log.warn("a rollout could not ask what others know of it", { rollout: id, error: String(error) });
    }
    return undefined;
  }

  async function heedMetrics(at: RolloutRecord): Promise<RolloutRecord | undefined> {
    const said = measuring.look(seconds);
    if (said?.verdict === "failed") return rollBack("tripped", { reason: `Tripwire: ${said.reason}` });
    // What could not be told is no proof of anything: somebody decides.
    return said === undefined || at.state === "held" ? undefined : apply("undecided", { reason: said.reason });
  }

  /** Looks at the evidence when it is time to, whatever step lasts: a regression counts in all of them. */
  async function judge(at: RolloutRecord, readings: Metrics, now: number): Promise<RolloutRecord | undefined> {
    if (!compares || (at.weight === 0 && plan.analysis.samples === undefined)) return undefined;
    if (seen === undefined) {
      seen = readings;
      began ??= readings;
      lastLook = now;
      return undefined;
    }
    const isAnalysing = at.state === "analysing";
    const deadline = deadlineOf(at);
    const isLate = isAnalysing && stepSeconds >= deadline;
    if (now - lastLook < plan.analysis.everySeconds * 1_000 && !isLate) return undefined;
    analysis ??= beginRecord(plan, at.step);
    if (isAnalysing && analysis.step !== at.step) analysis = beginStep(plan, analysis, at.step);
    const told = plan.analysis.samples === undefined ? undefined : await parts.samples(id, analysis.sampled);
    analysis = look(plan, analysis, {
      candidate: sinceThen(seen.candidate, readings.candidate),
      baseline: sinceThen(seen.baseline, readings.baseline),
      before: sinceBegin(seen, "latency"),
      beforeStreamed: sinceBegin(seen, "firstByte"),
      ...(told === undefined ? {} : { samples: told.samples }),
      seconds: (now - lastLook) / 1_000,
    });
    // With what they say, in one row: no sample is looked at twice.
    if (told?.last !== undefined) analysis = { ...analysis, sampled: told.last };
    seen = readings;
    lastLook = now;
    const known = tell(plan, analysis, deadline);
    if (known.verdict === "regression") return rollBack("regressed", { reason: becauseOf(known) });
    if (isAnalysing && known.verdict === "non-inferior") return apply("passed");
    if (isLate) return apply("undecided", { reason: lackOf(known) });
    await keep();
    return undefined;
  }

  /** How long the release before took beside this one. What the router counted earlier may be of releases before that. */
  function sinceBegin(until: Metrics, what: "latency" | "firstByte"): Histogram {
    const from = began ?? until;
    const since = (arm: "stable" | "baseline"): Histogram => sinceThen(from[arm], until[arm])[what];
    return addHistograms(since("stable"), since("baseline"));
  }

  function deadlineOf(at: RolloutRecord): number {
    const step = plan.steps[at.step];
    return (step?.kind === "analysis" ? step.deadlineSeconds : undefined) ?? plan.analysis.deadlineSeconds;
  }

  async function last(at: RolloutRecord): Promise<RolloutRecord> {
    const step = plan.steps[at.step];
    if (at.state === "pausing" && step?.kind === "pause" && step.seconds !== undefined && stepSeconds >= step.seconds)
      return apply("elapsed");
    if (stepSeconds - keptAt >= KEEP_EVERY_SECONDS || stepSeconds < keptAt) await keep();
    return at;
  }

  async function keep(): Promise<void> {
    keptAt = stepSeconds;
    await parts.keep(id, { stepSeconds, analysis, mirrored: mirrored(), measured: measured() });
  }

  function measured(): RolloutRecord["measured"] {
    const metrics = measuring.state();
    return metrics.length === 0 ? undefined : { seconds, metrics };
  }

  function mirrored(): RolloutRecord["mirrored"] {
    const now = read();
    if (now === undefined || mirroredFrom === undefined) return mirroredBefore;
    const { mirrored: since } = sinceThen(mirroredFrom.candidate, now.candidate);
    if (mirroredBefore === undefined) return since;
    return {
      sent: since.sent + mirroredBefore.sent,
      failed: since.failed + mirroredBefore.failed,
      same: since.same + mirroredBefore.same,
      different: since.different + mirroredBefore.different,
      skipped: since.skipped + mirroredBefore.skipped,
    };
  }

  async function apply(event: RolloutEvent, words: EventWords = {}): Promise<RolloutRecord> {
    await keep();
    stepSeconds = 0;
    return parts.apply(id, event, words);
  }

  /** Traffic first: nobody waits for a row to be written. */
  async function rollBack(event: RolloutEvent, words: EventWords): Promise<RolloutRecord> {
    const verdictAt = performance.now();
    local.dismiss(key);
    const restoredMs = performance.now() - verdictAt;
    decided = async () => {
      await keep();
      return parts.apply(id, event, { ...words, restoredMs });
    };
    return go(first);
  }

  async function restore(at: RolloutRecord): Promise<RolloutRecord> {
    local.dismiss(key);
    // What somebody decided was decided in another call: it is measured from what that wrote down.
    const restoredMs = at.restoredMs ?? (at.decidedAt === undefined ? undefined : Math.max(0, Date.now() - at.decidedAt.getTime()));
    return parts.apply(id, "restored", { restoredMs });
  }

  /** The row first: were the server killed in between, the next one would bring the new release up again and do the rest. */
  async function promote(at: RolloutRecord): Promise<RolloutRecord> {
    await keep();
    const done = await parts.apply(id, "completed");
    local.promote(key);
    await parts.promoted(at);
    return done;
  }

  async function pause(): Promise<void> {
    await Promise.race([delay(parts.tickMs, undefined, { ref: false }), woken.promise]);
  }

  const done = run();
  return {
    wake: () => {
      woken.resolve();
      woken = Promise.withResolvers();
    },
    renew: () => {
      outdated = true;
      woken.resolve();
      woken = Promise.withResolvers();
    },
    tripwires: () => wires,
    stop: () => {
      stopping.abort();
      measuring.stop();
      starting.abort();
      woken.resolve();
    },
    done,
  };
}
