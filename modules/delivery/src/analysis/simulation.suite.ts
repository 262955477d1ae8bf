import type { Histogram } from "./slow-requests.ts";

/** Numbers between 0 and 1 that are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** How many of `total` happen, each with `chance`. */
export function happening(random: () => number, total: number, chance: number): number {
  if (chance <= 0) return 0;
  const scale = Math.log1p(-Math.min(chance, 1 - 1e-12));
  let events = 0;
  // From one event to the next.
  for (let at = Math.floor(Math.log1p(-random()) / scale); at < total; at += 1 + Math.floor(Math.log1p(-random()) / scale)) events++;
  return events;
}

/** From 1 ms to a minute, five per cent apart. */
export const EDGES = Array.from({ length: 226 }, (_, at) => 1.05 ** at);

/** Latencies in lognormal manner (median 50 ms), of which a share is `times` as slow. */
export function latencies(random: () => number, total: number, slow: { readonly share: number; readonly times: number }): Histogram {
  const counts = Array.from({ length: EDGES.length + 1 }, () => 0);
  const scale = 1 / Math.log(1.05);
  for (let one = 0; one < total; one++) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const took = Math.log(50) + 0.5 * normal + (slow.share > 0 && random() < slow.share ? Math.log(slow.times) : 0);
    counts[Math.min(Math.max(Math.ceil(took * scale), 0), EDGES.length)]!++;
  }
  return { edges: EDGES, counts };
}
