import type { PlannedIncident } from "./flows.ts";

/** An incident placed in time: [from, to) in milliseconds. */
export interface PlacedIncident extends PlannedIncident {
  readonly from: number;
  readonly to: number;
}

/** How busy the estate is at a moment, from 0.35 at night (ferries sail) to 1 in the busiest hour; quieter at weekends. */
export function busyness(at: number): number {
  const date = new Date(at);
  const hour = date.getUTCHours() + date.getUTCMinutes() / 60;
  const morning = Math.exp(-((hour - 8) ** 2) / 6);
  const evening = Math.exp(-((hour - 17) ** 2) / 8);
  const day = Math.exp(-((hour - 13) ** 2) / 30) * 0.7;
  const weekday = date.getUTCDay() === 0 ? 0.6 : date.getUTCDay() === 6 ? 0.8 : 1;
  return Math.max(0.35, Math.min(1, Math.max(morning, evening, day) * weekday));
}

/** The season begins: two weeks before `origin` a tenth of the traffic of today, growing by the same share each day. */
export function season(at: number, origin: number): number {
  return Math.min(1, 10 ** ((at - origin) / (14 * 86_400_000)));
}

/** All incidents that touch [from, to), repeated ones unrolled; `origin` is the first start of the simulator. */
export function placeIncidents(planned: readonly PlannedIncident[], origin: number, from: number, to: number): PlacedIncident[] {
  return planned.flatMap((incident) => {
    const first = origin - incident.ago + (incident.starts ?? 0);
    if (incident.every === undefined) return within(place(incident, first), from, to);
    const skipped = Math.max(0, Math.floor((from - first - incident.lasts) / incident.every));
    const placed: PlacedIncident[] = [];
    for (let begin = first + skipped * incident.every; begin < to; begin += incident.every)
      placed.push(...within(place(incident, begin), from, to));
    return placed;
  });
}

/** The same numbers for the same seed, so that two runs of the history tell the same story. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 4_294_967_296;
  };
}

function place(incident: PlannedIncident, from: number): PlacedIncident {
  return { ...incident, from, to: from + incident.lasts };
}

function within(incident: PlacedIncident, from: number, to: number): PlacedIncident[] {
  return incident.to > from && incident.from < to ? [incident] : [];
}
