import type { Analysis, CriterionSight } from "@roadbed/contracts/delivery/rollouts";

import {
  beginAnalysis,
  judgeRelease,
  observe,
  type AnalysisState,
  type Criterion,
  type Observation,
  type ReleaseVerdict,
} from "../analysis/judge-release.ts";
import { slowRequests, type Histogram } from "../analysis/slow-requests.ts";
import { LATENCY_EDGES, type ArmMetrics } from "../router/metrics.ts";
import type { RolloutPlan } from "./plan.ts";
import { NO_SAMPLES, observeSamples, sampleCriteria, type Sample, type SamplesState } from "./samples.ts";

/** Everything that is kept of an analysis between looks, as plain data: it is stored with the rollout. */
export interface AnalysisRecord {
  /** Of the whole rollout: a release has one chance of a false alarm, however many steps it goes through. */
  readonly whole: AnalysisState;
  /** Of the step that lasts: that a release was no worse at a tenth of the requests says little about half of them. */
  readonly current: AnalysisState;
  readonly step: number;
  /** Seconds that it has gone on, without those in which the server did not run. */
  readonly seconds: number;
  readonly looks: Analysis["looks"];
  /** Of what is told from outside. */
  readonly samples?: SamplesState;
  /** Number of the last sample that was looked at. */
  readonly sampled?: string;
}

/** What happened in both arms since the last look, and how long requests to the stable release took until then. */
export interface Interval {
  readonly candidate: ArmMetrics;
  readonly baseline: ArmMetrics;
  readonly before: Histogram;
  /** How long streamed answers of the stable release took to begin until then. Absent: none was measured. */
  readonly beforeStreamed?: Histogram;
  readonly samples?: readonly Sample[];
  readonly seconds: number;
}

/** For the picture of the path, not for the verdict: of more looks every other one is left out. */
const MOST_LOOKS = 200;
const PACE_FROM = 1.2;
const NOTHING_STREAMED: Histogram = { edges: LATENCY_EDGES, counts: LATENCY_EDGES.concat(0).map(() => 0) };

/** Errors, and requests that are slower than quantiles of the stable release, with one chance of a false alarm for all of them together. */
export function criteriaOf(plan: RolloutPlan): Criterion[] {
  const { errors, slow } = plan.analysis;
  return [
    // Errors are what hurts most: they have as large a part of the chance as all of slowness.
    {
      name: "errors",
      kind: "rate",
      worseThan: 1,
      within: errors.within,
      orBelow: errors.orBelow,
      weight: Math.max(1, slow.quantiles.length),
    },
    ...slow.quantiles.map((quantile): Criterion => ({
      name: nameOf(quantile),
      kind: "rate",
      worseThan: 1,
      within: slow.within,
      optional: !slow.proven.includes(quantile),
    })),
    ...sampleCriteria(plan),
  ];
}

export function beginRecord(plan: RolloutPlan, step: number): AnalysisRecord {
  const state = beginAnalysis(criteriaOf(plan), plan.analysis);
  return { whole: state, current: state, step, seconds: 0, looks: [] };
}

/** Another step begins. */
export function beginStep(plan: RolloutPlan, record: AnalysisRecord, step: number): AnalysisRecord {
  return { ...record, step, current: beginAnalysis(criteriaOf(plan), plan.analysis) };
}

export function look(
  plan: RolloutPlan,
  record: AnalysisRecord,
  { candidate, baseline, before, beforeStreamed, samples = [], seconds }: Interval,
): AnalysisRecord {
  const { quantiles, tolerance } = plan.analysis.slow;
  const asked = candidate.requests > 0 && baseline.requests > 0;
  const streamed = { candidate: candidate.firstByte, baseline: baseline.firstByte, before: beforeStreamed ?? NOTHING_STREAMED };
  const told = observeSamples(plan, record.samples ?? NO_SAMPLES, samples, streamed);
  const observations: (Observation | undefined)[] = [
    asked ? { kind: "rate", counts: { candidate: errorsOf(candidate), baseline: errorsOf(baseline) } } : undefined,
    ...quantiles.map((quantile): Observation | undefined => {
      const counts = slowRequests({ candidate: candidate.latency, baseline: baseline.latency, before }, { quantile, tolerance });
      return asked && counts !== undefined ? { kind: "rate", counts } : undefined;
    }),
    ...told.observations,
  ];
  const [whole, current] = [observe(record.whole, observations), observe(record.current, observations)];
  const { criteria } = judge(plan, { whole, current });
  const next = {
    second: round(record.seconds + seconds),
    ofRegression: criteria.map((one) => round(one.evidenceOfRegression)),
    ofNone: criteria.map((one) => round(one.evidenceOfNone)),
  };
  return {
    ...record,
    whole,
    current,
    seconds: record.seconds + seconds,
    looks: thinned([...record.looks, next]),
    ...(plan.analysis.samples === undefined ? {} : { samples: told.state }),
  };
}

/** A regression is proven by all that was seen; that there is none, by what the step itself saw. */
function judge(plan: RolloutPlan, { whole, current }: Pick<AnalysisRecord, "whole" | "current">): ReleaseVerdict {
  const criteria = criteriaOf(plan);
  const [all, now] = [judgeRelease(criteria, whole, plan.analysis), judgeRelease(criteria, current, plan.analysis)];
  return {
    verdict: all.verdict === "regression" ? "regression" : now.verdict === "non-inferior" ? "non-inferior" : "undecided",
    criteria: all.criteria.map((one, at) => {
      const { evidenceOfNone, verdict } = now.criteria[at]!;
      const told = one.verdict === "regression" ? one.verdict : verdict === "regression" ? "undecided" : verdict;
      return { ...one, evidenceOfNone, verdict: told };
    }),
  };
}

