import { readFileSync } from "node:fs";

import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";

import { leastSquares } from "./least-squares.ts";
import { effectsOfAdoption, type Effects, type Unit } from "./staggered-adoption.ts";

type Row = Record<string, string>;
const read = (name: string): Row[] =>
  parse(readFileSync(new URL(`../../fixtures/did/${name}`, import.meta.url)), { columns: true, skip_empty_lines: true });
const near = (found: number, expected: string): void => expect(Math.abs(found - Number(expected))).toBeLessThan(1e-9);

function unitsOf(
  rows: readonly Row[],
  names: { id: string; period: string; group: string; outcome: string; covariate: string },
  by: boolean,
): Unit[] {
  return [...Map.groupBy(rows, (row) => row[names.id]!)].map(([id, members]) => ({
    id,
    adopted: Number(members[0]![names.group]) || undefined,
    outcomes: new Map(members.map((row) => [Number(row[names.period]), Number(row[names.outcome])])),
    ...(by ? { covariates: [Number(members[0]![names.covariate])] } : {}),
  }));
}

const MPDTA = { id: "countyreal", period: "year", group: "first.treat", outcome: "lemp", covariate: "lpop" };
const SIMULATED = { id: "id", period: "period", group: "G", outcome: "Y", covariate: "X" };

const SCENARIOS = [
  { scenario: "mpdta_nev_dr", controls: "never", by: false },
  { scenario: "mpdta_nev_ipw", controls: "never", by: false },
  { scenario: "mpdta_nyt_dr", controls: "not-yet", by: false },
  { scenario: "mpdta_nev_reg_cov", controls: "never", by: true },
] as const;

test.each(SCENARIOS)("$scenario: every group-time effect and standard error of R's did, to 1e-9", ({ scenario, controls, by }) => {
  const found = effectsOfAdoption(unitsOf(read("mpdta.csv"), MPDTA, by), { controls });
  const expected = read("ref_attgt.csv").filter((row) => row["scenario"] === scenario);
  expect(expected.length).toBe(12);
  expect(found.effects.length).toBe(12);
  for (const row of expected) {
    const one = found.effects.find(({ group, period }) => group === Number(row["group"]) && period === Number(row["t"]))!;
    near(one.effect, row["att"]!);
    near(one.error, row["se"]!);
  }
});

test.each(SCENARIOS)("$scenario: its averages over all, by exposure and by group, with their errors", ({ scenario, controls, by }) => {
  const found = effectsOfAdoption(unitsOf(read("mpdta.csv"), MPDTA, by), { controls });
  const expected = read("ref_aggte.csv").filter((row) => row["scenario"] === scenario && row["type"] !== "calendar");
  expect(expected.length).toBe(11);
  for (const row of expected) check(found, row);
});

function check(found: Effects, row: Row): void {
  const [of, overall] =
    row["type"] === "simple"
      ? [undefined, found.simple]
      : row["type"] === "dynamic"
        ? [found.byExposure.find(({ exposure }) => exposure === Number(row["egt"]))!, found.overallByExposure]
        : [found.byGroup.find(({ group }) => group === Number(row["egt"]))!, found.overallByGroup];
  near(overall.effect, row["overall_att"]!);
  near(overall.error, row["overall_se"]!);
  if (of === undefined) return;
  near(of.effect, row["att_egt"]!);
  near(of.error, row["se_egt"]!);
}

test.each(["nevertreated", "notyettreated"] as const)("a simulated panel of R's did with a covariate, %s, to 1e-9", (control) => {
  const units = unitsOf(read("tp4_dyn.csv"), SIMULATED, true);
  const found = effectsOfAdoption(units, { controls: control === "nevertreated" ? "never" : "not-yet" });
  const expected = read("ref_sim_tp4_dyn.csv").filter((row) => row["control"] === control && row["est"] === "reg");
  expect(expected.length).toBe(9);
  for (const row of expected) {
    const one = found.effects.find(({ group, period }) => group === Number(row["group"]) && period === Number(row["t"]))!;
    near(one.effect, row["att"]!);
    near(one.error, row["se"]!);
  }
});

test("once all have adopted there is nobody to compare with: nothing is said of those periods", () => {
  const unit = (id: string, adopted: number): Unit => ({
    id,
    adopted,
    outcomes: new Map([1, 2, 3, 4].map((at) => [at, at + (at >= adopted ? -2 : 0)])),
  });
  const units = [unit("a", 2), unit("b", 2), unit("c", 4), unit("d", 4)];
  const found = effectsOfAdoption(units, { controls: "not-yet" });
  expect(found.effects.map(({ group, period }) => [group, period])).toEqual([
    [2, 2],
    [2, 3],
  ]);
  expect(found.simple.effect).toBeCloseTo(-2, 12);
  expect(effectsOfAdoption(units, { controls: "never" }).effects).toEqual([]);
  expect(effectsOfAdoption([], { controls: "never" }).effects).toEqual([]);
});

test("two covariates that say the same cannot be told apart", () => {
  expect(() =>
    leastSquares(
      [
        [1, 2, 4],
        [1, 3, 6],
        [1, 5, 10],
        [1, 6, 12],
      ],
      [1, 2, 3, 4],
    ),
  ).toThrow(RangeError);
});
