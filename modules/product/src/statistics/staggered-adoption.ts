import { leastSquares } from "./least-squares.ts";

/**
 * What an adoption changed, where teams adopted at different times: each group's change is compared with that of those who had not adopted (yet),
 * and never with those who had. A plain regression compares them all and can say nothing of an effect that is there.
 *
 * Source: B. Callaway, P. Sant'Anna, "Difference-in-differences with multiple time periods", J. Econometrics 225 (2021); as in R's `did` with a
 * base period that varies, which is the reference of the tests.
 */
export interface Unit {
  readonly id: string;
  /** The first period in which it had adopted; undefined: it never did. */
  readonly adopted: number | undefined;
  /** What was measured, by period. */
  readonly outcomes: ReadonlyMap<number, number>;
  /** What it is compared by beside time: fixed values, the same number of each unit. */
  readonly covariates?: readonly number[];
}

/** What changed for those who adopted in period `group`, in `period`; before it, what should be nothing. */
export interface GroupTimeEffect {
  readonly group: number;
  readonly period: number;
  readonly effect: number;
  readonly error: number;
  readonly treated: number;
  readonly controls: number;
}

export interface Effects {
  readonly units: number;
  readonly effects: readonly GroupTimeEffect[];
  /** The same averaged: over all, by periods since adoption, and by group. */
  readonly simple: Aggregate;
  readonly byExposure: readonly (Aggregate & { readonly exposure: number })[];
  readonly overallByExposure: Aggregate;
  readonly byGroup: readonly (Aggregate & { readonly group: number })[];
  readonly overallByGroup: Aggregate;
}

export interface Aggregate {
  readonly effect: number;
  readonly error: number;
}

/** An effect with how each unit moved it: what errors of averages are made of. */
interface Traced {
  readonly effect: number;
  readonly influence: readonly number[];
}
type TracedEffect = GroupTimeEffect & Traced;

/** `controls`: those who never adopt, or also those who will. Units that lack a period, or had adopted by the first, are left out. */
export function effectsOfAdoption(all: readonly Unit[], o: { readonly controls: "never" | "not-yet" }): Effects {
  const periods = [...new Set(all.flatMap(({ outcomes }) => [...outcomes.keys()]))].sort((a, b) => a - b);
  const first = periods[0] ?? 0;
  const units = all.filter((unit) => periods.every((at) => unit.outcomes.has(at)) && (unit.adopted ?? first + 1) > first);
  const groups = [...new Set(units.flatMap(({ adopted }) => adopted ?? []))]
    .filter((at) => at <= (periods.at(-1) ?? 0))
    .sort((a, b) => a - b);
  const effects = groups.flatMap((group) => periods.slice(1).flatMap((_, at) => effectOf(units, periods, group, at + 1, o.controls) ?? []));
  return { units: units.length, effects: effects.map(withoutTrace), ...aggregate(units, groups, effects) };
}

function effectOf(
  units: readonly Unit[],
  periods: readonly number[],
  group: number,
  at: number,
  controls: "never" | "not-yet",
): TracedEffect | undefined {
  const period = periods[at]!;
  // Afterwards against the last period before adoption; before it against the period before, which should show nothing.
  const base = period >= group ? periods.findLast((one) => one < group)! : periods[at - 1]!;
  const isControl = (unit: Unit): boolean =>
    unit.adopted === undefined || (controls === "not-yet" && unit.adopted > period && unit.adopted !== group);
  const changes = units.map((unit) => unit.outcomes.get(period)! - unit.outcomes.get(base)!);
  const treated = units.map((unit) => unit.adopted === group);
  const compared = units.map(isControl);
  const [treatedCount, controlCount] = [count(treated), count(compared)];
  if (treatedCount === 0 || controlCount === 0) return undefined;
  const traced = compare({ changes, treated, compared, covariates: units.map(({ covariates }) => covariates ?? []) });
  return { group, period, ...traced, error: errorOf(traced.influence), treated: treatedCount, controls: controlCount };
}

