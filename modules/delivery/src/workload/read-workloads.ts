import { getWorkloadLogs, listWorkloads } from "@roadbed/contracts/delivery";
import { encodeCursor, handle, readCursor, type Handler } from "@roadbed/core";
import { z } from "zod";

import type { DeliveryDeps } from "../deps.ts";
import type { LocalRuntime } from "../runtime/local-runtime.ts";
import { known } from "./change-workload.ts";
import { findWorkload, listWorkloadRecords, toWorkload } from "./workload-store.ts";

const Position = z.tuple([z.string(), z.string()]);

export function makeWorkloadReaders({ routerUrl }: DeliveryDeps, local: LocalRuntime): Handler[] {
  return [
    handle(listWorkloads, async (ctx, { limit, cursor, entityRef, environment }) => {
      const after = readCursor(Position, cursor);
      const records = await listWorkloadRecords(ctx.sql, { entityRef: entityRef?.toLowerCase(), environment, after, limit: limit + 1 });
      const items = records.slice(0, limit).map((record) => toWorkload(record, routerUrl));
      const last = items.at(-1);
      return { items, ...(records.length > limit && last ? { nextCursor: encodeCursor([last.entityRef, last.environment]) } : {}) };
    }),
    handle(getWorkloadLogs, async (ctx, { entityRef, environment, after, waitMs, limit }) => {
      const record = known(await findWorkload(ctx.sql, entityRef, environment), entityRef, environment);
      const ended = record.desired === "stopped" && record.health === "stopped";
      const log = await local.logOf(record.key);
      const { items, next } = await log.read({ after, limit, waitMs: ended ? 0 : waitMs, signal: ctx.signal });
      return { items, next, done: ended && items.length === 0 };
    }),
  ];
}
