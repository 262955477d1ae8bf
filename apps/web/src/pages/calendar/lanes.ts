import type { CalendarItem } from "@roadbed/contracts/delivery/calendar";

/** One line of the picture: an environment, or what belongs to all or none. */
export interface Lane {
  readonly name: string;
  readonly title: string;
  readonly items: readonly Mark[];
  /** How many marks lie upon another at most. */
  readonly rows: number;
}

export interface Mark {
  readonly item: CalendarItem;
  /** Of the lane's width, from 0 to 1. */
  readonly left: number;
  readonly width: number;
  /** From above, so that nothing lies upon another. */
  readonly row: number;
}

export interface Span {
  readonly from: Date;
  readonly until: Date;
}

const DAY_MS = 24 * 3_600_000;
/** Marks that are shorter are drawn this wide, and take their place. */
const LEAST_WIDTH = 0.008;

/** Freezes of every environment lie on each lane; incidents have a lane of their own. */
export function lanesOf(
  items: readonly CalendarItem[],
  environments: readonly { readonly name: string; readonly title: string }[],
  span: Span,
  now: Date,
): readonly Lane[] {
  const lanes = environments.map(({ name, title }) => {
    const own = items.filter(({ kind, environments: where }) => where.includes(name) || (kind === "freeze" && where.length === 0));
    return laneOf(name, title, own, span, now);
  });
  const incidents = items.filter(({ kind }) => kind === "incident");
  return incidents.length === 0 ? lanes : [...lanes, laneOf("", "Incidents", incidents, span, now)];
}

function laneOf(name: string, title: string, items: readonly CalendarItem[], span: Span, now: Date): Lane {
  const ends: number[] = [];
  const marks = items.map((item): Mark => {
    const left = shareOf(new Date(item.from), span);
    const end = shareOf(item.until === undefined ? endOf(item, now) : new Date(item.until), span);
    const width = Math.min(Math.max(end - left, LEAST_WIDTH), 1 - left + LEAST_WIDTH);
    const free = ends.findIndex((until) => until <= left);
    const row = free === -1 ? ends.length : free;
    ends[row] = left + width;
    return { item, left, width, row };
  });
  return { name, title, items: marks, rows: Math.max(1, ends.length) };
}

/** What is open goes on until now; a moment ends where it begins. */
function endOf({ kind, from }: CalendarItem, now: Date): Date {
  return kind === "end" ? new Date(from) : new Date(Math.max(now.getTime(), Date.parse(from)));
}

export function shareOf(at: Date, { from, until }: Span): number {
  return Math.min(1, Math.max(0, (at.getTime() - from.getTime()) / (until.getTime() - from.getTime())));
}

/** Days at which a line stands in the picture: each day of a week, Mondays of longer times. */
export function daysOf({ from, until }: Span): readonly Date[] {
  const days: Date[] = [];
  const short = until.getTime() - from.getTime() <= 15 * DAY_MS;
  const first = new Date(from);
  first.setHours(0, 0, 0, 0);
  for (const day = first; day < until; day.setDate(day.getDate() + 1)) {
    if (day >= from && (short || day.getDay() === 1)) days.push(new Date(day));
  }
  return days;
}

const SPANS = { week: { before: 5, after: 5 }, month: { before: 10, after: 25 }, quarter: { before: 30, after: 65 } } as const;
export type SpanName = keyof typeof SPANS;

/** The time around a day: whole days of this machine's clock. */
export function spanAround(day: Date, name: SpanName): Span {
  const at = (days: number): Date => new Date(day.getFullYear(), day.getMonth(), day.getDate() + days);
  return { from: at(-SPANS[name].before), until: at(SPANS[name].after + 1) };
}

/** A step back or on that leaves a part of what is seen. */
export function stepOf(name: SpanName): number {
  return Math.round((SPANS[name].before + SPANS[name].after) * 0.7);
}
