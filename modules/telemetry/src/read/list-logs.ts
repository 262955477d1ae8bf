import type { ClickHouse } from "@roadbed/clickhouse";
import { listLogs } from "@roadbed/contracts/telemetry";
import { encodeCursor, handle, readCursor, type Handler, type ParsedInputOf } from "@roadbed/core";
import { z } from "zod";

import { resolveWindow, sqlTime } from "./window.ts";

/** Records have no id: the page begins at a time, after so many records of that very time. */
const Cursor = z.object({ ns: z.string().regex(/^\d+$/), skip: z.number().int().min(0) });
type Position = z.infer<typeof Cursor>;

/** The first severity number of each range of OpenTelemetry. */
const FLOORS = { trace: 1, debug: 5, info: 9, warn: 13, error: 17, fatal: 21 } as const;
const NAMES = ["unset", ...Object.keys(FLOORS)];
const RANGE = 4;

interface StoredLog {
  readonly ns: string;
  readonly at: string;
  readonly service: string;
  readonly number: number;
  readonly text: string;
  readonly body: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: Record<string, string>;
}

export function makeListLogs(clickhouse: ClickHouse): Handler {
  return handle(listLogs, async (ctx, input) => {
    const window = resolveWindow(input, ctx.now());
    const after = readCursor(Cursor, input.cursor);
    const params = {
      from: sqlTime(window.from),
      to: sqlTime(window.to),
      service: input.service,
      trace: input.traceId,
      severity: input.minSeverity === undefined ? 0 : FLOORS[input.minSeverity],
      text: input.text,
      ns: after?.ns ?? "0",
      skip: after?.skip ?? 0,
      limit: input.limit + 1,
    };
    const rows = await clickhouse.query<StoredLog>(logsSql(input, after), { params, who: listLogs.name, signal: ctx.signal });
    const page = rows.slice(0, input.limit);
    return {
      items: page.map(toLog),
      ...(rows.length > input.limit ? { nextCursor: encodeCursor(positionAfter(page, after)) } : {}),
    };
  });
}

function logsSql(input: ParsedInputOf<typeof listLogs>, after: Position | undefined): string {
  const conditions = [
    "time >= {from:DateTime64(3, 'UTC')} and time < {to:DateTime64(3, 'UTC')}",
    ...(input.service === undefined ? [] : ["service = {service:String}"]),
    ...(input.traceId === undefined ? [] : ["trace_id = toFixedString(unhex({trace:String}), 16)"]),
    ...(input.minSeverity === undefined ? [] : ["severity >= {severity:UInt8}"]),
    ...(input.text === undefined ? [] : ["positionCaseInsensitiveUTF8(body, {text:String}) > 0"]),
    ...(after === undefined ? [] : ["time <= fromUnixTimestamp64Nano(toInt64({ns:UInt64}), 'UTC')"]),
  ];
  return `
    select
      toString(toUnixTimestamp64Nano(time)) as ns,
      formatDateTime(time, '%FT%T.%fZ', 'UTC') as at,
      service,
      severity as number,
      severity_text as text,
      body,
      lower(hex(trace_id)) as traceId,
      lower(hex(span_id)) as spanId,
      attributes
    from logs
    where ${conditions.join(" and ")}
    order by time desc, service, span_id, body
    limit {skip:UInt32}, {limit:UInt32}`;
}

/** Continues at the time of the last record, behind those of the same time that were shown. */
function positionAfter(page: readonly StoredLog[], before: Position | undefined): Position {
  const ns = page.at(-1)?.ns ?? "0";
  const shown = page.filter((row) => row.ns === ns).length;
  return { ns, skip: shown + (before?.ns === ns ? before.skip : 0) };
}

function toLog(row: StoredLog): {
  at: string;
  service: string;
  severity: string;
  body: string;
  traceId?: string;
  spanId?: string;
  attributes: Record<string, string>;
} {
  return {
    at: row.at,
    service: row.service,
    severity: NAMES[Math.ceil(row.number / RANGE)] ?? (row.text.toLowerCase() || "unset"),
    body: row.body,
    ...(/^0+$/.test(row.traceId) ? {} : { traceId: row.traceId }),
    ...(/^0+$/.test(row.spanId) ? {} : { spanId: row.spanId }),
    attributes: row.attributes,
  };
}
