import type { DayNumber } from "./days.ts";

/** Successful uses of a capability by a team on one day. */
export interface DayOfUse {
  readonly day: DayNumber;
  readonly events: number;
}

/** A window of use: 28 days, today among them. */
export const WINDOW = 28;
const LEAST_EVENTS = 3;
const LEAST_DAYS = 2;

/** Uses in the 28 days that end with a day. `days` in their order. */
export function usedIn(days: readonly DayOfUse[], last: DayNumber): { readonly events: number; readonly days: number } {
  const inside = days.filter(({ day }) => day > last - WINDOW && day <= last);
  return { events: inside.reduce((sum, { events }) => sum + events, 0), days: inside.length };
}

/** Three uses on two days within 28: less is a look around. */
export function isActive(days: readonly DayOfUse[], last: DayNumber): boolean {
  const used = usedIn(days, last);
  return used.events >= LEAST_EVENTS && used.days >= LEAST_DAYS;
}

/** The day of the first use that others followed soon enough; undefined: it never adopted it. */
export function adoptedOn(days: readonly DayOfUse[]): DayNumber | undefined {
  let end = 0;
  let events = 0;
  for (let at = 0; at < days.length; at++) {
    while (end < days.length && days[end]!.day < days[at]!.day + WINDOW) events += days[end++]!.events;
    if (end - at >= LEAST_DAYS && events >= LEAST_EVENTS) return days[at]!.day;
    events -= days[at]!.events;
  }
  return undefined;
}

/** `left`: active four weeks before and not now; `drifting`: less than half of what it was. */
export function driftOf(days: readonly DayOfUse[], last: DayNumber): "left" | "drifting" | undefined {
  if (!isActive(days, last - WINDOW)) return undefined;
  if (!isActive(days, last)) return "left";
  return usedIn(days, last).events * 2 < usedIn(days, last - WINDOW).events ? "drifting" : undefined;
}

/** A mandate or an invitation, as far as freedom depends on it. */
export interface Pushed {
  readonly kind: "mandate" | "invitation";
  readonly at: DayNumber;
  readonly endedAt: DayNumber | undefined;
}

export type How = "voluntary" | "mandated" | "unknown";

/**
 * How a team came to adopt. A mandate that was announced on that day or before makes it mandated, enforced or not. Without a register that was
 * complete by then nobody knows, and what nobody knows is never called voluntary.
 */
export function howAdopted(day: DayNumber, pushes: readonly Pushed[], registerSince: DayNumber | undefined): How {
  if (pushes.some((push) => push.kind === "mandate" && isUnder(push, day))) return "mandated";
  return registerSince !== undefined && registerSince <= day ? "voluntary" : "unknown";
}

/** Nobody made or asked them: no mandate, and no invitation in the 30 days before. */
export function cameByItself(day: DayNumber, pushes: readonly Pushed[]): boolean {
  return !pushes.some((push) => (push.kind === "mandate" ? isUnder(push, day) : push.at <= day && push.at >= day - 30));
}

export function isUnder({ kind, at, endedAt }: Pushed, day: DayNumber): boolean {
  return kind === "mandate" && at <= day && (endedAt === undefined || endedAt > day);
}
