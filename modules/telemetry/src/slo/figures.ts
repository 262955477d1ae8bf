import type { Burn, Slo, SloFigures, SloPeriod, SloState } from "@roadbed/contracts/telemetry/slos";

/** Good events among all, over some time. */
export interface Count {
  readonly good: number;
  readonly total: number;
}

/** Half-open, on whole minutes. */
export interface Span {
  readonly from: Date;
  readonly to: Date;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Senders gather for some seconds before they send: a minute is looked at when it has been over for so long. */
const SETTLE_MS = 20_000;

/** The windows whose burn is shown, shortest first; alerts use the same ones. */
export const BURN_WINDOWS = [
  { window: "5m", minutes: 5 },
  { window: "30m", minutes: 30 },
  { window: "1h", minutes: 60 },
  { window: "2h", minutes: 120 },
  { window: "6h", minutes: 360 },
  { window: "1d", minutes: 1_440 },
  { window: "3d", minutes: 4_320 },
] as const;

export type BurnWindow = (typeof BURN_WINDOWS)[number]["window"];

/** The last minute that is over and settled: windows end there. */
export function lastSettled(now: Date): Date {
  return new Date(Math.floor((now.getTime() - SETTLE_MS) / MINUTE_MS) * MINUTE_MS);
}

/** The time over which an objective is to hold, as it stands at an instant. */
export function periodAt(period: SloPeriod, now: Date): Span {
  const to = lastSettled(now);
  if (period.kind === "rolling") return { from: new Date(to.getTime() - period.days * DAY_MS), to };
  return { from: new Date(Date.UTC(to.getUTCFullYear(), to.getUTCMonth(), 1)), to };
}

/** The whole length of a window in minutes: of a month, the days that this one has. */
export function minutesOf(period: SloPeriod, now: Date): number {
  if (period.kind === "rolling") return period.days * 1_440;
  const start = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1);
  return (Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1) - start) / MINUTE_MS;
}

/** How fast a budget goes: 1 uses it up exactly at the end of the window. Undefined without events. */
export function burnRate({ good, total }: Count, target: number): number | undefined {
  return total === 0 ? undefined : (total - good) / total / (1 - target);
}

/** The whole picture of an objective over its window. */
export function figuresOf(o: {
  readonly objective: Pick<Slo, "target" | "period" | "minimumEvents">;
  readonly count: Count;
  readonly burns: Readonly<Record<BurnWindow, Count>>;
  readonly lastEventAt: Date | undefined;
  readonly uncounted: number;
  readonly now: Date;
}): SloFigures {
  const { objective, count, now } = o;
  const { target, period, minimumEvents } = objective;
  const span = periodAt(period, now);
  const bad = count.total - count.good;
  const allowed = count.total * (1 - target);
  const remaining = count.total < minimumEvents || count.total === 0 ? undefined : 1 - bad / allowed;
  const burn = BURN_WINDOWS.map(({ window, minutes }): Burn => {
    const { [window]: found } = o.burns;
    const rate = burnRate(found, target);
    return { window, minutes, ...found, ...(rate === undefined ? {} : { rate }) };
  });
  const hourly = burn.find(({ window }) => window === "1h")?.rate;
  const exhaustedAt = exhaustion(remaining, hourly, minutesOf(period, now), now);
  return {
    at: now.toISOString(),
    from: span.from.toISOString(),
    to: span.to.toISOString(),
    ...count,
    bad,
    ...(count.total === 0 ? {} : { ratio: count.good / count.total, interval: wilson(count), allowed }),
    ...(remaining === undefined ? {} : { remaining }),
    burn,
    ...(exhaustedAt === undefined ? {} : { exhaustedAt: exhaustedAt.toISOString() }),
    ...(o.lastEventAt === undefined ? {} : { lastEventAt: o.lastEventAt.toISOString() }),
    uncounted: o.uncounted,
  };
}

/**
 * When nothing is left, if it goes on like this with the traffic of the window. At a rate of 1 or less a budget never ends before its
 * window does; one that is used up has no such time any more.
 */
function exhaustion(remaining: number | undefined, rate: number | undefined, windowMinutes: number, now: Date): Date | undefined {
  if (remaining === undefined || remaining <= 0 || rate === undefined || rate <= 1) return undefined;
  return new Date(now.getTime() + ((remaining * windowMinutes) / rate) * MINUTE_MS);
}

/** The interval in which a share lies with 95 % confidence (Wilson), which holds near 0 and 1 and for few events. */
export function wilson({ good, total }: Count): { low: number; high: number } {
  const z = 1.959964;
  const share = good / total;
  const middle = (share + (z * z) / (2 * total)) / (1 + (z * z) / total);
  const half = (z / (1 + (z * z) / total)) * Math.sqrt((share * (1 - share)) / total + (z * z) / (4 * total * total));
  return { low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}

/** The state in one word, and why in one sentence. */
export function stateOf(
  objective: Pick<Slo, "target" | "minimumEvents">,
  figures: SloFigures | undefined,
  firing: readonly string[],
): { readonly state: SloState; readonly why: string } {
  if (figures === undefined) return { state: "unknown", why: "It was not counted yet." };
  const { total, bad, remaining, ratio, uncounted } = figures;
  const more = uncounted > 0 ? " The past is still being counted." : "";
  if (total === 0)
    return { state: "unknown", why: `Nothing that counts came in this window, so it is not known whether it is met.${more}` };
  const share = `${percent(ratio ?? 0)} of ${total} were good; ${percent(objective.target)} is the target.`;
  if (firing.length > 0) return { state: "burning", why: `${share} The budget burns too fast now.${more}` };
  if (remaining === undefined) {
    return { state: "few-events", why: `Only ${total} of at least ${objective.minimumEvents} events came: too few to judge.${more}` };
  }
  if (remaining <= 0) return { state: "exhausted", why: `${share} ${bad} failed, which is more than the budget.${more}` };
  return { state: "ok", why: `${share}${more}` };
}

/** As many decimals as a share near 100 % needs to be told from it. */
export function percent(share: number): string {
  if (share === 1 || share === 0) return `${share * 100} %`;
  const digits = Math.min(6, Math.max(1, Math.ceil(-Math.log10(1 - share)) - 1));
  return `${Number((share * 100).toFixed(digits + 1))} %`;
}
