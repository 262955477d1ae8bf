import { importRecords, recordsTold, type DeliveryRecord } from "@roadbed/contracts/product";
import { handle, type Ctx, type Handler } from "@roadbed/core";

import type { ProductDeps, ThingsSeen } from "../deps.ts";
import { saveRecord, type Outcome } from "./record-store.ts";

/** Nothing happened earlier, and clocks run ahead by a few minutes at most. */
const EARLIEST = Date.UTC(2000, 0, 1);
const AHEAD_MS = 300_000;

/** Takes in what others know of deliveries. What is about something that the teller cannot see is not taken, as if it were not there. */
export function makeImportRecords({ things }: Pick<ProductDeps, "things">): Handler {
  return handle(importRecords, async (ctx, { source, records, sample }) => {
    const seen = await things.seenBy(ctx);
    const counts: Record<Outcome, number> = { made: 0, changed: 0, unchanged: 0 };
    const skipped: { key: string; reason: string }[] = [];
    for (const record of records) {
      const reason = refuse(ctx, seen, record);
      if (reason === undefined) counts[await saveRecord(ctx, record, { source, sample })]++;
      else skipped.push({ key: record.key, reason });
    }
    if (counts.made + counts.changed > 0) ctx.emit(recordsTold, source, { source, made: counts.made, changed: counts.changed });
    return { ...counts, skipped };
  });
}

function refuse(ctx: Ctx, seen: ThingsSeen, record: DeliveryRecord): string | undefined {
  if (record.entityRef !== undefined && seen.get(record.entityRef) === undefined) return `there is no ${record.entityRef}`;
  const latest = ctx.now().getTime() + AHEAD_MS;
  for (const [field, value] of Object.entries(record)) {
    if (!field.endsWith("At") || typeof value !== "string") continue;
    const time = Date.parse(value);
    if (time > latest) return `${field} lies in the future`;
    if (time < EARLIEST) return `${field} lies before the year 2000`;
  }
  return undefined;
}
