import type { ClickHouse } from "@roadbed/clickhouse";

import { sqlTime, type Window } from "../read/window.ts";

/** One end works with the other, counted over a window. Names are those of telemetry; who has them is the catalogue's to know. */
export interface ObservedCall {
  readonly from: string;
  /** Names of the other end, best first: what was called may be known by its service, its address or its database. */
  readonly to: readonly string[];
  /** `calls`: asks and waits; `sends`: a message, nobody waits; `uses`: a store or a queue that sends no spans of its own. */
  readonly type: "calls" | "sends" | "uses";
  readonly calls: number;
  readonly errors: number;
  readonly p95Ms: number | undefined;
  readonly lastSeen: Date;
  /** A trace in which it can be looked at. */
  readonly traceId: string;
  readonly sample: boolean;
}

/** Above this many spans, whole traces are left out and the counts scaled up: a join over all would not fit in memory. */
const MOST_SPANS = 1_000_000;
const MOST_ROWS = 20_000;
const WHO = "telemetry.calls";

/** Who worked with whom in a window, from spans that know their parent and from clients that name what they called. */
export async function readCalls(clickhouse: ClickHouse, window: Window, signal: AbortSignal): Promise<ObservedCall[]> {
  const params = { from: sqlTime(window.from), to: sqlTime(window.to) };
  const [size] = await clickhouse.query<{ n: number }>(COUNT, { who: WHO, signal, params });
  const every = Math.max(1, Math.ceil((size?.n ?? 0) / MOST_SPANS));
  if ((size?.n ?? 0) === 0) return [];
  const [seen, told] = await Promise.all([
    clickhouse.query<CallRow>(SEEN, { who: WHO, signal, params: { ...params, every } }),
    clickhouse.query<CallRow>(TOLD, { who: WHO, signal, params }),
  ]);
  const known = new Set(seen.map(({ from, to }) => JSON.stringify([from, to[0]])));
  // What both ends tell is counted where it arrives; the caller's word counts for what sends no spans.
  return [...seen, ...told.filter(({ from, to }) => !to.some((name) => known.has(JSON.stringify([from, name]))))].map(toCall);
}

/** A service that sent something, and when. */
export interface Sender {
  readonly service: string;
  readonly firstSeen: Date;
  readonly lastSeen: Date;
  readonly sample: boolean;
}

/** Every service that sent a span in the window. */
export async function readSenders(clickhouse: ClickHouse, window: Window, signal: AbortSignal): Promise<Sender[]> {
  const rows = await clickhouse.query<{ service: string; first: number; last: number; sample: boolean }>(SENDERS, {
    who: WHO,
    signal,
    params: { from: sqlTime(window.from), to: sqlTime(window.to) },
  });
  return rows.map(({ service, first, last, sample }) => ({
    service,
    firstSeen: new Date(first * 1_000),
    lastSeen: new Date(last * 1_000),
    sample,
  }));
}

/** How many spans each hour of a window holds by now: what arrives late shows as a number that has grown. Hours without spans are left out. */
export async function countSpansByHour(
  clickhouse: ClickHouse,
  window: Window,
  signal: AbortSignal,
): Promise<{ readonly hour: Date; readonly spans: number }[]> {
  const rows = await clickhouse.query<{ hour: number; spans: number }>(HOURS, {
    who: WHO,
    signal,
    params: { from: sqlTime(window.from), to: sqlTime(window.to) },
  });
  return rows.map(({ hour, spans }) => ({ hour: new Date(hour * 1_000), spans }));
}

/** The callers that reached one version of a service in a window, with how often. */
export async function readCallersOfVersion(
  clickhouse: ClickHouse,
  o: Window & { readonly service: string; readonly version: string },
  signal: AbortSignal,
): Promise<{ readonly from: string; readonly calls: number; readonly errors: number }[]> {
  return clickhouse.query(CALLERS_OF_VERSION, {
    who: WHO,
    signal,
    params: { from: sqlTime(o.from), to: sqlTime(o.to), service: o.service, version: o.version },
  });
}

interface CallRow {
  readonly from: string;
  readonly to: readonly string[];
  readonly type: ObservedCall["type"];
  readonly calls: number;
  readonly errors: number;
  readonly p95: number | null;
  readonly last: number;
  readonly trace: string;
  readonly sample: boolean;
}

function toCall({ p95, last, trace, ...row }: CallRow): ObservedCall {
  return { ...row, p95Ms: p95 ?? undefined, lastSeen: new Date(last), traceId: trace };
}

