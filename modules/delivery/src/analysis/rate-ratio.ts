/** What one arm did in an interval: of `total` requests, `events` failed (or were slow, refused, …). */
export interface ArmCounts {
  readonly events: number;
  readonly total: number;
}

/** What happened in one interval in both arms at once. */
export interface PairedCounts {
  readonly candidate: ArmCounts;
  readonly baseline: ArmCounts;
}

/** How much more often events happen in the candidate than in the baseline beside it, as far as is known after any number of looks. */
export interface RateRatio {
  readonly candidate: ArmCounts;
  readonly baseline: ArmCounts;
  /** The candidate's rate over the baseline's; undefined while either had no request or the baseline no event. */
  readonly estimate: number | undefined;
  /** The ratio lies between these at all looks together with probability 1 − α. 0 and Infinity: not known. */
  readonly lower: number;
  readonly upper: number;
}

/** All that has to be kept between looks. */
export interface RateRatioState {
  readonly candidate: ArmCounts;
  readonly baseline: ArmCounts;
  /** For each ratio of the grid, the logarithm of how likely it makes what was seen, up to a constant. */
  readonly logLikelihood: readonly number[];
}

/**
 * The ratios that are weighed: 2.5 % apart, from a thirtieth to thirty times. A ratio beyond is told as the end of the grid is: not known.
 */
const STEP = Math.log(1.05) / 2;
const REACH = 140;
const RATIOS = Array.from({ length: 2 * REACH + 1 }, (_, at) => Math.exp((at - REACH) * STEP));

/** What is expected of a change: most double or halve a rate, some do more. Half a normal curve over the logarithm, beginning at no change. */
const SPREAD = Math.log(2);
const WEIGHTS = normalised(Array.from({ length: REACH }, (_, at) => Math.exp(-(((at + 1) * STEP) ** 2) / (2 * SPREAD ** 2))));

/** More is not told: a number that can be written down. */
const MOST_EVIDENCE = 1e12;

export const NOTHING_SEEN: RateRatioState = {
  candidate: { events: 0, total: 0 },
  baseline: { events: 0, total: 0 },
  logLikelihood: RATIOS.map(() => 0),
};

/**
 * Takes in one interval. Given that an event happened, the chance that it was the candidate's is its share of the interval's requests,
 * tilted by the ratio: whatever befalls both arms (an incident, a busy hour) cancels out. Shares may differ from interval to interval.
 * The likelihood is that of rare events; of frequent ones it errs towards caution.
 *
 * Source: M. Lindon, A. Malek, "Anytime-Valid Inference for Multinomial Count Data", NeurIPS 2022.
 */
export function addCounts(state: RateRatioState, { candidate, baseline }: PairedCounts): RateRatioState {
  const requests = candidate.total + baseline.total;
  const sums = { candidate: sum(state.candidate, candidate), baseline: sum(state.baseline, baseline) };
  // An interval in which one arm had no request says nothing of their ratio.
  if (candidate.total === 0 || baseline.total === 0) return { ...state, ...sums };
  const share = candidate.total / requests;
  const events = candidate.events + baseline.events;
  return {
    ...sums,
    logLikelihood: state.logLikelihood.map((before, at) => {
      const ratio = RATIOS[at]!;
      return before + candidate.events * Math.log(ratio) - events * Math.log(share * ratio + 1 - share);
    }),
  };
}

/**
 * Evidence (an e-value) that the ratio is above `limit`: if it is not, the evidence reaches 1/α at any time with probability α at most,
 * however often one looks. Evidence that it is below: `evidenceBelow`.
 */
export function evidenceAbove({ logLikelihood }: RateRatioState, limit: number): number {
  // Up to the next ratio of the grid: claims no more than is asked for.
  return evidenceAt(logLikelihood, Math.ceil(Math.log(limit) / STEP - 1e-9) + REACH, 1);
}

export function evidenceBelow({ logLikelihood }: RateRatioState, limit: number): number {
  return evidenceAt(logLikelihood, Math.floor(Math.log(limit) / STEP + 1e-9) + REACH, -1);
}

/** What rates are weighed against a limit: parts of it. */
const PARTS = [0, 0.1, 0.25, 0.5];

/**
 * Evidence that something happens more rarely than in `limit` of all cases: the mean likelihood of rates below it over that of the limit
 * itself. If it is not rarer, the evidence reaches 1/α at any time with probability α at most: a martingale, since each likelihood ratio is one.
 */
export function evidenceRarer({ events, total }: ArmCounts, limit: number): number {
  const ratios = PARTS.map((part) => {
    const rate = part * limit;
    if (rate === 0 && events > 0) return 0;
    return Math.exp((rate === 0 ? 0 : events * Math.log(part)) + (total - events) * (Math.log1p(-rate) - Math.log1p(-limit)));
  });
  return Math.min(ratios.reduce((sum, one) => sum + one, 0) / PARTS.length, MOST_EVIDENCE);
}

/** The ratio with its bounds, of which `alpha` is the chance that they ever miss it: half on each side. */
export function describeRatio(state: RateRatioState, alpha: number): RateRatio {
  const { candidate, baseline, logLikelihood } = state;
  const enough = 2 / alpha;
  let low = -1;
  while (low + 1 < RATIOS.length && evidenceAt(logLikelihood, low + 1, 1) >= enough) low++;
  let high = RATIOS.length;
  while (high > low + 1 && evidenceAt(logLikelihood, high - 1, -1) >= enough) high--;
  const isKnown = candidate.total > 0 && baseline.total > 0 && baseline.events > 0;
  return {
    candidate,
    baseline,
    estimate: isKnown ? candidate.events / candidate.total / (baseline.events / baseline.total) : undefined,
    lower: RATIOS[low] ?? 0,
    upper: RATIOS[high] ?? Number.POSITIVE_INFINITY,
  };
}

/** Likelihoods of the ratios on one side, weighed, over that of the ratio itself. */
function evidenceAt(logLikelihood: readonly number[], at: number, side: 1 | -1): number {
  const here = logLikelihood[at];
  if (here === undefined) return 0;
  let evidence = 0;
  for (let away = 1; away <= REACH; away++) {
    const there = logLikelihood[at + side * away];
    // Past the end of the grid nothing is claimed.
    if (there === undefined) break;
    evidence += WEIGHTS[away - 1]! * Math.exp(there - here);
  }
  return Math.min(evidence, MOST_EVIDENCE);
}

function sum(a: ArmCounts, b: ArmCounts): ArmCounts {
  return { events: a.events + b.events, total: a.total + b.total };
}

function normalised(weights: readonly number[]): readonly number[] {
  const all = weights.reduce((total, one) => total + one, 0);
  return weights.map((one) => one / all);
}
