import type { Signal } from "@roadbed/contracts/delivery/rollouts";

import type { Criterion, Observation } from "../analysis/judge-release.ts";
import { addHistograms, slowRequests, type Histogram } from "../analysis/slow-requests.ts";
import { LATENCY_EDGES } from "../router/metrics.ts";
import type { RolloutPlan } from "./plan.ts";

/** One figure of one answer, as somebody told it. */
export interface Sample {
  readonly arm: "candidate" | "baseline";
  readonly signal: Signal;
  readonly value: number;
}

/** What is kept of samples between looks: plain data. */
export interface SamplesState {
  /** Of the baseline's figures so far: how many lay in which bucket. */
  readonly before: Readonly<Partial<Record<Signal, Readonly<Record<number, number>>>>>;
  /** Scores that wait for one of the other arm. */
  readonly unpaired: Readonly<Record<Sample["arm"], readonly number[]>>;
  readonly scores: Readonly<Record<Sample["arm"], { readonly sum: number; readonly count: number }>>;
}

export const NO_SAMPLES: SamplesState = {
  before: {},
  unpaired: { candidate: [], baseline: [] },
  scores: { candidate: { sum: 0, count: 0 }, baseline: { sum: 0, count: 0 } },
};

/** The first bytes of streamed answers, as the router measured them. */
export interface Streamed {
  readonly candidate: Histogram;
  readonly baseline: Histogram;
  readonly before: Histogram;
}

export const WORSE_SIGNALS = ["tokens", "cost", "ttft"] as const;
const WORDS: Readonly<Record<(typeof WORSE_SIGNALS)[number], string>> = {
  tokens: "more tokens",
  cost: "dearer",
  ttft: "later first token",
};
/** From a ten-millionth (of money) to a hundred million (tokens), five per cent apart. */
const WIDE_EDGES: readonly number[] = Array.from({ length: 709 }, (_, at) => 1e-7 * 1.05 ** at);
/** More are of another time, and are not compared with what comes now. */
const MOST_UNPAIRED = 500;

/** What samples are judged by: only what the plan names. */
export function sampleCriteria({ analysis: { samples } }: RolloutPlan): Criterion[] {
  if (samples === undefined) return [];
  const { score } = samples;
  return [
    ...(score === undefined
      ? []
      : [{ name: "score", kind: "score" as const, worseThan: 0, within: score.within, optional: !score.needed, weight: 2 }]),
    ...WORSE_SIGNALS.flatMap((signal) => {
      const asked = samples[signal];
      return (asked?.quantiles ?? []).map((quantile): Criterion => ({
        name: `${WORDS[signal]} than p${Number((quantile * 100).toFixed(1))}`,
        kind: "rate",
        worseThan: 1,
        within: asked!.within,
        optional: !asked!.proven.includes(quantile),
      }));
    }),
  ];
}

/** What samples say since the last look, in the order of their criteria. */
export function observeSamples(
  { analysis }: RolloutPlan,
  state: SamplesState,
  samples: readonly Sample[],
  streamed: Streamed,
): { readonly state: SamplesState; readonly observations: readonly (Observation | undefined)[] } {
  const wanted = analysis.samples;
  if (wanted === undefined) return { state, observations: [] };
  const observations: (Observation | undefined)[] = [];
  let { unpaired, scores } = state;
  if (wanted.score !== undefined) {
    const paired = pair(unpaired, samples);
    unpaired = paired.left;
    scores = { candidate: addAll(scores.candidate, samples, "candidate"), baseline: addAll(scores.baseline, samples, "baseline") };
    observations.push(paired.pairs.length === 0 ? undefined : { kind: "score", scores: paired.pairs });
  }
  const before: Partial<Record<Signal, Readonly<Record<number, number>>>> = { ...state.before };
  for (const signal of WORSE_SIGNALS) {
    const asked = wanted[signal];
    if (asked === undefined) continue;
    const [mine, theirs] = [histogramOf(signal, samples, "candidate"), histogramOf(signal, samples, "baseline")];
    const earlier = unpacked(signal, before[signal]);
    const whole =
      signal !== "ttft"
        ? { candidate: mine, baseline: theirs, before: earlier }
        : {
            candidate: addHistograms(mine, streamed.candidate),
            baseline: addHistograms(theirs, streamed.baseline),
            before: addHistograms(earlier, streamed.before),
          };
    for (const quantile of asked.quantiles) {
      const counts = slowRequests(whole, { quantile, tolerance: asked.tolerance });
      observations.push(counts === undefined ? undefined : { kind: "rate", counts });
    }
    // Only afterwards: a limit is set by what came before.
    before[signal] = packed(addHistograms(earlier, theirs));
  }
  return { state: { before, unpaired, scores }, observations };
}

/** The first of one arm with the first of the other: an order that does not depend on what the scores are. */
function pair(waiting: SamplesState["unpaired"], samples: readonly Sample[]) {
  const of = (arm: Sample["arm"]): number[] => [
    ...waiting[arm],
    ...samples.flatMap((one) => (one.signal === "score" && one.arm === arm ? [one.value] : [])),
  ];
  const [candidates, baselines] = [of("candidate"), of("baseline")];
  const count = Math.min(candidates.length, baselines.length);
  const pairs = candidates.slice(0, count).map((candidate, at) => ({ candidate, baseline: baselines[at]! }));
  return {
    pairs,
    left: { candidate: candidates.slice(count).slice(-MOST_UNPAIRED), baseline: baselines.slice(count).slice(-MOST_UNPAIRED) },
  };
}

function addAll(known: { readonly sum: number; readonly count: number }, samples: readonly Sample[], of: Sample["arm"]) {
  const values = samples.flatMap(({ arm, signal, value }) => (arm === of && signal === "score" ? [value] : []));
  return { sum: values.reduce((sum, value) => sum + value, known.sum), count: known.count + values.length };
}

function edgesOf(signal: Signal): readonly number[] {
  return signal === "ttft" ? LATENCY_EDGES : WIDE_EDGES;
}

function histogramOf(signal: Signal, samples: readonly Sample[], arm: Sample["arm"]): Histogram {
  const edges = edgesOf(signal);
  const counts = Array.from({ length: edges.length + 1 }, () => 0);
  for (const one of samples) if (one.signal === signal && one.arm === arm) counts[bucketOf(edges, one.value)]!++;
  return { edges, counts };
}

function bucketOf(edges: readonly number[], value: number): number {
  return Math.min(Math.max(Math.ceil(Math.log(value / edges[0]!) / Math.log(1.05) - 1e-9), 0), edges.length);
}

function packed({ counts }: Histogram): Record<number, number> {
  return Object.fromEntries(counts.flatMap((count, at) => (count === 0 ? [] : [[at, count]])));
}

function unpacked(signal: Signal, packs: Readonly<Record<number, number>> = {}): Histogram {
  const edges = edgesOf(signal);
  return { edges, counts: Array.from({ length: edges.length + 1 }, (_, at) => packs[at] ?? 0) };
}
