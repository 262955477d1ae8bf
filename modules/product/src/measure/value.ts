import type { MeasureDefinition, MeasureStatus, MeasureValue } from "@roadbed/contracts/product/measures";

import { wilsonInterval } from "../statistics/proportion.ts";
import { medianInterval, quantileOf, type Clustered } from "../statistics/quantile.ts";
import { seedOf } from "../statistics/random.ts";
import { survivalMedian } from "../statistics/survival.ts";
import type { MeasureRow } from "./rows.ts";

const WEEK = 7 * 86_400_000;
/** Ninetieth percentiles of fewer rows are the luck of a few. */
const ENOUGH_FOR_P90 = 50;
/** Longer than anything lasts: where the end of what is not over yet is to be taken as unknown. */
const FOREVER = 1e12;

export interface Window {
  readonly from: number;
  readonly to: number;
}

/** What a window's rows give. */
interface Figure {
  readonly value?: number | undefined;
  readonly lower?: number | undefined;
  readonly upper?: number | undefined;
  readonly p90?: number | undefined;
  readonly numerator?: number | undefined;
  readonly denominator?: number | undefined;
}

/**
 * A measure's value in a window, from its rows. `ever`: all rows that are known, also from before; what is told at all is judged by them.
 * `instrumented`: false with the reason where something that it is made of is told by nobody.
 */
export function valueOf(
  definition: Pick<MeasureDefinition, "measure" | "unit" | "version" | "rules" | "better">,
  ever: readonly MeasureRow[],
  o: { readonly window: Window; readonly about: string; readonly notInstrumented: string | undefined },
): MeasureValue {
  const { window } = o;
  const inside = ever.filter(({ at }) => at >= window.from && at < window.to);
  const counted = inside.filter(({ counts }) => counts !== "no");
  const newest = ever.reduce<number | undefined>(
    (last, { at }) => (at < window.to && (last === undefined || at > last) ? at : last),
    undefined,
  );
  const { status, why } = judge(definition, { ...o, counted: counted.length, newest });
  const figure = status === "not_instrumented" || status === "no_data" ? {} : figureOf(definition, ever, counted, o);
  return {
    status,
    why,
    ...(Object.fromEntries(Object.entries(figure).filter(([, value]) => value !== undefined)) as Figure as object),
    n: counted.length,
    waiting: counted.filter(({ counts }) => counts === "so far").length,
    excluded: inside.length - counted.length,
    from: new Date(window.from).toISOString(),
    to: new Date(window.to).toISOString(),
    ...(newest === undefined ? {} : { watermark: new Date(newest).toISOString() }),
    version: definition.version,
  };
}

function judge(
  { rules }: Pick<MeasureDefinition, "rules">,
  o: {
    readonly notInstrumented: string | undefined;
    readonly window: Window;
    readonly counted: number;
    readonly newest: number | undefined;
  },
): { readonly status: MeasureStatus; readonly why: string } {
  if (o.notInstrumented !== undefined) return { status: "not_instrumented", why: o.notInstrumented };
  if (o.counted === 0) return { status: "no_data", why: `Nothing that counts happened in these ${rules.windowDays} days.` };
  const silent = o.newest === undefined ? 0 : (o.window.to - o.newest) / 86_400_000;
  if (silent > rules.staleDays) return { status: "stale", why: `Nothing was told for ${Math.floor(silent)} days.` };
  if (o.counted < rules.lowN)
    return {
      status: "low_n",
      why: `${o.counted} ${o.counted === 1 ? "row is" : "rows are"} too few to conclude from; ${rules.lowN} would do.`,
    };
  return { status: "ok", why: `Made from ${o.counted} rows.` };
}

function figureOf(
  { measure, unit }: Pick<MeasureDefinition, "measure" | "unit">,
  ever: readonly MeasureRow[],
  counted: readonly MeasureRow[],
  { window, about }: { readonly window: Window; readonly about: string },
): Figure {
  const seed = seedOf(`${measure} ${about}`);
  if (unit === "share") return shareOf(counted);
  return unit === "per week" ? weeklyOf(ever, window, seed) : durationOf(counted, seed);
}

function shareOf(rows: readonly MeasureRow[]): Figure {
  const hits = rows.filter(({ value }) => value === 1).length;
  return { value: hits / rows.length, ...wilsonInterval(hits, rows.length), numerator: hits, denominator: rows.length };
}

