import type { ArmCounts, PairedCounts } from "./rate-ratio.ts";

/** Requests by how long they took. `counts[i]` took at most `edges[i]` ms and more than the edge before; the last of `counts` is beyond all edges. */
export interface Histogram {
  /** Milliseconds (or tokens, or money: anything of which more is worse), ascending. */
  readonly edges: readonly number[];
  /** One more than edges. */
  readonly counts: readonly number[];
}

/**
 * Turns latencies into events that can be counted: requests slower than a quantile of the baseline. `before` is what the baseline did
 * until this interval: a limit that is set before one looks is what makes the count fair. The candidate may take `tolerance` times as
 * long, e.g. 1.1. Undefined while too little was seen to set a limit, or when the quantile lies beyond the last edge.
 *
 * So the question becomes the one of rates: are requests slower than the baseline's p99 more frequent in the candidate? Unlike a bound
 * on the quantile itself it needs no correction for looking at all quantiles at once, and finds a slow few sooner.
 */
export function slowRequests(
  { candidate, baseline, before }: { readonly candidate: Histogram; readonly baseline: Histogram; readonly before: Histogram },
  { quantile, tolerance = 1 }: { readonly quantile: number; readonly tolerance?: number },
): PairedCounts | undefined {
  const limit = quantileEdge(before, quantile);
  if (limit === undefined) return undefined;
  // Buckets are coarse: the candidate's limit is the first edge that gives it at least what it is allowed.
  const allowed = candidate.edges.find((edge) => edge >= limit * tolerance * (1 - 1e-9));
  return allowed === undefined ? undefined : { candidate: countAbove(candidate, allowed), baseline: countAbove(baseline, limit) };
}

/** The first edge that this share of the requests does not exceed. */
export function quantileEdge({ edges, counts }: Histogram, quantile: number): number | undefined {
  const total = counts.reduce((all, one) => all + one, 0);
  // A quantile of fewer requests than this is the luck of one or two of them.
  if (total * (1 - quantile) < 5) return undefined;
  let below = 0;
  for (const [at, edge] of edges.entries()) {
    below += counts[at]!;
    if (below >= total * quantile) return edge;
  }
  return undefined;
}

export function addHistograms(a: Histogram, b: Histogram): Histogram {
  return { edges: a.edges, counts: a.counts.map((count, at) => count + b.counts[at]!) };
}

function countAbove({ edges, counts }: Histogram, limit: number): ArmCounts {
  let events = 0;
  let total = 0;
  for (const [at, count] of counts.entries()) {
    total += count;
    if ((edges[at] ?? Number.POSITIVE_INFINITY) > limit) events += count;
  }
  return { events, total };
}
