import { only, keyOf, without, type Labels, type Sample } from "./labels.ts";

interface Bucket {
  readonly upTo: number;
  count: number;
}

/** The quantile of each histogram whose buckets are in the vector, told apart by `le`. */
export function histogramQuantile(q: number, vector: readonly Sample[]): Sample[] {
  const histograms = new Map<string, { readonly labels: Labels; readonly buckets: Bucket[] }>();
  for (const { labels, value } of vector) {
    const upTo = numberOf(only(labels, ["le"])["le"]);
    if (upTo === undefined) continue;
    const rest = without(labels, ["le", "__name__"]);
    const key = keyOf(rest);
    const one = histograms.get(key) ?? { labels: rest, buckets: [] };
    histograms.set(key, one);
    one.buckets.push({ upTo, count: value });
  }
  return [...histograms.values()].map(({ labels, buckets }) => ({ labels, value: quantileOf(q, buckets) }));
}

function numberOf(le: string | undefined): number | undefined {
  if (le === undefined || le === "") return undefined;
  const value = le === "+Inf" ? Number.POSITIVE_INFINITY : le === "-Inf" ? Number.NEGATIVE_INFINITY : Number(le);
  return Number.isNaN(value) ? undefined : value;
}

function quantileOf(q: number, unsorted: readonly Bucket[]): number {
  if (Number.isNaN(q)) return Number.NaN;
  if (q < 0) return Number.NEGATIVE_INFINITY;
  if (q > 1) return Number.POSITIVE_INFINITY;
  const buckets = monotonic(unsorted);
  const last = buckets.at(-1);
  if (last === undefined || buckets.length < 2 || last.upTo !== Number.POSITIVE_INFINITY) return Number.NaN;
  if (last.count === 0 || Number.isNaN(last.count)) return Number.NaN;
  let rank = q * last.count;
  const found = buckets.findIndex(({ count }, i) => i === buckets.length - 1 || count >= rank);
  if (found === buckets.length - 1) return (buckets[found - 1] as Bucket).upTo;
  const bucket = buckets[found] as Bucket;
  if (found === 0 && bucket.upTo <= 0) return bucket.upTo;
  const below = found === 0 ? { upTo: 0, count: 0 } : (buckets[found - 1] as Bucket);
  rank -= below.count;
  return below.upTo + (bucket.upTo - below.upTo) * (rank / (bucket.count - below.count));
}

/** In order, equal bounds as one, and never falling: buckets that were read at different moments may seem to. */
function monotonic(buckets: readonly Bucket[]): Bucket[] {
  const sorted: Bucket[] = [];
  for (const { upTo, count } of buckets.toSorted((a, b) => (a.upTo < b.upTo ? -1 : a.upTo > b.upTo ? 1 : 0))) {
    const before = sorted.at(-1);
    if (before?.upTo === upTo) before.count += count;
    else sorted.push({ upTo, count });
  }
  for (let i = 1; i < sorted.length; i++) {
    const [before, now] = [sorted[i - 1] as Bucket, sorted[i] as Bucket];
    if (now.count < before.count) now.count = before.count;
  }
  return sorted;
}
