import type { Freeze } from "@roadbed/contracts/delivery/environments";
import { NotFoundError, type Row, type Sql } from "@roadbed/core";

import { nextTime, parseCron, timesBetween } from "../job/cron.ts";

export interface FreezeRecord {
  readonly id: string;
  readonly title: string;
  readonly reason: string;
  /** None: every environment. */
  readonly environments: readonly string[];
  readonly from: Date;
  readonly until: Date;
  /** Not the whole time, but again and again in it. */
  readonly repeats: NonNullable<Freeze["repeats"]> | undefined;
  readonly hotfixes: boolean;
  readonly madeBy: string;
  readonly madeAt: Date;
  readonly lifted: { readonly by: string; readonly at: Date; readonly why: string } | undefined;
}

/** A time in which nothing may be changed, half open. */
export interface FrozenTime {
  readonly freeze: FreezeRecord;
  readonly from: Date;
  readonly until: Date;
}

const MINUTE = 60_000;

/** What stands in the way of a change to an environment at an instant; the one that ends last comes first. */
export async function freezesAt(sql: Sql, environment: string, at: Date): Promise<FrozenTime[]> {
  const { rows } = await sql.query(
    `select * from delivery.freeze where lifted_at is null and starts_at <= $2 and ends_at > $2 and (environments = '{}' or $1 = any(environments))`,
    [environment, at],
  );
  return rows
    .map(toRecord)
    .flatMap((freeze) => frozenTimeAt(freeze, at) ?? [])
    .toSorted((a, b) => b.until.getTime() - a.until.getTime());
}

/** What is frozen at some instant of a time, for calendars. */
export async function listFrozenTimes(
  sql: Sql,
  o: { readonly from: Date; readonly until: Date; readonly environment?: string | undefined; readonly most: number },
): Promise<FrozenTime[]> {
  const { rows } = await sql.query(
    `select * from delivery.freeze where coalesce(lifted_at, ends_at) > $1 and starts_at < $2
       and ($3::text is null or environments = '{}' or $3 = any(environments)) order by starts_at limit $4`,
    [o.from, o.until, o.environment ?? null, o.most],
  );
  return rows
    .map(toRecord)
    .flatMap((freeze) => frozenTimes(freeze, o.from, o.until, o.most))
    .toSorted((a, b) => a.from.getTime() - b.from.getTime())
    .slice(0, o.most);
}

export async function listFreezeRecords(
  sql: Sql,
  o: {
    readonly environment?: string | undefined;
    readonly past: boolean;
    readonly now: Date;
    readonly before?: string | undefined;
    readonly limit: number;
  },
): Promise<FreezeRecord[]> {
  const { rows } = await sql.query(
    `select * from delivery.freeze where ($1::text is null or environments = '{}' or $1 = any(environments))
       and ($2 or (lifted_at is null and ends_at > $3)) and ($4::text is null or id < $4) order by id desc limit $5`,
    [o.environment ?? null, o.past, o.now, o.before ?? null, o.limit],
  );
  return rows.map(toRecord);
}

export async function readFreeze(sql: Sql, id: string, lock = false): Promise<FreezeRecord> {
  const { rows } = await sql.query(`select * from delivery.freeze where id = $1${lock ? " for update" : ""}`, [id]);
  if (rows[0] !== undefined) return toRecord(rows[0]);
  throw new NotFoundError("freeze", id, "See roadbed freeze list.");
}

