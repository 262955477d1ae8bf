import { isActive, WINDOW } from "./adoption.ts";
import { dayOfText, type DayNumber } from "./days.ts";
import type { TeamUse } from "./read-adoption.ts";

const POINTS = 14;
const SHARES = [0.1, 0.25, 0.5] as const;

/** How adoption went among the teams that are eligible today, every four weeks, beside what was promised. */
export function curveOf(
  teams: readonly TeamUse[],
  today: DayNumber,
  promised: readonly { readonly by: string; readonly share: number }[],
): { from: string; adopted: number; active: number; promised?: number }[] {
  const eligible = teams.filter((team) => team.eligible);
  return Array.from({ length: POINTS }, (_, at) => {
    const day = today - WINDOW * (POINTS - 1 - at);
    const share = promisedOn(day, promised);
    return {
      from: new Date(day * 86_400_000).toISOString(),
      adopted: eligible.filter(({ adopted }) => adopted !== undefined && adopted <= day).length,
      active: eligible.filter(({ days }) => isActive(days, day)).length,
      ...(share === undefined ? {} : { promised: share }),
    };
  });
}

/** Between two promised points in a line; before the first and after the last nothing was promised. */
export function promisedOn(day: DayNumber, promised: readonly { readonly by: string; readonly share: number }[]): number | undefined {
  const points = promised.map(({ by, share }) => ({ at: dayOfText(by), share }));
  const next = points.find(({ at }) => at >= day);
  const last = points.findLast(({ at }) => at <= day);
  if (next === undefined || last === undefined) return undefined;
  if (next.at === last.at) return next.share;
  return last.share + ((next.share - last.share) * (day - last.at)) / (next.at - last.at);
}

/** From the first adoption of all until so many of the eligible teams had adopted; without days where they have not. */
export function daysToShares(teams: readonly TeamUse[]): { share: number; days?: number }[] {
  const eligible = teams.filter((team) => team.eligible);
  const days = eligible.flatMap(({ adopted }) => adopted ?? []).sort((a, b) => a - b);
  return SHARES.map((share) => {
    const reached = days[Math.max(1, Math.ceil(share * eligible.length)) - 1];
    return { share, ...(reached === undefined ? {} : { days: reached - days[0]! }) };
  });
}
