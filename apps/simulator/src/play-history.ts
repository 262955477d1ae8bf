import { setTimeout as pause } from "node:timers/promises";

import type { Exporters } from "./exporters.ts";
import type { Estate } from "./flows.ts";
import { busyness, placeIncidents, season, seededRandom } from "./load.ts";
import { playFlow, type Stage } from "./play-flow.ts";

const HOUR = 3_600_000;
/** Small enough to be stored quickly, large enough to be cheap. */
const FLUSH_AT = 12_000;
/** How much is told again after an end in the middle, at most. */
const BLOCK_HOURS = 8;

/** Plays [from, to) hour by hour, the newest first, so that the last hours can be looked at at once. */
export async function playHistory(o: {
  estate: Estate;
  exporters: Exporters;
  origin: number;
  from: number;
  to: number;
  signal: AbortSignal;
  said: (from: number) => void;
}): Promise<void> {
  for (let end = o.to; end > o.from && !o.signal.aborted; end -= HOUR) {
    const begin = Math.max(o.from, end - HOUR);
    const stage: Stage = {
      exporters: o.exporters,
      random: seededRandom(Math.floor(begin / 1000)),
      incidents: placeIncidents(o.estate.incidents, o.origin, begin, end),
    };
    await playSlice(stage, o.estate, o.origin, begin, end);
    // The newest hour at once, the others in blocks worth the store's while; said is only what is stored.
    const hours = (o.to - begin) / HOUR;
    if (hours > 1 && begin > o.from && Math.floor(hours) % BLOCK_HOURS !== 0) continue;
    await o.exporters.flush();
    o.said(begin);
  }
  await o.exporters.flush();
}

async function playSlice(stage: Stage, estate: Estate, origin: number, from: number, to: number): Promise<void> {
  for (const flow of estate.flows) {
    let at = from;
    for (;;) {
      const perMs = (flow.perMinute * estate.scale * busyness(at) * season(at, origin)) / 60_000;
      at += -Math.log(1 - stage.random()) / perMs;
      if (at >= to) break;
      playFlow(stage, flow.root, at);
      if (stage.exporters.waiting() >= FLUSH_AT) await stage.exporters.flush();
    }
  }
  await pause(5); // the machine belongs to the person at the screen first
}
