import { expect, test } from "vitest";

import { judgeBudget } from "./budget-gate.ts";

const BUDGET = { amount: "100.00", currency: "EUR", blockUnknown: false };

test("what is known is added up exactly and held against the budget", () => {
  const items = [
    { label: "this release, 3", amount: "0.10", currency: "EUR" },
    { label: "orders-db", amount: "99.90", currency: "EUR" },
  ];
  expect(judgeBudget(items, BUDGET)).toMatchObject({ verdict: "passed", why: "It would cost 100.00 of 100.00 EUR a month." });
  expect(judgeBudget([...items, { label: "cache", amount: "0.01", currency: "EUR" }], BUDGET)).toMatchObject({
    verdict: "blocked",
    why: "It would cost 100.01 EUR a month, 0.01 more than the budget of 100.00.",
  });
});

test("unknown is told as unknown, and blocks only where the environment says so; another currency is not converted", () => {
  const items = [
    { label: "this release, 3" },
    { label: "bucket", amount: "5", currency: "USD" },
    { label: "free", amount: "0", currency: "USD" },
  ];
  const told = judgeBudget(items, BUDGET);
  expect(told).toMatchObject({ verdict: "passed", why: expect.stringContaining("2 of them would cost is not known") });
  expect(told.evidence).toContainEqual({ label: "this release, 3", value: "unknown" });
  expect(told.evidence).toContainEqual({ label: "bucket", value: "5 USD, which is not converted" });
  expect(judgeBudget(items, { ...BUDGET, blockUnknown: true })).toMatchObject({
    verdict: "blocked",
    why: expect.stringContaining('cost: { monthly: "12.50", currency: EUR }'),
  });
});