const MINUTES = "minute >= toStartOfMinute({from:DateTime64(3, 'UTC')}) and minute < {to:DateTime64(3, 'UTC')} and source <= 'inner'";
const WITHIN = "time >= {from:DateTime64(3, 'UTC')} and time < {to:DateTime64(3, 'UTC')}";

const COUNT = `select sum(requests) as n from red_minute where ${MINUTES}`;

const HOURS = `
  select toUnixTimestamp(toStartOfHour(minute)) as hour, sum(requests) as spans
  from red_minute where ${MINUTES} group by hour order by hour desc`;

const SENDERS = `
  select service, toUnixTimestamp(min(minute)) as first, toUnixTimestamp(max(toDateTime(last, 'UTC'))) as last, min(sample) as sample
  from red_minute where ${MINUTES} and service != '' group by service order by service limit ${MOST_ROWS}`;

/** A span whose parent belongs to another service. The parent began up to an hour before. */
const SEEN = `
  select
    caller.service as \`from\`,
    [callee.service] as \`to\`,
    if(callee.kind = 'consumer', 'sends', 'calls') as type,
    count() * {every:UInt32} as calls,
    countIf(callee.status = 'error') * {every:UInt32} as errors,
    quantileTDigest(0.95)(toFloat32(callee.duration_ns / 1e6)) as p95,
    toUnixTimestamp64Milli(max(callee.time)) as last,
    lower(hex(argMax(callee.trace_id, callee.time))) as trace,
    min(callee.sample and caller.sample) as sample
  from (
    select trace_id, parent_span_id, service, kind, status, duration_ns, time, sample from spans
    where ${WITHIN} and parent_span_id != toFixedString('', 8) and cityHash64(trace_id) % {every:UInt32} = 0
  ) as callee
  global inner join (
    select trace_id, span_id, service, sample from spans
    where time >= {from:DateTime64(3, 'UTC')} - toIntervalHour(1) and time < {to:DateTime64(3, 'UTC')}
      and cityHash64(trace_id) % {every:UInt32} = 0
  ) as caller on callee.trace_id = caller.trace_id and callee.parent_span_id = caller.span_id
  where caller.service != callee.service and caller.service != '' and callee.service != ''
  group by \`from\`, \`to\`, type
  order by calls desc
  limit ${MOST_ROWS}`;

/**
 * What only the caller tells of. A store is named by its address, its first label or its database; a queue by its name, from both
 * of its ends. Other clients count only where they name the peer: an address alone is no service.
 */
const TOLD = `
  with
    if(attributes['server.address'] != '', attributes['server.address'], attributes['net.peer.name']) as address,
    attributes['db.system.name'] != '' or attributes['db.system'] != '' as store,
    if(attributes['messaging.destination.name'] != '', attributes['messaging.destination.name'], attributes['messaging.destination']) as queue,
    arrayDistinct(arrayFilter(name -> name != '', if(store,
      [attributes['peer.service'], address, if(match(address, '^[0-9.:]*$'), '', splitByChar('.', address)[1]), attributes['db.namespace'], attributes['db.name']],
      if(queue != '', [queue], [attributes['peer.service']])))) as names
  select
    service as \`from\`,
    names as \`to\`,
    multiIf(store or queue != '', 'uses', kind = 'producer', 'sends', 'calls') as type,
    count() as calls,
    countIf(status = 'error') as errors,
    quantileTDigest(0.95)(toFloat32(duration_ns / 1e6)) as p95,
    toUnixTimestamp64Milli(max(time)) as last,
    lower(hex(argMax(trace_id, time))) as trace,
    min(sample) as sample
  from spans
  where ${WITHIN} and service != '' and (kind in ('client', 'producer') or (kind = 'consumer' and queue != ''))
    and length(names) > 0 and names[1] != service
  group by \`from\`, \`to\`, type
  order by calls desc
  limit ${MOST_ROWS}`;

const CALLERS_OF_VERSION = `
  select caller.service as \`from\`, count() as calls, countIf(callee.status = 'error') as errors
  from (
    select trace_id, parent_span_id, status from spans
    where service = {service:String} and ${WITHIN} and JSONExtractString(resource, 'service.version') = {version:String}
      and parent_span_id != toFixedString('', 8)
    limit ${MOST_SPANS}
  ) as callee
  global inner join (
    select trace_id, span_id, service from spans
    where time >= {from:DateTime64(3, 'UTC')} - toIntervalHour(1) and time < {to:DateTime64(3, 'UTC')} and service != {service:String}
  ) as caller on callee.trace_id = caller.trace_id and callee.parent_span_id = caller.span_id
  group by \`from\` order by calls desc limit 1000`;
