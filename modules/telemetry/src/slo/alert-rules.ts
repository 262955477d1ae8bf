import type { BurnRule, Slo, SloPeriod } from "@roadbed/contracts/telemetry/slos";

import { burnRate, minutesOf, type BurnWindow, type Count } from "./figures.ts";

/** A pair of windows: a long one for what it cost, a short one for whether it still goes on. */
interface Pair {
  readonly name: BurnRule["name"];
  readonly severity: BurnRule["severity"];
  readonly long: BurnWindow;
  readonly longMinutes: number;
  readonly short: BurnWindow;
  /** The share of the whole budget that is gone when it has burnt at the threshold for the long window. */
  readonly share: number;
}

/** Heaviest first. Over 30 days they are the well-known burn rates 14.4, 6, 3 and 1. */
const PAIRS: readonly Pair[] = [
  { name: "page-fast", severity: "critical", long: "1h", longMinutes: 60, short: "5m", share: 0.02 },
  { name: "page-slow", severity: "high", long: "6h", longMinutes: 360, short: "30m", share: 0.05 },
  { name: "ticket-fast", severity: "low", long: "1d", longMinutes: 1_440, short: "2h", share: 0.1 },
  { name: "ticket-slow", severity: "low", long: "3d", longMinutes: 4_320, short: "6h", share: 0.1 },
];

/** What complete failure burns at most, an alert must not ask for more than this share of. */
const REACHABLE = 0.8;

/**
 * The burn rates at which an objective alerts. They follow from the share of the budget that is gone by then, so a shorter window has
 * lower ones; never under 1 (that lasts the whole window), and never so high that a target which allows much could not reach them.
 */
export function thresholdsOf({ target, period }: { readonly target: number; readonly period: SloPeriod }, now: Date) {
  const most = REACHABLE / (1 - target);
  return PAIRS.map((pair) => {
    const wanted = (pair.share * minutesOf(period, now)) / pair.longMinutes;
    return { ...pair, threshold: Math.round(Math.min(most, Math.max(1, wanted)) * 100) / 100 };
  });
}

/** What a pair of windows says: `quiet` only when both are under the threshold; what nobody can tell is neither. */
export type Verdict = "burning" | "quiet" | "between" | "few-events" | "no-data";

export interface Judged {
  readonly name: BurnRule["name"];
  readonly severity: BurnRule["severity"];
  readonly long: BurnWindow;
  readonly short: BurnWindow;
  readonly threshold: number;
  readonly longRate: number | undefined;
  readonly shortRate: number | undefined;
  readonly verdict: Verdict;
}

/** Each pair judged by itself. */
export function judgeRules(
  objective: Pick<Slo, "target" | "period" | "minimumEvents">,
  burns: Readonly<Record<BurnWindow, Count>>,
  now: Date,
): readonly Judged[] {
  return thresholdsOf(objective, now).map(({ name, severity, long, short, threshold }) => {
    const longRate = burnRate(burns[long], objective.target);
    const shortRate = burnRate(burns[short], objective.target);
    const few = burns[long].total < objective.minimumEvents;
    return { name, severity, long, short, threshold, longRate, shortRate, verdict: verdictOf(longRate, shortRate, threshold, few) };
  });
}

function verdictOf(longRate: number | undefined, shortRate: number | undefined, threshold: number, few: boolean): Verdict {
  if (longRate === undefined || shortRate === undefined) return "no-data";
  const [long, short] = [longRate >= threshold, shortRate >= threshold];
  if (!long && !short) return "quiet";
  if (long && short) return few ? "few-events" : "burning";
  return "between";
}
