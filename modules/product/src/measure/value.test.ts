import type { MeasureName } from "@roadbed/contracts/product/measures";
import { expect, test } from "vitest";

import type { Change, Deployment, Incident, Records } from "../delivery/records.ts";
import { builtIn } from "./built-in.ts";
import { DELIVERY, matchesName } from "./definitions.ts";
import { readMeasure } from "./read-measure.ts";
import { distributionOf, historyOf } from "./value.ts";

const NOW = new Date("2026-11-28T12:00:00Z");
const HOUR = 3_600_000;
const ago = (hours: number): number => NOW.getTime() - hours * HOUR;
const SHOP = "component:default/shop";

function deployment(key: string, hoursAgo: number, over: Partial<Deployment> = {}): Deployment {
  return { id: `d-${key}`, key, source: "t", entityRef: SHOP, environment: "prod", finishedAt: ago(hoursAgo), result: "success", ...over };
}
function change(key: string, over: Partial<Change> & Pick<Change, "mergedAt">): Change {
  return { id: `c-${key}`, key, source: "t", entityRef: SHOP, bot: false, ...over };
}
function incident(key: string, hoursAgo: number, over: Partial<Incident> = {}): Incident {
  return { id: `i-${key}`, key, source: "t", entityRef: SHOP, openedAt: ago(hoursAgo), userFacing: true, ...over };
}
function read(measure: MeasureName, records: Partial<Records>, rules: Partial<(typeof DELIVERY)[number]["rules"]> = {}) {
  const base = builtIn(measure);
  const all = { deployments: [], changes: [], incidents: [], ...records };
  return readMeasure({ ...base, rules: { ...base.rules, ...rules }, version: 1 }, all, { ref: SHOP }, NOW);
}

test("nothing divided by nothing: no measure has a value, and each says what nobody tells", () => {
  for (const { measure } of DELIVERY) {
    const { value } = read(measure, {});
    expect(value.status).toBe("not_instrumented");
    expect(value.value).toBeUndefined();
    expect(value.why).toMatch(/^Nobody tells/);
  }
});

test("two incidents of one deployment are one failed deployment, and the share never exceeds 1", () => {
  const deployments = Array.from({ length: 10 }, (_, at) => deployment(`d${at}`, 200 - at * 10));
  const incidents = [incident("a", 199, { resolvedAt: ago(198) }), incident("b", 198.5, { resolvedAt: ago(197) })];
  const { value, rows } = read("change-fail-rate", { deployments, incidents });
  expect(value).toMatchObject({ status: "ok", value: 0.1, numerator: 1, denominator: 10 });
  // 1 of 10 by Wilson.
  expect([value.lower, value.upper].map((edge) => edge!.toFixed(4))).toEqual(["0.0179", "0.4042"]);
  expect(rows.find(({ key }) => key === "d0")).toMatchObject({ value: 1, why: "incident: 2 incidents" });
  // Recovered when the last of them was.
  expect(read("failed-deployment-recovery-time", { deployments, incidents }).value).toMatchObject({ status: "low_n", value: 3, n: 1 });
});

test("an incident that nobody brings to anything blames no deployment, and is counted as an incident all the same", () => {
  const deployments = [deployment("old", 60 * 24)];
  const incidents = [incident("late", 10, { resolvedAt: ago(8) }), incident("nobody", 9, { entityRef: undefined, resolvedAt: ago(8) })];
  expect(read("change-fail-rate", { deployments, incidents }).value).toMatchObject({ numerator: 0, denominator: 1 });
  expect(read("change-fail-rate", { deployments, incidents }, { incidentWindowHours: null }).value).toMatchObject({ numerator: 1 });
  const restore = read("time-to-restore", { deployments, incidents });
  expect(restore.rows.map(({ why }) => why)).toEqual(["put down to no deployment", "put down to no deployment"]);
  expect(restore.value).toMatchObject({ n: 2, value: 1.5 });
});

test("what never came up is in the failure rate of deployments and not in the fail rate of changes", () => {
  const deployments = [deployment("a", 50), deployment("b", 40, { result: "failure" }), deployment("c", 30)];
  const incidents = [incident("x", 39, { resolvedAt: ago(38) })];
  expect(read("deployment-failure-rate", { deployments }).value).toMatchObject({ numerator: 1, denominator: 3 });
  // The incident is put down to what was there, not to what never answered.
  const { value, rows } = read("change-fail-rate", { deployments, incidents });
  expect(value).toMatchObject({ numerator: 1, denominator: 2, excluded: 1 });
  expect(rows.find(({ key }) => key === "b")).toMatchObject({ counts: "no" });
});

