import { readFileSync } from "node:fs";

import fc from "fast-check";
import { expect, test } from "vitest";

import { eventRate, rateRatio } from "./event-rate.ts";
import { adjustHolm } from "./holm.ts";
import { netPromoterScore, type Promotion } from "./net-promoter.ts";
import { comparePermuted } from "./permutation.ts";
import { clopperPearsonInterval, wilsonInterval } from "./proportion.ts";
import { bootstrapQuantile, medianInterval, medianRanks, quantileOf } from "./quantile.ts";
import { seededRandom } from "./random.ts";
import { betaCdf, binomialCdf, gammaCdf, normalQuantile } from "./special-functions.ts";
import { survivalMedian } from "./survival.ts";

const read = (name: string): any => JSON.parse(readFileSync(new URL(`../../fixtures/derived/${name}`, import.meta.url), "utf8"));
const VECTORS = read("stat_vectors.json") as {
  wilson95: { x: number; n: number; lo: number; hi: number }[];
  nps_adjusted_wald: (Promotion & { nps: number; adjWald95: [number, number] })[];
  median_order_stat_ci: { n: number; k: number | null; upper?: number; exact_coverage?: number }[];
};
const SCIPY = read("scipy_vectors.json") as Record<string, number[][]>;
/** Nine digits, of large values of their size. */
const near = (found: number, expected: number): void =>
  expect(Math.abs(found - expected) / Math.max(1, Math.abs(expected))).toBeLessThan(1e-9);

test("Wilson's intervals agree with Newcombe's worked examples to 1e-9", () => {
  expect(VECTORS.wilson95.length).toBe(9);
  for (const { x, n, lo, hi } of VECTORS.wilson95) {
    const { lower, upper } = wilsonInterval(x, n);
    near(lower, lo);
    near(upper, hi);
  }
});

test("net promoter scores and their adjusted intervals agree to 1e-9", () => {
  expect(VECTORS.nps_adjusted_wald.length).toBe(6);
  for (const { nps, adjWald95, ...answers } of VECTORS.nps_adjusted_wald) {
    const found = netPromoterScore(answers)!;
    near(found.score, nps);
    near(found.lower, adjWald95[0]);
    near(found.upper, adjWald95[1]);
  }
});

test("the ranks around a median agree, with their exact coverage; too few have none", () => {
  for (const { n, k, upper, exact_coverage } of VECTORS.median_order_stat_ci) {
    const found = medianRanks(n);
    if (k === null) {
      expect(found).toBeUndefined();
      continue;
    }
    expect(found).toMatchObject({ lower: k, upper });
    near(found!.coverage, exact_coverage!);
  }
});

test("distributions and exact intervals agree with scipy to 1e-9", () => {
  for (const [p, z] of SCIPY["normal"]!) near(normalQuantile(p!), z!);
  for (const [x, a, b, p] of SCIPY["beta_cdf"]!) near(betaCdf(x!, a!, b!), p!);
  for (const [x, shape, p] of SCIPY["gamma_cdf"]!) near(gammaCdf(x!, shape!), p!);
  for (const [k, n, chance, p] of SCIPY["binomial_cdf"]!) near(binomialCdf(k!, n!, chance!), p!);
  for (const [x, n, confidence, lo, hi] of SCIPY["clopper_pearson"]!) {
    const { lower, upper } = clopperPearsonInterval(x!, n!, confidence);
    near(lower, lo!);
    near(upper, hi!);
  }
  for (const [events, exposure, confidence, lo, hi] of SCIPY["poisson"]!) {
    const { lower, upper } = eventRate({ events: events!, exposure: exposure! }, confidence)!;
    near(lower, lo!);
    near(upper, hi!);
  }
  for (const [a, ea, b, eb, lo, hi] of SCIPY["rate_ratio"]!) {
    const { lower, upper } = rateRatio({ events: a!, exposure: ea! }, { events: b!, exposure: eb! })!;
    near(lower, lo!);
    near(upper, hi!);
  }
});

