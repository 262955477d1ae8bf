/** Counts per node in rows that are kept between the counts: adding up a million takes no map. */
export interface Tally {
  begin(nodes: number): void;
  add(id: number, weight: number): void;
  /** What was counted, the heaviest first, then the most frequent. */
  end(): readonly { readonly id: number; readonly count: number; readonly weight: number }[];
}

export function createTally(): Tally {
  let counts = new Uint32Array(0);
  let weights = new Float64Array(0);
  let seen: number[] = [];
  return {
    begin: (nodes) => {
      for (const id of seen) {
        counts[id] = 0;
        weights[id] = 0;
      }
      seen = [];
      if (counts.length >= nodes) return;
      counts = new Uint32Array(Math.ceil(nodes * 1.1));
      weights = new Float64Array(Math.ceil(nodes * 1.1));
    },
    add: (id, weight) => {
      if (counts[id]!++ === 0) seen.push(id);
      weights[id]! += weight;
    },
    end: () =>
      seen
        .map((id) => ({ id, count: counts[id]!, weight: weights[id]! }))
        .sort((a, b) => b.weight - a.weight || b.count - a.count || a.id - b.id),
  };
}