test("a rollback and a hotfix say that the one before failed; a hotfix weeks later does not", () => {
  const deployments = [
    deployment("bad", 100),
    deployment("back", 98, { rollback: true, rework: true }),
    deployment("worse", 80),
    deployment("fix", 79, { rework: true }),
    deployment("old", 60),
    deployment("late", 20, { rework: true }),
  ];
  const { rows } = read("change-fail-rate", { deployments });
  expect(rows.filter(({ value }) => value === 1).map(({ key, why }) => `${key} ${why}`)).toEqual([
    "bad rollback: taken back by back",
    "worse hotfix: mended by fix",
  ]);
  expect(read("failed-deployment-recovery-time", { deployments }).value).toMatchObject({ n: 2, value: 1.5 });
  expect(read("deployment-rework-rate", { deployments }).value).toMatchObject({ numerator: 3, denominator: 3, excluded: 3 });
});

test("changes that wait count for as long as they are known: leaving them out would make the slow look fast", () => {
  const deployments = [deployment("first", 400), deployment("second", 300)];
  const out = [1, 2, 3].map((hours) =>
    change(`out${hours}`, { firstCommitAt: ago(300 + hours), openedAt: ago(300 + hours), mergedAt: ago(300.5) }),
  );
  const waiting = [200, 210, 220, 230].map((hours) => change(`wait${hours}`, { firstCommitAt: ago(hours), mergedAt: ago(hours - 1) }));
  expect(read("change-lead-time", { deployments, changes: out }).value).toMatchObject({ value: 2, waiting: 0 });
  const { value } = read("change-lead-time", { deployments, changes: [...out, ...waiting] });
  expect(value).toMatchObject({ status: "ok", n: 7, waiting: 4 });
  // More than half are not out: nobody knows when half will be, only that it takes longer than that.
  expect(value.value).toBeUndefined();
  expect(value.lower).toBe(1);
  expect(value.upper).toBeUndefined();
});

test("machines are left out unless somebody decides otherwise, and the row says so", () => {
  const deployments = [deployment("first", 400), deployment("second", 300)];
  const changes = [
    change("bot", { firstCommitAt: ago(302), mergedAt: ago(301), bot: true }),
    change("ada", { firstCommitAt: ago(304), mergedAt: ago(301) }),
  ];
  const { value, rows } = read("change-lead-time", { deployments, changes });
  expect(value).toMatchObject({ n: 1, excluded: 1, value: 4 });
  expect(rows.find(({ key }) => key === "bot")).toMatchObject({ counts: "no", why: "a machine proposed it" });
  expect(read("change-lead-time", { deployments, changes }, { bots: true }).value).toMatchObject({ n: 2, value: 3 });
});

test("empty weeks count, the weeks before a component's first deployment do not", () => {
  const deployments = [deployment("a", 24 * 50), deployment("b", 24 * 49.5), deployment("c", 24 * 2)];
  const { value, rows, definition, window } = read("deployment-frequency", { deployments });
  expect(value).toMatchObject({ value: 0, numerator: 3, denominator: 8, n: 3 });
  const weeks = historyOf(definition, rows, window);
  expect(weeks).toHaveLength(13);
  expect(weeks.slice(0, 5).every((week) => week.value === undefined)).toBe(true);
  expect(weeks.slice(5).map((week) => week.value)).toEqual([2, 0, 0, 0, 0, 0, 0, 1]);
});

test("few are low, old is stale, none in the window is no data, other environments are no production", () => {
  expect(read("deployment-failure-rate", { deployments: [deployment("a", 1)] }).value.status).toBe("low_n");
  const many = Array.from({ length: 12 }, (_, at) => deployment(`d${at}`, 24 * 50 + at));
  expect(read("deployment-failure-rate", { deployments: many }).value).toMatchObject({
    status: "stale",
    value: 0,
    why: "Nothing was told for 50 days.",
  });
  expect(
    read("deployment-failure-rate", { deployments: many.map((one) => ({ ...one, finishedAt: one.finishedAt - 100 * 24 * HOUR })) }).value
      .status,
  ).toBe("no_data");
  expect(read("deployment-failure-rate", { deployments: [deployment("a", 1, { environment: "dev" })] }).value.status).toBe(
    "not_instrumented",
  );
  expect(["prod", "PROD", "prod-eu", "preprod", "prod.x"].map(matchesName(["prod", "prod-*"]))).toEqual([true, true, true, false, false]);
});

test("that no failure is known is not that nothing failed", () => {
  const deployments = Array.from({ length: 20 }, (_, at) => deployment(`d${at}`, 10 + at));
  expect(read("change-fail-rate", { deployments }).value).toMatchObject({ status: "not_instrumented" });
  expect(read("deployment-rework-rate", { deployments }).value).toMatchObject({ status: "not_instrumented" });
});

test("the distribution holds every row that counts, once", () => {
  const deployments = [deployment("first", 400), deployment("second", 300)];
  const changes = [0.5, 3, 30, 99].map((hours) => change(`c${hours}`, { firstCommitAt: ago(300 + hours), mergedAt: ago(300.1) }));
  const { rows, window } = read("change-lead-time", { deployments, changes });
  const bins = distributionOf(rows, window);
  expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(4);
  expect(bins.filter(({ count }) => count > 0).map(({ from, to }) => [from, to])).toEqual([
    [0, 1],
    [1, 4],
    [24, 48],
    [96, 168],
  ]);
});
