import { differenceOf, describeScores, addScore, beginScores, type MeanScoreState } from "./mean-score.ts";
import {
  addCounts,
  describeRatio,
  evidenceAbove,
  evidenceBelow,
  evidenceRarer,
  NOTHING_SEEN,
  type PairedCounts,
  type RateRatioState,
} from "./rate-ratio.ts";

/** What a release is judged by, against a baseline that runs beside it. */
export type Criterion = {
  readonly name: string;
  /** Its part of the release's chance of a false alarm, against those of the other criteria. */
  readonly weight?: number;
  /** True: a regression counts, but the release may go on without proof that there is none. */
  readonly optional?: boolean;
} & (
  | {
      /** Errors, refusals, time-outs, slow requests: how much more frequent they are. */
      readonly kind: "rate";
      /** A regression is proven when the candidate's rate is more than this many times the baseline's, e.g. 1. */
      readonly worseThan: number;
      /** No inferiority is proven when it is less than this many times, e.g. 1.5. */
      readonly within: number;
      /** Or when it is rarer than this in the candidate, e.g. 0.005: of what hardly ever happens no ratio could ever be proven. */
      readonly orBelow?: number;
    }
  | {
      /** Scores of evaluations between 0 and 1, of the same cases by both. */
      readonly kind: "score";
      /** A regression is proven when the candidate scores lower by more than this, e.g. 0. */
      readonly worseThan: number;
      /** No inferiority is proven when it scores lower by less than this, e.g. 0.05. */
      readonly within: number;
    }
);

/** What was seen since the last look. */
export type Observation =
  | { readonly kind: "rate"; readonly counts: PairedCounts }
  | { readonly kind: "score"; readonly scores: readonly { readonly candidate: number; readonly baseline: number }[] };

/** Regression: roll back. Non-inferior: go on. Undecided: look again; at the deadline, hold and ask. Nothing passes for lack of evidence. */
export type Verdict = "regression" | "non-inferior" | "undecided";

/** The chances that a release may be judged wrongly, over its whole analysis and however often it is looked at. */
export interface Chances {
  /** That a release which is no worse is rolled back. */
  readonly falseAlarm: number;
  /** That a release which is worse than `within` goes on. */
  readonly falsePass: number;
}

export interface CriterionVerdict {
  readonly name: string;
  readonly verdict: Verdict;
  /** E-values: at `alarmAt` the one is a regression, at `passAt` the other is none. */
  readonly evidenceOfRegression: number;
  readonly alarmAt: number;
  readonly evidenceOfNone: number;
  readonly passAt: number;
  /** The candidate's rate over the baseline's, or its score less the baseline's; undefined while nothing is known. */
  readonly estimate: number | undefined;
  readonly lower: number;
  readonly upper: number;
  /** Requests of both, or cases. */
  readonly samples: number;
}

export interface ReleaseVerdict {
  readonly verdict: Verdict;
  readonly criteria: readonly CriterionVerdict[];
}

/** All that has to be kept of a release's analysis between looks: plain data. */
export type AnalysisState = readonly (
  | { readonly kind: "rate"; readonly seen: RateRatioState }
  | { readonly kind: "score"; readonly forAlarm: MeanScoreState; readonly forPass: MeanScoreState }
)[];

/** Throws RangeError when no criterion is given: without one nothing could ever be decided. */
export function beginAnalysis(criteria: readonly Criterion[], chances: Chances): AnalysisState {
  if (criteria.length === 0) throw new RangeError("A release is judged by one criterion at least.");
  return criteria.map((criterion) =>
    criterion.kind === "rate"
      ? { kind: "rate", seen: NOTHING_SEEN }
      : // Bounds have two sides; of each only one is used.
        {
          kind: "score",
          forAlarm: beginScores(Math.min(1, 2 * alarmShare(criterion, criteria, chances))),
          forPass: beginScores(Math.min(1, 2 * chances.falsePass)),
        },
  );
}

