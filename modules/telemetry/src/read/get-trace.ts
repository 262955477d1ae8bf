import type { ClickHouse } from "@roadbed/clickhouse";
import { getTrace, type SpanRow } from "@roadbed/contracts/telemetry";
import { handle, NotFoundError, type Handler } from "@roadbed/core";

import { waterfall } from "./waterfall.ts";
import { sqlTime } from "./window.ts";

const MOST_SPANS = 5_000;
const HOUR_MS = 3_600_000;
/** The index of trace ids is read for the whole time that is searched, so begin with little. */
const AROUND_HOURS = [1, 24, 24 * 400] as const;
const BACK_HOURS = [2, 48, 24 * 400] as const;

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
  async function findSpans(id: string, about: Date, known: boolean, signal: AbortSignal): Promise<StoredSpan[]> {
    for (const hours of known ? AROUND_HOURS : BACK_HOURS) {
      const params = {
        id,
        limit: MOST_SPANS + 1,
        from: sqlTime(new Date(about.getTime() - hours * HOUR_MS)),
        to: sqlTime(new Date(about.getTime() + (known ? hours : BACK_HOURS[0]) * HOUR_MS)),
      };
      const rows = await clickhouse.query<StoredSpan>(SPANS, { params, who: getTrace.name, signal });
      if (rows.length > 0) return rows;
    }
    return [];
  }

  return handle(getTrace, async (ctx, { traceId, at }) => {
    const rows = await findSpans(traceId, at === undefined ? ctx.now() : new Date(at), at !== undefined, ctx.signal);
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
    and time >= {from:DateTime64(3, 'UTC')} and time < {to:DateTime64(3, 'UTC')}
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