/** What is not over yet counts for as long as it is known; its interval reaches as far as it may still last. */
function durationOf(rows: readonly MeasureRow[], seed: number): Figure {
  const known = rows.map((row) => ({ duration: row.value!, ended: row.counts === "yes", cluster: row.entityRef ?? row.id }));
  const open = known.some(({ ended }) => !ended);
  const sorted = known.map(({ duration }) => duration).sort((a, b) => a - b);
  const asKnown = medianInterval(
    known.map(({ duration, cluster }) => ({ value: duration, cluster })),
    seed,
  );
  const atMost = open
    ? medianInterval(
        known.map(({ duration, ended, cluster }) => ({ value: ended ? duration : FOREVER, cluster })),
        seed,
      )
    : asKnown;
  return {
    value: open ? survivalMedian(known) : quantileOf(sorted, 0.5),
    lower: asKnown?.lower,
    upper: atMost === undefined || atMost.upper >= FOREVER / 2 ? undefined : atMost.upper,
    p90: !open && sorted.length >= ENOUGH_FOR_P90 ? quantileOf(sorted, 0.9) : undefined,
  };
}

function weeklyOf(ever: readonly MeasureRow[], window: Window, seed: number): Figure {
  const weeks = componentWeeks(ever, window);
  if (weeks.length === 0) return {};
  const sorted = weeks.map(({ value }) => value).sort((a, b) => a - b);
  const interval = medianInterval(weeks, seed);
  return {
    value: quantileOf(sorted, 0.5),
    lower: interval?.lower,
    upper: interval?.upper,
    numerator: sorted.reduce((sum, value) => sum + value, 0),
    denominator: weeks.length,
  };
}

/** Deployments of each component in each whole week of the window, empty ones too; the weeks before its first of all are not empty but before it. */
function componentWeeks(ever: readonly MeasureRow[], { from, to }: Window): Clustered[] {
  const counted = ever.filter(({ counts, at }) => counts !== "no" && at < to);
  return [...Map.groupBy(counted, ({ entityRef }) => entityRef ?? "")].flatMap(([cluster, rows]) => {
    const first = rows.reduce((least, { at }) => Math.min(least, at), Number.POSITIVE_INFINITY);
    return weeksOf({ from, to })
      .filter((week) => week.to > first)
      .map((week) => ({ cluster, value: rows.filter(({ at }) => at >= week.from && at < week.to).length }));
  });
}

/** The whole weeks that end a window, the oldest first. */
export function weeksOf({ from, to }: Window): Window[] {
  const count = Math.floor((to - from) / WEEK);
  return Array.from({ length: count }, (_, at) => ({ from: to - (count - at) * WEEK, to: to - (count - at - 1) * WEEK }));
}

/** How a measure went, week by week; a week in which nothing counted is a gap, but for what is counted by the week. */
export function historyOf(
  definition: Pick<MeasureDefinition, "measure" | "unit">,
  ever: readonly MeasureRow[],
  window: Window,
): { from: string; value?: number; n: number }[] {
  return weeksOf(window).map((week) => {
    const rows = ever.filter(({ at, counts }) => counts !== "no" && at >= week.from && at < week.to);
    const isKnown = rows.length > 0 || (definition.unit === "per week" && ever.some(({ at, counts }) => counts !== "no" && at < week.from));
    const value = isKnown ? pointOf(definition, ever, rows, week) : undefined;
    return { from: new Date(week.from).toISOString(), ...(value === undefined ? {} : { value }), n: rows.length };
  });
}

/** The value alone: intervals of single weeks would say that they are too short. */
function pointOf(
  { unit }: Pick<MeasureDefinition, "unit">,
  ever: readonly MeasureRow[],
  rows: readonly MeasureRow[],
  week: Window,
): number | undefined {
  if (unit === "share") return shareOf(rows).value;
  if (unit === "hours") return survivalMedian(rows.map(({ value, counts }) => ({ duration: value!, ended: counts === "yes" })));
  const weeks = componentWeeks(ever, week).map(({ value }) => value);
  return weeks.length === 0
    ? undefined
    : quantileOf(
        weeks.sort((a, b) => a - b),
        0.5,
      );
}

/** Edges in hours: an hour, a day, a week, a month and what lies between, as people talk of them. */
const EDGES = [0, 1, 4, 12, 24, 48, 96, 168, 336, 720] as const;

export function distributionOf(rows: readonly MeasureRow[], window: Window): { from: number; to?: number; count: number }[] {
  const values = rows.filter(({ counts, at }) => counts === "yes" && at >= window.from && at < window.to).map(({ value }) => value!);
  return EDGES.map((from, at) => {
    const to = EDGES[at + 1];
    return {
      from,
      ...(to === undefined ? {} : { to }),
      count: values.filter((value) => value >= from && (to === undefined || value < to)).length,
    };
  });
}