export async function insertFreeze(sql: Sql, f: Omit<FreezeRecord, "lifted">): Promise<void> {
  await sql.query(
    `insert into delivery.freeze (id, title, reason, environments, starts_at, ends_at, repeats, hotfixes, made_by, made_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      f.id,
      f.title,
      f.reason,
      f.environments,
      f.from,
      f.until,
      f.repeats === undefined ? null : JSON.stringify(f.repeats),
      f.hotfixes,
      f.madeBy,
      f.madeAt,
    ],
  );
}

export async function markLifted(sql: Sql, id: string, lifted: NonNullable<FreezeRecord["lifted"]>): Promise<void> {
  await sql.query("update delivery.freeze set lifted_by = $2, lifted_at = $3, lifted_why = $4 where id = $1", [
    id,
    lifted.by,
    lifted.at,
    lifted.why,
  ]);
}

/** The time of a freeze in which an instant lies. */
export function frozenTimeAt(freeze: FreezeRecord, at: Date): FrozenTime | undefined {
  if (at < freeze.from || at >= endOf(freeze)) return undefined;
  const { repeats } = freeze;
  if (repeats === undefined) return { freeze, from: freeze.from, until: endOf(freeze) };
  // A time that began this long ago has just ended.
  const { last } = timesBetween(parseCron(repeats.cron), new Date(at.getTime() - repeats.minutes * MINUTE), at, repeats.timeZone);
  return last && timeFrom(freeze, last);
}

/** The present time of a freeze, or its next one. */
export function nextFrozenTime(freeze: FreezeRecord, now: Date): FrozenTime | undefined {
  const present = frozenTimeAt(freeze, now);
  if (present !== undefined) return present;
  const [first] = frozenTimes(freeze, now, endOf(freeze), 1);
  return first;
}

export function stateOf(freeze: FreezeRecord, now: Date): Freeze["state"] {
  if (freeze.lifted !== undefined) return "lifted";
  if (freeze.until <= now) return "over";
  if (frozenTimeAt(freeze, now) !== undefined) return "in force";
  if (freeze.from > now) return "planned";
  return nextFrozenTime(freeze, now) === undefined ? "over" : "between";
}

export function toFreeze(freeze: FreezeRecord, now: Date): Freeze {
  const next = freeze.lifted === undefined ? nextFrozenTime(freeze, now) : undefined;
  return {
    id: freeze.id,
    title: freeze.title,
    reason: freeze.reason,
    environments: [...freeze.environments],
    from: freeze.from.toISOString(),
    until: freeze.until.toISOString(),
    ...(freeze.repeats === undefined ? {} : { repeats: freeze.repeats }),
    hotfixes: freeze.hotfixes,
    state: stateOf(freeze, now),
    ...(next === undefined ? {} : { next: { from: next.from.toISOString(), until: next.until.toISOString() } }),
    madeBy: freeze.madeBy,
    madeAt: freeze.madeAt.toISOString(),
    ...(freeze.lifted === undefined
      ? {}
      : { liftedBy: freeze.lifted.by, liftedAt: freeze.lifted.at.toISOString(), liftedWhy: freeze.lifted.why }),
  };
}

/** All times of a freeze that have an instant in `[from, until)`, `most` at most. */
function frozenTimes(freeze: FreezeRecord, from: Date, until: Date, most: number): FrozenTime[] {
  const { repeats } = freeze;
  if (repeats === undefined)
    return freeze.from < until && endOf(freeze) > from ? [{ freeze, from: freeze.from, until: endOf(freeze) }] : [];
  const cron = parseCron(repeats.cron);
  const end = Math.min(until.getTime(), endOf(freeze).getTime());
  const times: FrozenTime[] = [];
  let after = new Date(Math.max(from.getTime(), freeze.from.getTime()) - repeats.minutes * MINUTE);
  while (times.length < most) {
    const next = nextTime(cron, after, repeats.timeZone);
    if (next === undefined || next.getTime() >= end) break;
    times.push(timeFrom(freeze, next));
    after = next;
  }
  return times;
}

/** Cut to what lies within the freeze itself: one that is announced in the middle of such a time holds at once. */
function timeFrom(freeze: FreezeRecord, begin: Date): FrozenTime {
  const until = Math.min(begin.getTime() + (freeze.repeats?.minutes ?? 0) * MINUTE, endOf(freeze).getTime());
  return { freeze, from: new Date(Math.max(begin.getTime(), freeze.from.getTime())), until: new Date(until) };
}

function endOf({ until, lifted }: FreezeRecord): Date {
  return lifted !== undefined && lifted.at < until ? lifted.at : until;
}

function toRecord(row: Row): FreezeRecord {
  const liftedAt = row["lifted_at"] as Date | null;
  return {
    id: row["id"] as string,
    title: row["title"] as string,
    reason: row["reason"] as string,
    environments: row["environments"] as string[],
    from: row["starts_at"] as Date,
    until: row["ends_at"] as Date,
    repeats: (row["repeats"] as FreezeRecord["repeats"] | null) ?? undefined,
    hotfixes: row["hotfixes"] as boolean,
    madeBy: row["made_by"] as string,
    madeAt: row["made_at"] as Date,
    lifted: liftedAt === null ? undefined : { by: row["lifted_by"] as string, at: liftedAt, why: row["lifted_why"] as string },
  };
}
