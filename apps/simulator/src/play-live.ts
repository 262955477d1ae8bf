import { setTimeout as pause } from "node:timers/promises";

import type { Exporters } from "./exporters.ts";
import type { Estate, FlowNode } from "./flows.ts";
import { busyness, placeIncidents } from "./load.ts";
import { playFlow } from "./play-flow.ts";

const FLUSH_EVERY_MS = 2_000;

/** Plays requests as they would come now, until `signal` says stop. */
export async function playLive(o: { estate: Estate; exporters: Exporters; origin: number; signal: AbortSignal }): Promise<void> {
  const due = o.estate.flows.map((flow) => ({ flow, at: Date.now() + Math.random() * 5_000 }));
  while (!o.signal.aborted) {
    const now = Date.now();
    const stage = {
      exporters: o.exporters,
      random: Math.random,
      incidents: placeIncidents(o.estate.incidents, o.origin, now - 60_000, now + 60_000),
    };
    for (const entry of due) {
      while (entry.at <= now) {
        playFlow(stage, entry.flow.root, entry.at - longest(entry.flow.root));
        entry.at += -Math.log(1 - Math.random()) / ((entry.flow.perMinute * o.estate.scale * busyness(now)) / 60_000);
      }
    }
    await o.exporters.flush();
    await pause(FLUSH_EVERY_MS, undefined, { signal: o.signal }).catch(() => {});
  }
}

/** A request is told when it has ended, so it began about this long ago. */
function longest(node: FlowNode): number {
  return node.ms + node.calls.reduce((sum, call) => sum + longest(call), 0);
}
