import type { ClickHouse } from "@roadbed/clickhouse";
import { listServiceEdges } from "@roadbed/contracts/telemetry";
import { handle, type Handler } from "@roadbed/core";

import { resolveWindow, sqlTime } from "./window.ts";

/** Above this many spans, whole traces are left out and the counts scaled up: a join over all would not fit in memory. */
const MOST_SPANS = 1_000_000;

interface EdgeRow {
  readonly from: string;
  readonly to: string;
  readonly requests: number;
  readonly errors: number;
  readonly p95: number | null;
}

export function makeListServiceEdges(clickhouse: ClickHouse): Handler {
  return handle(listServiceEdges, async (ctx, { service, ...input }) => {
    const window = resolveWindow(input, ctx.now());
    const o = { who: listServiceEdges.name, signal: ctx.signal };
    const params = { from: sqlTime(window.from), to: sqlTime(window.to), service: service ?? "" };
    const [size] = await clickhouse.query<{ n: number }>(COUNT, { ...o, params });
    const every = Math.max(1, Math.ceil((size?.n ?? 0) / MOST_SPANS));
    const [seen, told] = await Promise.all([
      clickhouse.query<EdgeRow>(SEEN, { ...o, params: { ...params, every } }),
      clickhouse.query<EdgeRow>(TOLD, { ...o, params }),
    ]);
    const known = new Set(seen.map(pairOf));
    const edges = [...seen, ...told.filter((edge) => !known.has(pairOf(edge)))];
    return {
      items: edges.map(({ p95, ...edge }) => ({ ...edge, ...(p95 === null ? {} : { p95Ms: p95 }) })),
    };
  });
}

const WITHIN = "time >= {from:DateTime64(3, 'UTC')} and time < {to:DateTime64(3, 'UTC')}";

const COUNT = `
  select sum(requests) as n from red_minute
  where minute >= toStartOfMinute({from:DateTime64(3, 'UTC')}) and minute < {to:DateTime64(3, 'UTC')} and source <= 'inner'`;

/** Calls seen from both sides: a span whose parent belongs to another service. The parent began up to an hour before. */
const SEEN = `
  select
    caller.service as \`from\`,
    callee.service as \`to\`,
    count() * {every:UInt32} as requests,
    countIf(callee.status = 'error') * {every:UInt32} as errors,
    quantileTDigest(0.95)(toFloat32(callee.duration_ns / 1e6)) as p95
  from (
    select trace_id, parent_span_id, service, status, duration_ns from spans
    where ${WITHIN} and parent_span_id != toFixedString('', 8) and cityHash64(trace_id) % {every:UInt32} = 0
  ) as callee
  global inner join (
    select trace_id, span_id, service from spans
    where time >= {from:DateTime64(3, 'UTC')} - toIntervalHour(1) and time < {to:DateTime64(3, 'UTC')}
      and cityHash64(trace_id) % {every:UInt32} = 0
  ) as caller on callee.trace_id = caller.trace_id and callee.parent_span_id = caller.span_id
  where caller.service != callee.service
    and ({service:String} = '' or caller.service = {service:String} or callee.service = {service:String})
  group by \`from\`, \`to\`
  order by requests desc
  limit 20000`;

/** Calls that only the caller tells of: what it called sends no spans. */
const TOLD = `
  select
    service as \`from\`,
    attributes['peer.service'] as \`to\`,
    count() as requests,
    countIf(status = 'error') as errors,
    quantileTDigest(0.95)(toFloat32(duration_ns / 1e6)) as p95
  from spans
  where ${WITHIN} and kind in ('client', 'producer') and \`to\` != '' and \`to\` != service
    and ({service:String} = '' or service = {service:String} or \`to\` = {service:String})
  group by \`from\`, \`to\`
  order by requests desc
  limit 20000`;

function pairOf({ from, to }: EdgeRow): string {
  return JSON.stringify([from, to]);
}
