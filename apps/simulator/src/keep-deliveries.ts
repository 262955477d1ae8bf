import { importRecords } from "@roadbed/contracts/product";
import type { Client } from "@roadbed/face-client";

import { deliveriesBetween } from "./deliveries.ts";
import { keepTelling } from "./keep-telling.ts";

const DAY = 86_400_000;
/** Fourteen weeks: a quarter, and the deployment before its first. */
const BACK_MS = 98 * DAY;
const EVERY_MS = 300_000;
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
  const tell = async (from: number, to: number): Promise<void> => {
    const records = deliveriesBetween({ ...o, from, to });
    for (let at = 0; at < records.length && !o.signal.aborted; at += AT_ONCE)
      await o.client.call(importRecords, { source: "sample", records: records.slice(at, at + AT_ONCE), sample: true });
  };
  await keepTelling({ backMs: BACK_MS, everyMs: EVERY_MS, signal: o.signal, tell });
}