test("nothing divided by nothing is anything, or undefined, and never NaN", () => {
  expect(wilsonInterval(0, 0)).toEqual({ lower: 0, upper: 1 });
  expect(clopperPearsonInterval(0, 0)).toEqual({ lower: 0, upper: 1 });
  expect(netPromoterScore({ promoters: 0, passives: 0, detractors: 0 })).toBeUndefined();
  expect(eventRate({ events: 0, exposure: 0 })).toBeUndefined();
  expect(rateRatio({ events: 0, exposure: 1 }, { events: 0, exposure: 1 })).toBeUndefined();
  expect(rateRatio({ events: 3, exposure: 1 }, { events: 0, exposure: 1 })).toMatchObject({
    ratio: undefined,
    upper: Number.POSITIVE_INFINITY,
  });
  expect(medianInterval([], 1)).toBeUndefined();
  expect(survivalMedian([])).toBeUndefined();
});

test("an interval holds its share, whatever was seen", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (total, part) => {
      const hits = Math.round(total * part);
      for (const { lower, upper } of [wilsonInterval(hits, total), clopperPearsonInterval(hits, total)]) {
        expect(lower).toBeLessThanOrEqual(hits / total + 1e-12);
        expect(upper).toBeGreaterThanOrEqual(hits / total - 1e-12);
        expect(lower >= 0 && upper <= 1).toBe(true);
      }
    }),
  );
});

test("quantiles lie between two values, in proportion", () => {
  expect(quantileOf([1, 2, 3, 4], 0.5)).toBe(2.5);
  expect(quantileOf([1, 2, 3, 4], 0.9)).toBeCloseTo(3.7, 12);
  expect(quantileOf([7], 0.9)).toBe(7);
});

test("five values have no interval, ten have two of themselves, many are drawn by cluster and alike for the same seed", () => {
  const rows = (count: number) => Array.from({ length: count }, (_, at) => ({ value: at + 1, cluster: `s${at % 6}` }));
  expect(medianInterval(rows(5), 1)).toBeUndefined();
  expect(medianInterval(rows(10), 1)).toEqual({ lower: 2, upper: 9 });
  expect(medianInterval(rows(60), 1)).toEqual(medianInterval(rows(60), 1));
  const alone = rows(60).map(({ value }) => ({ value, cluster: "one" }));
  // One service says nothing of how services differ: by ranks, not by a bootstrap that draws it again and again.
  expect(medianInterval(alone, 1)).toEqual({ lower: medianRanks(60)!.lower, upper: medianRanks(60)!.upper });
});

test("rows that are alike within clusters give a wider interval than as many that are not", () => {
  const alike = Array.from({ length: 60 }, (_, at) => ({ value: Math.floor(at / 10) * 10, cluster: `s${Math.floor(at / 10)}` }));
  const apart = alike.map((row, at) => ({ ...row, cluster: `r${at}` }));
  const width = (rows: typeof alike): number => {
    const { lower, upper } = bootstrapQuantile(rows, { p: 0.5, seed: 3 })!;
    return upper - lower;
  };
  expect(width(alike)).toBeGreaterThan(width(apart));
});

test("what is not over yet counts as long as it is known: leaving it out would say 2", () => {
  const all = [1, 2, 3].map((duration) => ({ duration, ended: true })).concat([5, 6].map((duration) => ({ duration, ended: false })));
  expect(survivalMedian(all)).toBe(3);
  expect(survivalMedian([{ duration: 9, ended: false }])).toBeUndefined();
});

test("permuting finds what is there, claims nothing of two teams, and holds its level where nothing is", () => {
  const found = comparePermuted([-0.4, -0.35, -0.5, -0.45, -0.38], [0.02, -0.05, 0.04, 0.1, 0, -0.02, 0.05, -0.08, 0.01, 0.03], {
    seed: 1,
  })!;
  expect(found.p).toBeLessThan(0.01);
  expect(found.upper).toBeLessThan(-0.3);
  expect(comparePermuted([1, 2], [3, 4, 5], { seed: 1 })).toBeUndefined();

  const random = seededRandom(20261128);
  const normal = (): number => normalQuantile(Math.max(1e-12, random()));
  const rounds = 400;
  let wrong = 0;
  for (let round = 0; round < rounds; round++) {
    const found = comparePermuted([normal(), normal(), normal()], Array.from({ length: 8 }, normal), { seed: round })!;
    if (found.p <= 0.05) wrong++;
  }
  // Five percent, and what 400 rounds may show above it by luck.
  expect(wrong / rounds).toBeLessThan(0.083);
}, 60_000);

test("twenty questions asked at once need more evidence", () => {
  expect(adjustHolm([0.01, 0.04, 0.03])).toEqual([0.03, 0.06, 0.06]);
  expect(adjustHolm([])).toEqual([]);
});
