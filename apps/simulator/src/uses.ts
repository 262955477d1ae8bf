import type { UsageTold } from "@roadbed/contracts/product/adoption";

import { seededRandom } from "./load.ts";

const DAY = 86_400_000;

/** What teams use, and how it spreads: after so many days the likely team has begun; some leave again. */
const ACTIONS = [
  { action: "paths.path.run", spread: 200, perDay: 0.5, leaves: 0.15 },
  { action: "delivery.promotion.create", spread: 120, perDay: 0.7, leaves: 0.05 },
  { action: "git.push", spread: 90, perDay: 0.9, leaves: 0 },
  { action: "paths.resource.request", spread: 320, perDay: 0.35, leaves: 0.2 },
  { action: "catalog.entity.get", spread: 100, perDay: 0.9, leaves: 0.05 },
  { action: "telemetry.trace.get", spread: 260, perDay: 0.6, leaves: 0.1 },
  { action: "standards.check.run", spread: 500, perDay: 0.4, leaves: 0.1 },
] as const;
/** Days before the first that is told on which it was offered first. */
const OFFERED_DAYS = 120;

/** What the teams of the estate used from one day up to another, both told whole: the same whenever it is asked for. */
export function usesBetween(o: {
  readonly teams: readonly string[];
  readonly from: number;
  readonly to: number;
  readonly origin: number;
}): UsageTold[] {
  const rows: UsageTold[] = [];
  for (const team of o.teams) {
    for (const { action, spread, perDay, leaves } of ACTIONS) {
      const temper = seededRandom(hash(`${team} ${action}`));
      const begins = Math.floor(o.origin / DAY) - OFFERED_DAYS + Math.floor(spread * temper());
      const ends = temper() < leaves ? begins + 40 + Math.floor(120 * temper()) : Number.POSITIVE_INFINITY;
      for (let day = Math.floor(o.from / DAY); day <= Math.floor(o.to / DAY); day++) {
        const weekday = (day + 4) % 7;
        const random = seededRandom(hash(`${team} ${action} ${day}`));
        if (day < begins || day >= ends || weekday === 0 || weekday === 6 || random() > perDay) continue;
        rows.push({
          key: `${team} ${action} ${day}`,
          team,
          action,
          day: new Date(day * DAY).toISOString().slice(0, 10),
          events: 1 + Math.floor(6 * random()),
          outcome: random() < 0.06 ? "failed" : "done",
        });
      }
    }
  }
  return rows;
}

function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return value >>> 0;
}
