import type { ClickHouse } from "@roadbed/clickhouse";
import { getTrace, type SpanRow } from "@roadbed/contracts/telemetry";
import { handle, NotFoundError, type Handler } from "@roadbed/core";

import { waterfall } from "./waterfall.ts";
import { sqlTime } from "./window.ts";

const MOST_SPANS = 5_000;
const AROUND_MS = 24 * 3_600_000;

interface StoredSpan {
  readonly spanId: string;
  readonly parent: string;
  readonly service: string;
  readonly name: string;
  readonly kind: string;
  /** Nanoseconds since 1970, as text. */
  readonly ns: string;
  readonly durationUs: number;
  readonly status: SpanRow["status"];
  readonly message: string;
  readonly attributes: Record<string, string>;
  readonly eventNs: readonly string[];
  readonly eventNames: readonly string[];
  readonly eventAttributes: readonly Record<string, string>[];
}

export function makeGetTrace(clickhouse: ClickHouse): Handler {
  return handle(getTrace, async (ctx, { traceId, at }) => {
    const about = at === undefined ? undefined : new Date(at).getTime();
    const params = {
      id: traceId,
      limit: MOST_SPANS + 1,
      from: sqlTime(new Date(about === undefined ? 0 : about - AROUND_MS)),
      to: sqlTime(about === undefined ? new Date("2100-01-01") : new Date(about + AROUND_MS)),
    };
    const rows = await clickhouse.query<StoredSpan>(SPANS, { params, who: getTrace.name, signal: ctx.signal });
    const [first] = rows;
    if (first === undefined) throw new NotFoundError("trace", traceId, "It may be older than the retention, or not have arrived yet.");
    const begin = BigInt(first.ns);
    const spans = rows.slice(0, MOST_SPANS).map((row) => toSpan(row, begin));
    return {
      traceId,
      at: new Date(Number(begin / 1_000_000n)).toISOString(),
      durationUs: Math.max(...spans.map(({ offsetUs, durationUs }) => offsetUs + durationUs)),
      spans: waterfall(spans),
      truncated: rows.length > MOST_SPANS,
    };
  });
}

/** `trace_time` narrows the search to the parts of the table that hold the trace. */
const SPANS = `
  with toFixedString(unhex({id:String}), 16) as wanted
  select
    lower(hex(span_id)) as spanId,
    lower(hex(parent_span_id)) as parent,
    service,
    name,
    toString(kind) as kind,
    toString(toUnixTimestamp64Nano(time)) as ns,
    duration_ns / 1e3 as durationUs,
    toString(status) as status,
    status_message as message,
    attributes,
    arrayMap(t -> toString(toUnixTimestamp64Nano(t)), event_time) as eventNs,
    event_name as eventNames,
    event_attributes as eventAttributes
  from spans
  where trace_id = wanted
    and time >= (select min(first) from trace_time where trace_id = wanted and day >= toDate({from:DateTime64(3, 'UTC')}))
    and time <= (select max(last) from trace_time where trace_id = wanted and day <= toDate({to:DateTime64(3, 'UTC')}))
  order by time, span_id
  limit {limit:UInt32}`;

const NO_PARENT = "0".repeat(16);

function toSpan(row: StoredSpan, begin: bigint): SpanRow {
  const offsetOf = (ns: string) => Number(BigInt(ns) - begin) / 1e3;
  return {
    spanId: row.spanId,
    ...(row.parent === NO_PARENT ? {} : { parentSpanId: row.parent }),
    service: row.service,
    name: row.name,
    kind: row.kind,
    offsetUs: offsetOf(row.ns),
    durationUs: row.durationUs,
    status: row.status,
    ...(row.message === "" ? {} : { statusMessage: row.message }),
    attributes: row.attributes,
    events: row.eventNs.map((ns, i) => ({
      name: row.eventNames[i] ?? "",
      offsetUs: offsetOf(ns),
      attributes: row.eventAttributes[i] ?? {},
    })),
  };
}
