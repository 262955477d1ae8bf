/** What stands where in a list by weight. */
export interface Rank {
  readonly weight: number;
  readonly distance: number;
  readonly ref: string;
}

/** Heavier first, then nearer, then by name: the same in every process. */
export function compareRanks(a: Rank, b: Rank): number {
  return b.weight - a.weight || a.distance - b.distance || (a.ref < b.ref ? -1 : a.ref > b.ref ? 1 : 0);
}

/**
 * The first `limit` of many after a position, without sorting them all: what cannot be among them is left out by its weight, and
 * names are looked up only where weight and distance are equal.
 */
export function topOf(
  ids: Uint32Array,
  o: {
    readonly weightOf: (id: number) => number;
    readonly distanceOf: (id: number) => number;
    readonly refOf: (id: number) => string;
    readonly limit: number;
    readonly after: Rank | undefined;
  },
): { readonly id: number; readonly rank: Rank }[] {
  // Twice the limit is gathered, then the worse half is dropped: the last one kept is the bar for what comes.
  let kept: { readonly id: number; readonly rank: Rank }[] = [];
  let bar: Rank | undefined;
  for (const id of ids) {
    const weight = Math.round(o.weightOf(id) * 1e6) / 1e6;
    if (bar && weight < bar.weight) continue;
    const distance = o.distanceOf(id);
    if (bar && weight === bar.weight && distance > bar.distance) continue;
    const rank = { weight, distance, ref: o.refOf(id) };
    if (o.after && compareRanks(rank, o.after) <= 0) continue;
    if (bar && compareRanks(rank, bar) > 0) continue;
    kept.push({ id, rank });
    if (kept.length < o.limit * 2) continue;
    kept.sort((a, b) => compareRanks(a.rank, b.rank));
    kept = kept.slice(0, o.limit);
    bar = kept.at(-1)!.rank;
  }
  return kept.sort((a, b) => compareRanks(a.rank, b.rank)).slice(0, o.limit);
}