/** What can be told of it now. */
export function tell(plan: RolloutPlan, record: AnalysisRecord, deadlineSeconds: number): Analysis {
  const wanted = criteriaOf(plan);
  const { verdict, criteria } = judge(plan, record);
  const { everySeconds, falseAlarm, falsePass } = plan.analysis;
  const expectedSeconds = expectedOf(
    record,
    criteria.map((one, at) => ({ ...one, optional: wanted[at]!.optional === true })),
  );
  return {
    seconds: round(record.seconds),
    deadlineSeconds,
    everySeconds,
    falseAlarm,
    falsePass,
    verdict,
    criteria: criteria.map((one, at): CriterionSight => {
      const kept = record.whole[at]!;
      const none = { events: 0, total: 0 };
      const { candidate, baseline } = kept.kind === "rate" ? kept.seen : { candidate: none, baseline: none };
      return {
        name: one.name,
        verdict: one.verdict,
        needed: wanted[at]!.optional !== true,
        evidenceOfRegression: one.evidenceOfRegression,
        alarmAt: one.alarmAt,
        evidenceOfNone: one.evidenceOfNone,
        passAt: one.passAt,
        ...(one.estimate === undefined ? {} : { estimate: one.estimate }),
        lower: one.lower,
        within: wanted[at]!.within,
        ...(Number.isFinite(one.upper) ? { upper: one.upper } : {}),
        candidate,
        baseline,
        ...(kept.kind === "score" ? { score: scoresOf(record.samples ?? NO_SAMPLES, one.samples) } : {}),
      };
    }),
    looks: [...record.looks],
    ...(verdict !== "undecided" || expectedSeconds === undefined ? {} : { expectedSeconds }),
  };
}

/** A verdict in words: what decided it. */
export function becauseOf({ criteria }: Analysis): string {
  const worse = criteria.filter(({ verdict }) => verdict === "regression");
  const words = worse.map(({ name, candidate, baseline, estimate, score }) => {
    if (score !== undefined) return `${name}: ${shown(score.candidate)} on average, the baseline ${shown(score.baseline)}`;
    const times = estimate === undefined ? "" : `, ${estimate.toFixed(1)} times as often`;
    return `${name}: ${candidate.events} of ${candidate.total} requests, the baseline ${baseline.events} of ${baseline.total}${times}`;
  });
  return `Worse than the release before. ${words.join("; ")}.`;
}

/** What is not proven yet, in words, at the deadline. */
export function lackOf({ criteria, seconds }: Analysis): string {
  const [first] = criteria;
  if (first !== undefined && (first.candidate.total === 0 || first.baseline.total === 0))
    return `Nothing can be said after ${Math.round(seconds)} s: ${first.candidate.total === 0 ? "the new release" : "the baseline"} was asked nothing.`;
  const open = criteria.filter(({ needed, verdict }) => needed && verdict === "undecided").map(({ name }) => name);
  return `Neither worse nor proven no worse after ${Math.round(seconds)} s in ${open.join(" and ")}, by ${first?.candidate.total ?? 0} requests to the new release.`;
}

function scoresOf({ scores: { candidate, baseline } }: SamplesState, pairs: number): NonNullable<CriterionSight["score"]> {
  const mean = ({ sum, count }: { sum: number; count: number }): number | undefined => (count === 0 ? undefined : sum / count);
  const [mine, theirs] = [mean(candidate), mean(baseline)];
  return {
    ...(mine === undefined ? {} : { candidate: mine }),
    ...(theirs === undefined ? {} : { baseline: theirs }),
    candidates: candidate.count,
    baselines: baseline.count,
    pairs,
  };
}

function shown(mean: number | undefined): string {
  return mean === undefined ? "nothing" : String(Number(mean.toPrecision(3)));
}

function errorsOf({ failed, requests }: ArmMetrics): { events: number; total: number } {
  return { events: failed, total: requests };
}

function nameOf(quantile: number): string {
  return `slower than p${Number((quantile * 100).toFixed(1))}`;
}

/** The logarithm of evidence grows by about as much each second: when the slowest that is needed will reach its limit. */
function expectedOf(
  { seconds }: AnalysisRecord,
  criteria: readonly {
    readonly evidenceOfRegression: number;
    readonly alarmAt: number;
    readonly evidenceOfNone: number;
    readonly passAt: number;
    readonly optional: boolean;
  }[],
): number | undefined {
  const left = (evidence: number, limit: number): number => {
    if (evidence >= limit) return 0;
    // So little evidence has no pace yet.
    return evidence <= PACE_FROM ? Number.POSITIVE_INFINITY : seconds * (Math.log(limit) / Math.log(evidence) - 1);
  };
  const toPass = Math.max(0, ...criteria.filter((one) => !one.optional).map((one) => left(one.evidenceOfNone, one.passAt)));
  const toAlarm = Math.min(...criteria.map((one) => left(one.evidenceOfRegression, one.alarmAt)));
  const soonest = Math.min(toPass, toAlarm);
  return Number.isFinite(soonest) ? Math.ceil(soonest) : undefined;
}

function thinned(looks: Analysis["looks"]): Analysis["looks"] {
  return looks.length <= MOST_LOOKS ? looks : looks.filter((_, at) => at % 2 === 1 || at === looks.length - 1);
}

function round(value: number): number {
  return Number(value.toPrecision(6));
}
