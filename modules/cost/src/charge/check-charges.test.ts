import { readFileSync } from "node:fs";

import { checkCharges } from "@roadbed/contracts/cost";
import { ForbiddenError, perform, type InputOf, type OutputOf, type Runtime } from "@roadbed/core";
import { callAs } from "@roadbed/testkit";
import { expect, test } from "vitest";

import { makeCheckCharges } from "./check-charges.ts";

const runtime: Runtime = {
  may: async () => {},
  read: (call, work) => work(call as never),
  write: async () => {
    throw new Error("nothing is written");
  },
};
const check = async (input: InputOf<typeof checkCharges>, call = callAs()): Promise<OutputOf<typeof checkCharges>> =>
  (await perform(runtime, makeCheckCharges(), call, input)) as OutputOf<typeof checkCharges>;
const sample = readFileSync(new URL("../../fixtures/focus/focus_sample.csv", import.meta.url), "utf8");

test("the sample of FOCUS: totals by period, all findings counted and as many listed as were asked for", async () => {
  const found = await check({ csv: sample, findings: 5 });
  expect(found).toMatchObject({ version: "1.0", rows: 1_000, counted: 1_000, refused: 0 });
  expect(found.totals.map(({ currency, billingPeriod, rows }) => `${currency} ${billingPeriod} ${rows}`)).toEqual([
    "USD 2024-09-01 999",
    "USD 2024-10-01 1",
  ]);
  // The one row of October says no contracted cost: its total is absent.
  expect(found.totals[1]).not.toHaveProperty("contracted");
  expect(found.findings).toHaveLength(5);
  expect(found.allFindings).toBeGreaterThan(7);
});

test("what keeps a row out is listed before what does not", async () => {
  const header = "BilledCost,EffectiveCost,ListCost,ContractedCost,BillingCurrency,BillingPeriodStart,ChargePeriodStart";
  const csv = [header, "1,1,1,,EUR,2026-01-01,2026-01-02", "x,1,1,1,EUR,2026-01-01,2026-01-02"].join("\n");
  const found = await check({ csv, findings: 1 });
  expect(found).toMatchObject({ counted: 1, refused: 1, allFindings: 2, findings: [{ line: 3, column: "BilledCost", counts: false }] });
});

test("it needs the right to read costs", async () => {
  await expect(check({ csv: "a" }, { ...callAs(), scopes: new Set(["catalog:read"]) })).rejects.toBeInstanceOf(ForbiddenError);
});
