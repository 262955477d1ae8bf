import type { ClickHouse } from "@roadbed/clickhouse";
import { listTraces, type TraceRow } from "@roadbed/contracts/telemetry";
import { encodeCursor, handle, readCursor, type Handler, type ParsedInputOf } from "@roadbed/core";
import { z } from "zod";

import { resolveWindow, sqlTime } from "./window.ts";

/** Where the page before ended: the value sorted by, and the trace. */
const Cursor = z.object({ value: z.string().regex(/^\d+$/), traceId: z.string() });

interface Found {
  readonly id: string;
  /** Nanoseconds, as text: 64 bits do not fit a number. */
  readonly value: string;
  /** Milliseconds since 1970. */
  readonly first: number;
}

export function makeListTraces(clickhouse: ClickHouse): Handler {
  return handle(listTraces, async (ctx, input) => {
    const window = resolveWindow(input, ctx.now());
    const o = { who: listTraces.name, signal: ctx.signal };
    const after = readCursor(Cursor, input.cursor);
    const params = {
      from: sqlTime(window.from),
      to: sqlTime(window.to),
      service: input.service,
      operation: input.operation,
      minNs: Math.round((input.minMs ?? 0) * 1e6),
      value: after?.value ?? "0",
      after: after?.traceId ?? "",
      limit: input.limit + 1,
    };
    const found = await clickhouse.query<Found>(findSql(input, after !== undefined), { ...o, params });
    const page = found.slice(0, input.limit);
    const last = page.at(-1);
    const rows = page.length === 0 ? [] : await clickhouse.query<TraceRow>(rowsSql(page), { ...o, params: aroundOf(page) });
    const byId = new Map(rows.map((row) => [row.traceId, row]));
    return {
      items: page.flatMap(({ id }) => byId.get(id) ?? []),
      ...(found.length > input.limit && last !== undefined ? { nextCursor: encodeCursor({ value: last.value, traceId: last.id }) } : {}),
    };
  });
}

/** The traces, and the time in which all their spans are looked for: an hour around what was found of them. */
function aroundOf(page: readonly Found[]): Record<string, unknown> {
  const times = page.map(({ first }) => first);
  return {
    first: sqlTime(new Date(Math.min(...times) - AROUND_MS)),
    last: sqlTime(new Date(Math.max(...times) + AROUND_MS)),
  };
}

const AROUND_MS = 3_600_000;
const ROOT = "parent_span_id = toFixedString('', 8)";

/** Traces with a span that fits. Without a service, operation or error to look for, that is the root. */
function findSql(input: ParsedInputOf<typeof listTraces>, paged: boolean): string {
  const anySpan = input.service !== undefined || input.operation !== undefined || input.errors === true;
  const conditions = [
    "time >= {from:DateTime64(3, 'UTC')} and time < {to:DateTime64(3, 'UTC')}",
    ...(anySpan ? [] : [ROOT]),
    ...(input.service === undefined ? [] : ["service = {service:String}"]),
    ...(input.operation === undefined ? [] : ["name = {operation:String}"]),
    ...(input.errors === true ? ["status = 'error'"] : []),
    ...(input.minMs === undefined ? [] : ["duration_ns >= {minNs:UInt64}"]),
  ];
  const value = input.sort === "slowest" ? "max(duration_ns)" : "toUInt64(toUnixTimestamp64Nano(min(time)))";
  const without = input.errors === false ? ["countIf(status = 'error') = 0"] : [];
  const having = [...without, ...(paged ? ["(v, id) < ({value:UInt64}, {after:String})"] : [])];
  return `
    select lower(hex(trace_id)) as id, ${value} as v, toString(v) as value, toUnixTimestamp64Milli(min(time)) as first
    from spans
    where ${conditions.join(" and ")}
    group by trace_id
    ${having.length === 0 ? "" : `having ${having.join(" and ")}`}
    order by v desc, id desc
    limit {limit:UInt32}`;
}

/** What a trace is, from all its spans: the root is the earliest span without a parent, or else the earliest. */
function rowsSql(page: readonly Found[]): string {
  // In the text and not a parameter: parameters travel in the address, where 500 of them have no room. They are hex, made by the store.
  const ids = page.map(({ id }) => `unhex('${id}')`).join(", ");
  return `
  select
    lower(hex(trace_id)) as traceId,
    argMin(service, (not ${ROOT}, time)) as rootService,
    argMin(name, (not ${ROOT}, time)) as rootName,
    formatDateTime(min(time), '%FT%T.%fZ', 'UTC') as at,
    (max(toUnixTimestamp64Nano(time) + duration_ns) - toUnixTimestamp64Nano(min(time))) / 1e6 as durationMs,
    count() as spans,
    countIf(status = 'error') as errors,
    arraySort(groupUniqArray(toString(service))) as services
  from spans
  where trace_id in (${ids})
    and time >= {first:DateTime64(3, 'UTC')} and time < {last:DateTime64(3, 'UTC')}
  group by trace_id`;
}
