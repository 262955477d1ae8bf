import type { Sql } from "@roadbed/core";
import type { Database } from "@roadbed/postgres";

import type { Observations, ObservedCall } from "./observations.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** As long as traces are kept. */
export const WATCHED_DAYS = 30;
/** Figures of single hours are kept so long; when an edge was first and last seen is kept longer. */
const HOURS_DAYS = 7;
const FORGET_DAYS = 90;
/** Hours per run: the first reading of a month leaves room for others in between. */
const MOST_HOURS = 24;
const RECENT = 3 * HOUR;

export interface FoldOptions {
  readonly db: Database;
  readonly observations: Observations;
  readonly now: Date;
  readonly signal: AbortSignal;
  /** Looks at all hours of which traces are kept, not only at the last ones. */
  readonly deep: boolean;
}

/**
 * Brings what is stored of observed relations to what the traces tell. An hour is counted again when it holds another number of
 * spans than when it was counted, so that doing it twice changes nothing and late arrivals are heard. One process at a time does
 * it; another that comes meanwhile leaves. Answers whether hours are left for the next run.
 */
export function foldObservations({ db, observations, now, signal, deep }: FoldOptions): Promise<{ readonly more: boolean }> {
  return db.transaction(async (sql) => {
    const { rows } = await sql.query<{ mine: boolean }>("select pg_try_advisory_xact_lock(7623007) as mine");
    if (rows[0]?.mine !== true) return { more: false };
    const from = floorHour(now.getTime() - (deep ? WATCHED_DAYS * DAY : RECENT));
    const window = { from, to: now };
    const due = await dueHours(sql, await observations.hours(window, signal), window);
    const keepSample = await isSampleLoaded(sql);
    for (const { hour, spans } of due.slice(0, MOST_HOURS)) {
      const calls = await observations.calls({ from: hour, to: new Date(hour.getTime() + HOUR) }, signal);
      await storeHour(
        sql,
        hour,
        calls.filter(({ sample }) => keepSample || !sample),
        now,
      );
      await sql.query(
        "insert into catalog.observed_counted (hour, spans) values ($1, $2) on conflict (hour) do update set spans = excluded.spans",
        [hour, spans],
      );
    }
    if (due.length > 0) {
      await storeSenders(sql, await observations.senders(window, signal), keepSample);
      await prune(sql, now);
    }
    // Also without news: what was called within the last 24 hours changes with the clock.
    await sumUp(sql, now, due.length > 0);
    return { more: due.length > MOST_HOURS };
  });
}

/** What the sample estate's telemetry told goes with it. */
export async function forgetObservedSample(sql: Sql): Promise<void> {
  await sql.query("delete from catalog.observed_relation where sample");
  await sql.query("delete from catalog.observed_service where sample");
  await sql.query("update catalog.observed_clock set version = version + 1");
}

function floorHour(ms: number): Date {
  return new Date(Math.floor(ms / HOUR) * HOUR);
}

/** Hours that hold other than was counted; also those that hold nothing any more. Newest first. */
async function dueHours(
  sql: Sql,
  now: readonly { readonly hour: Date; readonly spans: number }[],
  { from, to }: { readonly from: Date; readonly to: Date },
): Promise<{ readonly hour: Date; readonly spans: number }[]> {
  const { rows } = await sql.query<{ hour: Date; spans: string }>(
    "select hour, spans from catalog.observed_counted where hour >= $1 and hour < $2",
    [from, to],
  );
  const counted = new Map(rows.map(({ hour, spans }) => [hour.getTime(), Number(spans)]));
  const held = new Map(now.map(({ hour, spans }) => [hour.getTime(), spans]));
  const gone = [...counted].filter(([hour, spans]) => spans > 0 && !held.has(hour)).map(([hour]) => ({ hour: new Date(hour), spans: 0 }));
  const grown = now.filter(({ hour, spans }) => counted.get(hour.getTime()) !== spans);
  return [...grown, ...gone].sort((a, b) => b.hour.getTime() - a.hour.getTime());
}

async function isSampleLoaded(sql: Sql): Promise<boolean> {
  return (await sql.query("select 1 from catalog.source where sample limit 1")).rowCount > 0;
}

