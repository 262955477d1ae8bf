import { setTimeout as pause } from "node:timers/promises";

import { importRecords } from "@roadbed/contracts/product";
import type { Client } from "@roadbed/face-client";

import { deliveriesBetween } from "./deliveries.ts";

const DAY = 86_400_000;
/** Fourteen weeks: a quarter, and the deployment before its first. */
const BACK_MS = 98 * DAY;
const EVERY_MS = 300_000;
const AGAIN_MS = 10_000;
const AT_ONCE = 250;

/**
 * Tells what the teams of the estate deployed, changed and had to mend, by the door by which anybody tells it. Every start tells all of it
 * again: what is known already stays as it is.
 */
export async function keepDeliveries(o: {
  readonly client: Client;
  readonly services: readonly string[];
  readonly origin: number;
  readonly signal: AbortSignal;
}): Promise<void> {
  let toldTo = Date.now() - BACK_MS;
  while (!o.signal.aborted) {
    const now = Date.now();
    try {
      const records = deliveriesBetween({ ...o, from: toldTo, to: now });
      for (let at = 0; at < records.length && !o.signal.aborted; at += AT_ONCE) {
        await o.client.call(importRecords, { source: "sample", records: records.slice(at, at + AT_ONCE), sample: true });
      }
      toldTo = now;
    } catch {
      // The server may still be starting.
      await pause(AGAIN_MS, undefined, { signal: o.signal }).catch(() => {});
      continue;
    }
    await pause(EVERY_MS, undefined, { signal: o.signal }).catch(() => {});
  }
}
