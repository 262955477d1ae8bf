import { readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { scorePublished, scoreQuickCheck } from "./quick-check.ts";

interface Industry {
  readonly leadtime: { readonly mean: number };
  readonly deployfreq: { readonly mean: number };
  readonly failurerecovery: { readonly mean: number };
  readonly changefailure: { readonly mean: number };
  readonly rework: { readonly mean: number };
}
const { all } = JSON.parse(readFileSync(new URL("../../fixtures/quick-check/industry_metrics.json", import.meta.url), "utf8")) as {
  all: Industry;
};

test("the published means of all industries score 6.72, as DORA says", () => {
  const score = scorePublished({
    leadTime: all.leadtime.mean,
    deploymentFrequency: all.deployfreq.mean,
    recovery: all.failurerecovery.mean,
    failRate: all.changefailure.mean,
    reworkRate: all.rework.mean,
  });
  expect(score.overall).toBeCloseTo(6.72, 12);
  expect(score.stability.toFixed(1)).toMatch(/7\.9|8\.0/);
});

test("the best and the worst answers are the ends of the scale", () => {
  expect(scoreQuickCheck({ leadTime: 6, deploymentFrequency: 6, recovery: 6, failRate: 0, reworkRate: 0 }).overall).toBe(10);
  expect(scoreQuickCheck({ leadTime: 1, deploymentFrequency: 1, recovery: 1, failRate: 100, reworkRate: 100 }).overall).toBe(0);
});