async function storeHour(sql: Sql, hour: Date, calls: readonly ObservedCall[], now: Date): Promise<void> {
  await sql.query("delete from catalog.observed_hour where hour = $1", [hour]);
  if (calls.length === 0) return;
  const rows = mergeTwins(calls).map(({ from, to, type, calls: n, errors, p95Ms, lastSeen, traceId, sample }) => ({
    from_name: from,
    to_name: to[0],
    to_names: to,
    type,
    calls: n,
    errors,
    p95_ms: p95Ms ?? null,
    last_seen: lastSeen,
    trace_id: traceId,
    sample,
  }));
  await sql.query(
    `with told as (
       select * from jsonb_to_recordset($1::jsonb) as t(from_name text, to_name text, to_names text[], type text, calls bigint,
         errors bigint, p95_ms double precision, last_seen timestamptz, trace_id text, sample boolean)
     ), kept as (
       insert into catalog.observed_relation as r (from_name, to_name, type, to_names, first_seen, last_seen, trace_id, sample)
       select from_name, to_name, type, to_names, $2::timestamptz, last_seen, trace_id, sample from told
       on conflict (from_name, to_name, type) do update set
         to_names = case when excluded.last_seen >= r.last_seen then excluded.to_names else r.to_names end,
         trace_id = case when excluded.last_seen >= r.last_seen then excluded.trace_id else r.trace_id end,
         first_seen = least(r.first_seen, excluded.first_seen),
         last_seen = greatest(r.last_seen, excluded.last_seen),
         sample = r.sample and excluded.sample
       returning id, from_name, to_name, type
     )
     insert into catalog.observed_hour (relation_id, hour, calls, errors, p95_ms)
     select kept.id, $2::timestamptz, told.calls, told.errors, told.p95_ms from kept join told using (from_name, to_name, type)
     where $2::timestamptz >= $3::timestamptz`,
    [JSON.stringify(rows), hour, new Date(now.getTime() - HOURS_DAYS * DAY)],
  );
}

/** The same pair by two sets of names is one row: its counts are added up, the slower quantile stands. */
function mergeTwins(calls: readonly ObservedCall[]): ObservedCall[] {
  const merged = new Map<string, ObservedCall>();
  for (const call of calls) {
    const key = JSON.stringify([call.from, call.to[0], call.type]);
    const known = merged.get(key);
    if (!known) {
      merged.set(key, call);
      continue;
    }
    const newer = known.lastSeen >= call.lastSeen ? known : call;
    merged.set(key, {
      ...newer,
      to: [...new Set([...known.to, ...call.to])],
      calls: known.calls + call.calls,
      errors: known.errors + call.errors,
      p95Ms: Math.max(known.p95Ms ?? 0, call.p95Ms ?? 0) || undefined,
      sample: known.sample && call.sample,
    });
  }
  return [...merged.values()];
}

async function storeSenders(sql: Sql, senders: Awaited<ReturnType<Observations["senders"]>>, keepSample: boolean): Promise<void> {
  const kept = senders.filter(({ sample }) => keepSample || !sample);
  await sql.query(
    `insert into catalog.observed_service as s (name, first_seen, last_seen, sample)
     select * from jsonb_to_recordset($1::jsonb) as t(name text, first_seen timestamptz, last_seen timestamptz, sample boolean)
     on conflict (name) do update set first_seen = least(s.first_seen, excluded.first_seen),
       last_seen = greatest(s.last_seen, excluded.last_seen), sample = s.sample and excluded.sample`,
    [
      JSON.stringify(
        kept.map(({ service, firstSeen, lastSeen, sample }) => ({ name: service, first_seen: firstSeen, last_seen: lastSeen, sample })),
      ),
    ],
  );
}

async function prune(sql: Sql, now: Date): Promise<void> {
  await sql.query("delete from catalog.observed_hour where hour < $1", [new Date(now.getTime() - HOURS_DAYS * DAY)]);
  await sql.query("delete from catalog.observed_counted where hour < $1", [new Date(now.getTime() - (WATCHED_DAYS + 1) * DAY)]);
  await sql.query("delete from catalog.observed_relation where last_seen < $1", [new Date(now.getTime() - FORGET_DAYS * DAY)]);
  await sql.query("delete from catalog.observed_service where last_seen < $1", [new Date(now.getTime() - FORGET_DAYS * DAY)]);
}

/** Figures of the last 24 hours; tells the processes when something is not as it was. */
async function sumUp(sql: Sql, now: Date, news: boolean): Promise<void> {
  const { rowCount } = await sql.query(
    `with day as (
       select relation_id, sum(calls)::bigint as calls, sum(errors)::bigint as errors,
         (array_agg(p95_ms order by hour desc) filter (where p95_ms is not null))[1] as p95_ms
       from catalog.observed_hour where hour > $1 group by relation_id
     )
     update catalog.observed_relation r set calls = coalesce(d.calls, 0), errors = coalesce(d.errors, 0), p95_ms = coalesce(d.p95_ms, r.p95_ms)
     from catalog.observed_relation o left join day d on d.relation_id = o.id
     where r.id = o.id and (r.calls, r.errors, r.p95_ms) is distinct from (coalesce(d.calls, 0), coalesce(d.errors, 0), coalesce(d.p95_ms, r.p95_ms))`,
    [new Date(now.getTime() - DAY)],
  );
  await sql.query(
    `update catalog.observed_clock set folded_at = $1, version = version + $2,
       watched_from = least(watched_from, (select min(hour) from catalog.observed_counted where spans > 0))`,
    [now, news || rowCount > 0 ? 1 : 0],
  );
}