/** How much more the treated changed than a regression over the controls says of units like them; without covariates, than the controls did. */
function compare(o: {
  readonly changes: readonly number[];
  readonly treated: readonly boolean[];
  readonly compared: readonly boolean[];
  readonly covariates: readonly (readonly number[])[];
}): Traced {
  const all = o.changes.length;
  const rows = o.covariates.map((values) => [1, ...values]);
  const inside = o.changes.flatMap((_, at) => (o.compared[at] ? [at] : []));
  const fit = leastSquares(
    inside.map((at) => rows[at]!),
    inside.map((at) => o.changes[at]!),
  );
  const expected = rows.map((row) => dot(row, fit.coefficients));
  const treatedCount = count(o.treated);
  const gaps = o.changes.map((change, at) => change - expected[at]!);
  const effect = sum(gaps.filter((_, at) => o.treated[at])) / treatedCount;
  const meanRow = rows[0]!.map((_, column) => sum(rows.map((row, at) => (o.treated[at] ? row[column]! : 0))) / treatedCount);
  const pull = fit.inverse.map((row) => dot(row, meanRow));
  return {
    effect,
    influence: gaps.map((gap, at) => {
      if (o.treated[at]) return (all * (gap - effect)) / treatedCount;
      return o.compared[at] ? -all * gap * dot(rows[at]!, pull) : 0;
    }),
  };
}

function aggregate(
  units: readonly Unit[],
  groups: readonly number[],
  effects: readonly TracedEffect[],
): Omit<Effects, "units" | "effects"> {
  const after = effects.filter(({ group, period }) => period >= group);
  const exposureOf = makeExposure(units);
  const exposures = [...new Set(effects.map(exposureOf))].sort((a, b) => a - b);
  const byExposure = exposures.map((exposure) => ({
    exposure,
    ...weigh(
      units,
      effects.filter((one) => exposureOf(one) === exposure),
    ),
  }));
  const byGroup = groups
    .map((group) => ({ group, members: after.filter((one) => one.group === group) }))
    .filter(({ members }) => members.length > 0)
    .map(({ group, members }) => ({ group, ...average(members) }));
  return {
    simple: summary(weigh(units, after)),
    byExposure: byExposure.map(({ exposure, ...one }) => ({ exposure, ...summary(one) })),
    overallByExposure: summary(average(byExposure.filter(({ exposure }) => exposure >= 0))),
    byGroup: byGroup.map(({ group, ...one }) => ({ group, ...summary(one) })),
    overallByGroup: summary(weigh(units, byGroup)),
  };
}

/** Periods since adoption, counted in periods that were measured. */
function makeExposure(units: readonly Unit[]): (one: { readonly group: number; readonly period: number }) => number {
  const periods = [...(units[0]?.outcomes.keys() ?? [])].sort((a, b) => a - b);
  const begins = (group: number): number => periods.findIndex((period) => period >= group);
  return ({ group, period }) => periods.indexOf(period) - begins(group);
}

/** The mean by how many adopted in each group; that these shares are themselves estimated widens the error. */
function weigh(units: readonly Unit[], effects: readonly (Traced & { readonly group: number })[]): Traced {
  const shares = effects.map(({ group }) => units.filter(({ adopted }) => adopted === group).length / units.length);
  const total = sum(shares);
  if (total === 0) return { effect: Number.NaN, influence: [] };
  const weights = shares.map((share) => share / total);
  return {
    effect: sum(effects.map((one, at) => one.effect * weights[at]!)),
    influence: units.map(({ adopted }, at) => {
      const misses = effects.map(({ group }, of) => (adopted === group ? 1 : 0) - shares[of]!);
      const missed = sum(misses);
      return sum(
        effects.map(
          (one, of) => one.influence[at]! * weights[of]! + one.effect * (misses[of]! / total - (missed * shares[of]!) / total ** 2),
        ),
      );
    }),
  };
}

function average(effects: readonly Traced[]): Traced {
  if (effects.length === 0) return { effect: Number.NaN, influence: [] };
  return {
    effect: sum(effects.map(({ effect }) => effect)) / effects.length,
    influence: effects[0]!.influence.map((_, at) => sum(effects.map(({ influence }) => influence[at]!)) / effects.length),
  };
}

function summary({ effect, influence }: Traced): Aggregate {
  return { effect, error: errorOf(influence) };
}

function withoutTrace({ group, period, effect, error, treated, controls }: TracedEffect): GroupTimeEffect {
  return { group, period, effect, error, treated, controls };
}

function errorOf(influence: readonly number[]): number {
  return Math.sqrt(sum(influence.map((one) => one * one))) / influence.length;
}

function dot(one: readonly number[], other: readonly number[]): number {
  return one.reduce((total, value, at) => total + value * other[at]!, 0);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function count(flags: readonly boolean[]): number {
  return flags.filter(Boolean).length;
}