/** Takes in what each criterion saw since the last look, in their order; undefined: nothing, which is no evidence of anything. */
export function observe(state: AnalysisState, observations: readonly (Observation | undefined)[]): AnalysisState {
  return state.map((one, at) => {
    const seen = observations[at];
    if (seen === undefined) return one;
    if (one.kind === "rate" && seen.kind === "rate") return { kind: "rate", seen: addCounts(one.seen, seen.counts) };
    if (one.kind === "score" && seen.kind === "score") {
      const differences = seen.scores.map(({ candidate, baseline }) => differenceOf(candidate, baseline));
      return { kind: "score", forAlarm: differences.reduce(addScore, one.forAlarm), forPass: differences.reduce(addScore, one.forPass) };
    }
    throw new TypeError(`Criterion ${at} is a ${one.kind}, but a ${seen.kind} was observed.`);
  });
}

/**
 * One proven regression is enough to roll back: the chance of a false alarm is split over the criteria. To go on, every criterion
 * has to be proven no worse: that needs no splitting, since all of them must err together.
 */
export function judgeRelease(criteria: readonly Criterion[], state: AnalysisState, chances: Chances): ReleaseVerdict {
  const judged = criteria.map((criterion, at) => judgeOne(criterion, state[at]!, alarmShare(criterion, criteria, chances), chances));
  const verdict = judged.some((one) => one.verdict === "regression")
    ? "regression"
    : judged.every((one, at) => criteria[at]!.optional === true || one.verdict === "non-inferior")
      ? "non-inferior"
      : "undecided";
  return { verdict, criteria: judged };
}

function judgeOne(criterion: Criterion, state: AnalysisState[number], alpha: number, { falsePass }: Chances): CriterionVerdict {
  const [alarmAt, passAt] = [1 / alpha, 1 / falsePass];
  if (criterion.kind === "rate" && state.kind === "rate") {
    const { seen } = state;
    const { estimate, lower, upper } = describeRatio(seen, alpha);
    const evidenceOfRegression = evidenceAbove(seen, criterion.worseThan);
    const evidenceOfNone = evidenceOfHarmless(criterion, seen);
    const samples = seen.candidate.total + seen.baseline.total;
    const told = { name: criterion.name, evidenceOfRegression, alarmAt, evidenceOfNone, passAt, estimate, lower, upper, samples };
    return { ...told, verdict: verdictOf(evidenceOfRegression >= alarmAt, evidenceOfNone >= passAt) };
  }
  if (criterion.kind === "score" && state.kind === "score") {
    const [alarm, pass] = [inDifference(state.forAlarm), inDifference(state.forPass)];
    const [isWorse, isFine] = [alarm.upper < -criterion.worseThan, pass.lower > -criterion.within];
    return {
      name: criterion.name,
      verdict: verdictOf(isWorse, isFine),
      // A bound that excludes a value says no more than that the evidence reached its limit.
      evidenceOfRegression: isWorse ? alarmAt : 0,
      alarmAt,
      evidenceOfNone: isFine ? passAt : 0,
      passAt,
      estimate: alarm.estimate,
      lower: pass.lower,
      upper: alarm.upper,
      samples: state.forAlarm.count,
    };
  }
  throw new TypeError(`The criterion ${criterion.name} is a ${criterion.kind}, but a ${state.kind} was kept for it.`);
}

/** A release is harmful when it is worse by ratio *and* not rare. Against that either evidence counts, and so does their mean. */
function evidenceOfHarmless({ within, orBelow }: Criterion & { kind: "rate" }, seen: RateRatioState): number {
  const byRatio = evidenceBelow(seen, within);
  return orBelow === undefined || orBelow <= 0 ? byRatio : (byRatio + evidenceRarer(seen.candidate, orBelow)) / 2;
}

function verdictOf(isWorse: boolean, isFine: boolean): Verdict {
  return isWorse ? "regression" : isFine ? "non-inferior" : "undecided";
}

function inDifference(state: MeanScoreState): { estimate: number | undefined; lower: number; upper: number } {
  const { estimate, lower, upper } = describeScores(state);
  return { estimate: estimate === undefined ? undefined : 2 * estimate - 1, lower: 2 * lower - 1, upper: 2 * upper - 1 };
}

function alarmShare({ weight = 1 }: Criterion, criteria: readonly Criterion[], { falseAlarm }: Chances): number {
  return (falseAlarm * weight) / criteria.reduce((all, one) => all + (one.weight ?? 1), 0);
}
