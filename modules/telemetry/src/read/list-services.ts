import type { ClickHouse } from "@roadbed/clickhouse";
import { listServices, type ServiceRow } from "@roadbed/contracts/telemetry";
import { encodeCursor, handle, readCursor, type Ctx, type Handler } from "@roadbed/core";
import { z } from "zod";

import { countOpenIncidents } from "../incident/count-open.ts";
import { readRed, redQuery } from "./red.ts";
import { serviceRows } from "./service-rows.ts";
import { alignWindow, resolveWindow, type Window } from "./window.ts";

const Cursor = z.object({ after: z.string() });
const MINUTE = 60;

export function makeListServices(clickhouse: ClickHouse): Handler {
  return handle(listServices, async (ctx, { limit, cursor, ...input }) => {
    const window = alignWindow(resolveWindow(input, ctx.now()), MINUTE, ctx.now());
    const rows = await readServices(ctx, clickhouse, window);
    const after = readCursor(Cursor, cursor)?.after;
    const rest = after === undefined ? rows : rows.filter(({ service }) => service > after);
    const items = rest.slice(0, limit);
    const last = items.at(-1);
    return {
      items,
      total: rows.length,
      ...(rest.length > limit && last !== undefined ? { nextCursor: encodeCursor({ after: last.service }) } : {}),
    };
  });
}

/** Health and figures of all services seen in the window, or of the named ones, seen or not; by name. */
export async function readServices(ctx: Ctx, clickhouse: ClickHouse, window: Window, services?: readonly string[]): Promise<ServiceRow[]> {
  const [rows, incidents] = await Promise.all([
    readRed(clickhouse, redQuery({ window, services, source: "minutes" }), listServices.name, ctx.signal),
    countOpenIncidents(ctx.sql),
  ]);
  return serviceRows(rows, incidents, window, services);
}
