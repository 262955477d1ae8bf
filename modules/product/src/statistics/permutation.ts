import { DEFAULT_CONFIDENCE, type Interval } from "./interval.ts";
import { seededRandom } from "./random.ts";

/** What is to be said of two groups of teams: how far apart their changes are, and how often lots alone would put them as far. */
export interface Comparison extends Interval {
  readonly difference: number;
  readonly p: number;
}

/** Fewer on either side cannot be told from luck at all. */
const FEWEST = 3;
const MOST_EXACT = 20_000;
const DRAWS = 9_999;

/**
 * Compares the changes of treated teams with those of others. The t-statistic is permuted, not the difference: groups may vary differently
 * (MacKinnon and Webb, QED 1355). The interval holds every shift that the test would not refuse. Undefined below three on either side.
 */
export function comparePermuted(
  treated: readonly number[],
  others: readonly number[],
  o: { readonly seed: number; readonly confidence?: number },
): Comparison | undefined {
  if (treated.length < FEWEST || others.length < FEWEST) return undefined;
  const groupings = choose(treated.length, treated.length + others.length, o.seed);
  const pOf = (shift: number): number => pValue([...treated.map((value) => value - shift), ...others], groupings);
  const difference = mean(treated) - mean(others);
  const alpha = 1 - (o.confidence ?? DEFAULT_CONFIDENCE);
  const scale = Math.max(1e-12, Math.abs(difference), spreadOf(treated, others));
  return {
    difference,
    p: pOf(0),
    lower: edgeOf((shift) => pOf(shift) > alpha, difference, -scale),
    upper: edgeOf((shift) => pOf(shift) > alpha, difference, scale),
  };
}

/** The share of groupings whose t is at least as large as that of the first, which is the real one. */
function pValue(values: readonly number[], groupings: readonly (readonly boolean[])[]): number {
  const real = Math.abs(studentised(values, groupings[0]!));
  const asLarge = groupings.filter((grouping) => Math.abs(studentised(values, grouping)) >= real - 1e-9 * Math.max(1, real)).length;
  return asLarge / groupings.length;
}

/** Walks away from what is held until it is not, then halves the step: the last shift that is held. */
function edgeOf(isHeld: (shift: number) => boolean, from: number, step: number): number {
  let held = from;
  let refused = from + step;
  for (let width = step; isHeld(refused); width *= 2) {
    if (Math.abs(width) > Math.abs(step) * 2 ** 20) return step < 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    [held, refused] = [refused, refused + width];
  }
  for (let halving = 0; halving < 40; halving++) {
    const middle = (held + refused) / 2;
    if (isHeld(middle)) held = middle;
    else refused = middle;
  }
  return held;
}

/** Welch's t of one grouping; of groups that do not vary at all, what their difference says: none, or without bound. */
function studentised(values: readonly number[], isTreated: readonly boolean[]): number {
  const [one, other] = [values.filter((_, at) => isTreated[at]), values.filter((_, at) => isTreated[at] !== true)];
  const difference = mean(one) - mean(other);
  const error = Math.sqrt(variance(one) / one.length + variance(other) / other.length);
  if (error > 0) return difference / error;
  return difference === 0 ? 0 : Math.sign(difference) * Number.MAX_VALUE;
}

/** The real grouping first; then all others where they can be counted, else drawn by lot. */
function choose(size: number, of: number, seed: number): readonly (readonly boolean[])[] {
  const real = Array.from({ length: of }, (_, at) => at < size);
  if (combinations(of, size) <= MOST_EXACT)
    return [real, ...every(size, of).filter((one) => one.some((chosen, at) => chosen !== real[at]))];
  const random = seededRandom(seed);
  return [real, ...Array.from({ length: DRAWS }, () => shuffled(real, random))];
}

function every(size: number, of: number): boolean[][] {
  if (size === 0) return [Array.from({ length: of }, () => false)];
  if (size === of) return [Array.from({ length: of }, () => true)];
  return [...every(size - 1, of - 1).map((rest) => [true, ...rest]), ...every(size, of - 1).map((rest) => [false, ...rest])];
}

function shuffled<T>(values: readonly T[], random: () => number): T[] {
  const mixed = [...values];
  for (let at = mixed.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [mixed[at], mixed[other]] = [mixed[other]!, mixed[at]!];
  }
  return mixed;
}

function combinations(n: number, k: number): number {
  let count = 1;
  for (let at = 1; at <= k; at++) count = (count * (n - k + at)) / at;
  return count;
}

function spreadOf(one: readonly number[], other: readonly number[]): number {
  return Math.sqrt(variance(one) / one.length + variance(other) / other.length);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function variance(values: readonly number[]): number {
  const middle = mean(values);
  return values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1);
}
