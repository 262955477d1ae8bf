import fc from "fast-check";
import { expect, test } from "vitest";

import { casesNeeded, meanInterval } from "./mean-interval.ts";
import { seeded } from "./simulation.suite.ts";

test("nothing is known without scores, little by few, and bounds stay where scores can be with the mean between them", () => {
  expect(meanInterval([], 0.95)).toMatchObject({ count: 0, lower: 0, upper: 1 });
  const few = meanInterval([1, 1, 1], 0.95);
  expect(few.lower).toBeLessThan(0.3);
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 300 }), (scores) => {
      const { lower, upper, estimate } = meanInterval(scores, 0.95);
      expect(lower).toBeGreaterThanOrEqual(0);
      expect(upper).toBeLessThanOrEqual(1);
      expect(lower).toBeLessThanOrEqual(upper);
      expect(estimate).toBeCloseTo(scores.reduce((sum, one) => sum + one, 0) / scores.length, 9);
    }),
  );
});

test("the mean is missed as seldom as was said, and what varies less is known sooner", () => {
  const missed = (draw: (random: () => number) => number, mean: number, count: number): number => {
    const random = seeded(count);
    let misses = 0;
    for (let run = 0; run < 400; run++) {
      const { lower, upper } = meanInterval(
        Array.from({ length: count }, () => draw(random)),
        0.95,
      );
      if (mean < lower || mean > upper) misses++;
    }
    return misses / 400;
  };
  for (const count of [10, 50, 400]) {
    expect(missed((random) => (random() < 0.9 ? 1 : 0), 0.9, count)).toBeLessThanOrEqual(0.06);
    expect(missed((random) => random(), 0.5, count)).toBeLessThanOrEqual(0.06);
  }
  const random = seeded(3);
  const width = (scores: number[]): number => meanInterval(scores, 0.95).upper - meanInterval(scores, 0.95).lower;
  const [calm, wild] = [
    Array.from({ length: 300 }, () => 0.8 + 0.05 * random()),
    Array.from({ length: 300 }, () => (random() < 0.8 ? 1 : 0)),
  ];
  expect(width(calm)).toBeLessThan(width(wild) / 2);
});

test("the number of cases that is said to be needed is enough", () => {
  // 17 of 20, evenly: so that the figures do not depend on luck.
  const draw = (count: number): number[] => Array.from({ length: count }, (_, at) => ((at * 7) % 20 < 17 ? 1 : 0));
  const some = draw(60);
  const found = meanInterval(some, 0.95);
  expect(found.lower).toBeLessThan(0.75);
  const needed = casesNeeded(some, 0.75, 0.95)!;
  expect(needed).toBeGreaterThan(60);
  expect(needed).toBeLessThan(500);
  expect(meanInterval(draw(needed), 0.95).lower).toBeGreaterThanOrEqual(0.75);
  expect(casesNeeded(some, found.estimate, 0.95)).toBeUndefined();
});
