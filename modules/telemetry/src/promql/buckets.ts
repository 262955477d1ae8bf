/** Points of an exponential histogram as they were sent. */
export interface ExponentialPoint {
  readonly scale: number;
  readonly zeroCount: number;
  readonly zeroThreshold: number;
  readonly positiveOffset: number;
  readonly positive: readonly number[];
  readonly negativeOffset: number;
  readonly negative: readonly number[];
}

/** Bounds that hold for all points of a series, and how many values of each point lie at or below each bound; the last is all of them. */
export interface Cumulative {
  readonly bounds: readonly number[];
  readonly counts: readonly (readonly number[])[];
}

const MOST_BUCKETS = 160;

/** Explicit buckets: the bounds of all points, each counted up. A point with other bounds counts at those below. */
export function cumulativeOf(points: readonly { readonly bounds: readonly number[]; readonly counts: readonly number[] }[]): Cumulative {
  const bounds = [...new Set(points.flatMap((point) => point.bounds))].toSorted((a, b) => a - b);
  const counts = points.map((point) => {
    const made: number[] = [];
    let [i, sum] = [0, 0];
    for (const bound of bounds) {
      while (i < point.bounds.length && (point.bounds[i] as number) <= bound) sum += point.counts[i++] ?? 0;
      made.push(sum);
    }
    while (i < point.counts.length) sum += point.counts[i++] ?? 0;
    return [...made, sum];
  });
  return { bounds: [...bounds, Number.POSITIVE_INFINITY], counts };
}

/** Exponential buckets as explicit ones: all points at the coarsest scale among them, coarser still where there would be too many. */
export function explicitOf(points: readonly ExponentialPoint[]): Cumulative {
  let scale = Math.min(...points.map((point) => point.scale), 20);
  while (bucketsAt(points, scale) > MOST_BUCKETS && scale > -10) scale--;
  return cumulativeOf(points.map((point) => pointAt(point, scale)));
}

function bucketsAt(points: readonly ExponentialPoint[], scale: number): number {
  const indexes = new Set<string>();
  for (const point of points) {
    const by = 2 ** (point.scale - scale);
    point.positive.forEach((count, i) => count > 0 && indexes.add(`p${Math.floor((point.positiveOffset + i) / by)}`));
    point.negative.forEach((count, i) => count > 0 && indexes.add(`n${Math.floor((point.negativeOffset + i) / by)}`));
    if (indexes.size > MOST_BUCKETS * 4) break;
  }
  return indexes.size;
}

function pointAt(point: ExponentialPoint, scale: number): { bounds: number[]; counts: number[] } {
  const by = 2 ** (point.scale - scale);
  const base = 2 ** (2 ** -scale);
  const merged = (offset: number, counts: readonly number[]): Map<number, number> => {
    const made = new Map<number, number>();
    counts.forEach((count, i) => {
      const index = Math.floor((offset + i) / by);
      if (count > 0) made.set(index, (made.get(index) ?? 0) + count);
    });
    return made;
  };
  // Each bucket also ends where the one before it begins, so that a value is looked for between the two.
  const ends = new Map<number, number>();
  const add = (bound: number, count: number): void => void ends.set(bound, (ends.get(bound) ?? 0) + count);
  for (const [index, count] of merged(point.negativeOffset, point.negative)) {
    add(-(base ** (index + 1)), 0);
    add(-(base ** index), count);
  }
  if (point.zeroCount > 0) {
    add(0 - point.zeroThreshold, 0);
    add(point.zeroThreshold, point.zeroCount);
  }
  for (const [index, count] of merged(point.positiveOffset, point.positive)) {
    add(base ** index, 0);
    add(base ** (index + 1), count);
  }
  const sorted = [...ends].toSorted(([a], [b]) => a - b);
  return { bounds: sorted.map(([bound]) => bound), counts: [...sorted.map(([, count]) => count), 0] };
}
