import { DEFAULT_CONFIDENCE, type Interval } from "./interval.ts";
import { seededRandom } from "./random.ts";
import { binomialCdf } from "./special-functions.ts";

/** A value and what it belongs to: values of one service are alike, so that whole clusters are drawn, not rows. */
export interface Clustered {
  readonly value: number;
  readonly cluster: string;
}

/** Up to here the values themselves are told: an interval would pretend. */
const TOO_FEW = 5;
/** Up to here the interval needs no assumption; above it is drawn. */
const FEW = 20;
const DRAWS = 2_000;

/** Type 7 of Hyndman and Fan: between two values, in proportion. `sorted` ascends and is not empty. */
export function quantileOf(sorted: readonly number[], p: number): number {
  const place = (sorted.length - 1) * p;
  const below = Math.floor(place);
  return sorted[below]! + (place - below) * ((sorted[below + 1] ?? sorted[below]!) - sorted[below]!);
}

/** Which values of so many, counted from 1 in order, hold their median between them at least with the confidence; undefined for too few. */
export function medianRanks(
  count: number,
  confidence: number = DEFAULT_CONFIDENCE,
): { readonly lower: number; readonly upper: number; readonly coverage: number } | undefined {
  let found: { lower: number; upper: number; coverage: number } | undefined;
  for (let lower = 1; lower <= count / 2; lower++) {
    const coverage = 1 - 2 * binomialCdf(lower - 1, count, 0.5);
    if (coverage < confidence) break;
    found = { lower, upper: count + 1 - lower, coverage };
  }
  return found;
}

/**
 * Between what the median of things like these lies. Five or fewer: undefined. Up to twenty: two of the values, whatever they are distributed
 * like. More: by drawing clusters again and again, always the same for the same seed; a single cluster says nothing of others, so then by ranks.
 */
export function medianInterval(rows: readonly Clustered[], seed: number, confidence: number = DEFAULT_CONFIDENCE): Interval | undefined {
  if (rows.length <= TOO_FEW) return undefined;
  const sorted = rows.map(({ value }) => value).sort(ascending);
  if (rows.length > FEW && new Set(rows.map(({ cluster }) => cluster)).size >= TOO_FEW) {
    return bootstrapQuantile(rows, { p: 0.5, seed, confidence });
  }
  const ranks = medianRanks(rows.length, confidence);
  return ranks === undefined ? undefined : { lower: sorted[ranks.lower - 1]!, upper: sorted[ranks.upper - 1]! };
}

/** The percentile bootstrap of a quantile, drawn by cluster. Undefined for nothing. */
export function bootstrapQuantile(
  rows: readonly Clustered[],
  o: { readonly p: number; readonly seed: number; readonly confidence?: number; readonly draws?: number },
): Interval | undefined {
  if (rows.length === 0) return undefined;
  const numbers = new Map([...new Set(rows.map(({ cluster }) => cluster))].map((cluster, at) => [cluster, at]));
  // Sorted once: a draw is how often each cluster came, and its quantile is found by counting up.
  const sorted = rows.toSorted((a, b) => a.value - b.value).map(({ value, cluster }) => ({ value, cluster: numbers.get(cluster)! }));
  const sizes = Array.from(numbers, () => 0);
  for (const { cluster } of sorted) sizes[cluster]!++;
  const random = seededRandom(o.seed);
  const drawn = Array.from({ length: o.draws ?? DRAWS }, () => {
    const times = sizes.map(() => 0);
    for (let draw = 0; draw < sizes.length; draw++) times[Math.floor(random() * sizes.length)]!++;
    return weightedQuantile(
      sorted,
      times,
      times.reduce((total, count, at) => total + count * sizes[at]!, 0),
      o.p,
    );
  }).sort(ascending);
  const tail = (1 - (o.confidence ?? DEFAULT_CONFIDENCE)) / 2;
  return { lower: quantileOf(drawn, tail), upper: quantileOf(drawn, 1 - tail) };
}

/** The same as `quantileOf` of all values, each as often as its cluster was drawn. */
function weightedQuantile(
  sorted: readonly { readonly value: number; readonly cluster: number }[],
  times: readonly number[],
  total: number,
  p: number,
): number {
  const place = (total - 1) * p;
  const below = Math.floor(place);
  let seen = 0;
  let lower: number | undefined;
  for (const { value, cluster } of sorted) {
    seen += times[cluster]!;
    if (lower === undefined && seen > below) lower = value;
    if (lower !== undefined && (place === below || seen > below + 1)) return lower + (place - below) * (value - lower);
  }
  return lower!;
}

function ascending(a: number, b: number): number {
  return a - b;
}
