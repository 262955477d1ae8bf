import type { DayOfUse } from "./adoption.ts";
import type { DayNumber } from "./days.ts";

/** Teams became others: merged, split or renamed. */
export interface TeamChange {
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly at: DayNumber;
}

/**
 * Who goes on today for what a team did on a day. What happened before a change goes to all who came of it: each has the history, and no total is
 * made from theirs. A team that stands on both sides goes on itself, too. `changes` in their order.
 */
export function heirsOf(team: string, day: DayNumber, changes: readonly TeamChange[]): readonly string[] {
  let heirs = [team];
  for (const { from, to, at } of changes) {
    heirs = [...new Set(heirs.flatMap((one) => (from.includes(one) && (day < at || !to.includes(one)) ? to : [one])))];
  }
  return heirs;
}

/** Days of use by the teams that there are today. */
export function byHeir(
  rows: readonly (DayOfUse & { readonly team: string })[],
  changes: readonly TeamChange[],
): ReadonlyMap<string, readonly DayOfUse[]> {
  const found = new Map<string, Map<DayNumber, number>>();
  for (const { team, day, events } of rows) {
    for (const heir of changes.length === 0 ? [team] : heirsOf(team, day, changes)) {
      const days = found.get(heir) ?? new Map<DayNumber, number>();
      if (days.size === 0) found.set(heir, days);
      days.set(day, (days.get(day) ?? 0) + events);
    }
  }
  return new Map(
    [...found].map(([team, days]) => [team, [...days].map(([day, events]) => ({ day, events })).sort((a, b) => a.day - b.day)]),
  );
}
