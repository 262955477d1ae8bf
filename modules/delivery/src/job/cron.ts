import { InvalidError } from "@roadbed/core";

/** A parsed schedule: which minutes, hours, days, months and days of the week. */
export interface Cron {
  readonly text: string;
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly days: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  /** 0 is Sunday. */
  readonly weekdays: ReadonlySet<number>;
  /** With both named, a day counts when either fits: as cron has it since ever. */
  readonly eitherDay: boolean;
  /** It names hours: such a time comes once on the day the clock is put back, and not later than the jump on the day it is put forward. */
  readonly namesHours: boolean;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SHORTHANDS: Readonly<Record<string, string>> = {
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
};
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
/** A 29th of February that is a Monday may be forty years away, where a century has no leap day. */
const LONGEST_WAIT = 40.1 * 366 * 24 * HOUR;

/** Reads five fields as Kubernetes does. Throws `InvalidError` that names the field. */
export function parseCron(text: string): Cron {
  const fields = (SHORTHANDS[text.trim().toLowerCase()] ?? text).trim().split(/\s+/);
  if (fields.length !== 5) {
    throw new InvalidError(`"${text}" is no schedule: it has ${fields.length} fields instead of five.`, {
      mend: 'Write minute, hour, day of the month, month, day of the week: "15 6 * * 1-5".',
    });
  }
  const [minute = "", hour = "", day = "", month = "", weekday = ""] = fields;
  return {
    text: fields.join(" "),
    minutes: readField(minute, "minute", 0, 59),
    hours: readField(hour, "hour", 0, 23),
    days: readField(day, "day of the month", 1, 31),
    months: readField(month, "month", 1, 12, MONTHS, 1),
    weekdays: new Set([...readField(weekday, "day of the week", 0, 7, WEEKDAYS, 0)].map((n) => n % 7)),
    eitherDay: !/^[*?]/.test(day) && !/^[*?]/.test(weekday),
    namesHours: !hour.startsWith("*"),
  };
}

function readField(field: string, what: string, least: number, most: number, names: readonly string[] = [], first = 0): Set<number> {
  const all = new Set<number>();
  for (const part of field.split(",")) {
    const [, range = "", step] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(part) ?? [];
    const [, from, to] = /^([^-]+)(?:-([^-]+))?$/.exec(range) ?? [];
    if (from === undefined || (step !== undefined && Number(step) < 1)) throw wrong(part, what, least, most);
    const any = from === "*" || from === "?";
    if (any && to !== undefined) throw wrong(part, what, least, most);
    const begin = any ? least : readNumber(from, what, least, most, names, first);
    const end =
      any || (to === undefined && step !== undefined) ? most : to === undefined ? begin : readNumber(to, what, least, most, names, first);
    if (end < begin) throw wrong(part, what, least, most);
    for (let n = begin; n <= end; n += Number(step ?? 1)) all.add(n);
  }
  return all;
}

function readNumber(text: string, what: string, least: number, most: number, names: readonly string[], first: number): number {
  const named = names.indexOf(text.toLowerCase());
  const value = named >= 0 ? named + first : /^\d{1,2}$/.test(text) ? Number(text) : NaN;
  if (!(value >= least && value <= most)) throw wrong(text, what, least, most);
  return value;
}

function wrong(text: string, what: string, least: number, most: number): InvalidError {
  return new InvalidError(`"${text}" is no ${what} of a schedule.`, {
    mend: `Use ${least} to ${most}, ranges (1-5), lists (1,3) or steps (*/10).`,
  });
}

/** True for a time zone that this machine knows, e.g. `Europe/Berlin`. */
export function isTimeZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone !== undefined;
  } catch {
    return false;
  }
}

/** The first time after `after`, to the minute; undefined when there is none, as on a 30th of February. */
export function nextTime(cron: Cron, after: Date, zone: string): Date | undefined {
  const offsetAt = offsets(zone);
  let at = Math.floor(after.getTime() / MINUTE) * MINUTE + MINUTE;
  for (const until = at + LONGEST_WAIT; at < until;) {
    const offset = offsetAt(at);
    const gap = offset - offsetAt(at - MINUTE);
    // The clock was put forward just now: what was due in the hour that did not come is due now.
    if (gap > 0 && cron.namesHours && anyBetween(cron, at + offset - gap, at + offset)) return new Date(at);
    const wall = new Date(at + offset);
    if (!fitsDay(cron, wall)) {
      const [year, month, day] = [wall.getUTCFullYear(), wall.getUTCMonth(), wall.getUTCDate()];
      const left = (cron.months.has(month + 1) ? Date.UTC(year, month, day + 1) : Date.UTC(year, month + 1)) - wall.getTime();
      // Not to the very midnight: a day in which the clock is put forward is shorter.
      at += left > 5 * HOUR ? left - 4 * HOUR : HOUR - wall.getUTCMinutes() * MINUTE;
    } else if (!cron.hours.has(wall.getUTCHours())) at += HOUR - wall.getUTCMinutes() * MINUTE;
    else if (!cron.minutes.has(wall.getUTCMinutes()) || (cron.namesHours && cameBefore(at, offset, offsetAt))) at += MINUTE;
    else return new Date(at);
  }
  return undefined;
}

/** How many times there are after `after` and not after `until`, `most` at most, and the last of them. */
export function timesBetween(
  cron: Cron,
  after: Date,
  until: Date,
  zone: string,
  most = 1_000,
): { readonly count: number; readonly last?: Date } {
  let count = 0;
  let last: Date | undefined;
  for (let at = nextTime(cron, after, zone); at !== undefined && at <= until && count < most; at = nextTime(cron, at, zone)) {
    count += 1;
    last = at;
  }
  return { count, ...(last === undefined ? {} : { last }) };
}

function anyBetween(cron: Cron, from: number, until: number): boolean {
  for (let at = from; at < until; at += MINUTE) {
    const wall = new Date(at);
    if (fitsDay(cron, wall) && cron.hours.has(wall.getUTCHours()) && cron.minutes.has(wall.getUTCMinutes())) return true;
  }
  return false;
}

/** The clock was put back and showed this time before. */
function cameBefore(at: number, offset: number, offsetAt: (at: number) => number): boolean {
  const before = offsetAt(at - 3 * HOUR);
  return before > offset && offsetAt(at - (before - offset)) === before;
}

function fitsDay(cron: Cron, wall: Date): boolean {
  if (!cron.months.has(wall.getUTCMonth() + 1)) return false;
  const [day, weekday] = [cron.days.has(wall.getUTCDate()), cron.weekdays.has(wall.getUTCDay())];
  return cron.eitherDay ? day || weekday : day && weekday;
}

/** By how much the clocks of a zone are ahead at an instant. They change at quarters of an hour only. */
function offsets(zone: string): (at: number) => number {
  if (zone === "UTC") return () => 0;
  const format = new Intl.DateTimeFormat("en-u-hc-h23", {
    timeZone: zone,
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
  });
  const known = new Map<number, number>();
  return (at) => {
    const quarter = Math.floor(at / (15 * MINUTE));
    const found = known.get(quarter);
    if (found !== undefined) return found;
    const begin = quarter * 15 * MINUTE;
    const parts = Object.fromEntries(format.formatToParts(begin).map(({ type, value }) => [type, Number(value)]));
    const wall = Date.UTC(parts["year"]!, parts["month"]! - 1, parts["day"], parts["hour"], parts["minute"]);
    const offset = wall - begin;
    known.set(quarter, offset);
    return offset;
  };
}
