import fc from "fast-check";
import { expect, test } from "vitest";

import { addScore, beginScores, describeScores, differenceOf } from "./mean-score.ts";
import { seeded } from "./simulation.suite.ts";

const ALPHA = 0.05;

test("nothing is known before the first score", () => {
  expect(describeScores(beginScores(ALPHA))).toEqual({ count: 0, estimate: undefined, lower: 0, upper: 1 });
});

test("bounds stay where scores can be, with the mean between them", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 200 }), (scores) => {
      const { lower, upper, estimate } = describeScores(scores.reduce(addScore, beginScores(ALPHA)));
      expect(lower).toBeGreaterThanOrEqual(0);
      expect(upper).toBeLessThanOrEqual(1);
      expect(lower).toBeLessThanOrEqual(upper);
      expect(estimate).toBeCloseTo(scores.reduce((sum, one) => sum + one, 0) / scores.length, 9);
    }),
  );
});

test("at all looks together they miss the mean as seldom as was said, and what varies less is known sooner", () => {
  const missed = (draw: (random: () => number) => number, mean: number): number => {
    const random = seeded(5);
    let misses = 0;
    for (let run = 0; run < 200; run++) {
      let state = beginScores(ALPHA);
      for (let at = 0; at < 300; at++) {
        state = addScore(state, draw(random));
        const { lower, upper } = describeScores(state);
        if (lower <= mean && mean <= upper) continue;
        misses++;
        break;
      }
    }
    return misses / 200;
  };
  expect(missed((random) => (random() < 0.8 ? 1 : 0), 0.8)).toBeLessThanOrEqual(ALPHA);
  expect(missed((random) => random(), 0.5)).toBeLessThanOrEqual(ALPHA);
  const width = (draw: (random: () => number) => number): number => {
    const random = seeded(9);
    let state = beginScores(ALPHA);
    for (let at = 0; at < 500; at++) state = addScore(state, draw(random));
    const { lower, upper } = describeScores(state);
    return upper - lower;
  };
  expect(width((random) => 0.8 + 0.05 * random())).toBeLessThan(width((random) => (random() < 0.8 ? 1 : 0)) / 2);
});

test("a difference of two scores is a score", () => {
  expect([differenceOf(1, 0), differenceOf(0.25, 0.25), differenceOf(0, 1)]).toEqual([1, 0.5, 0]);
});
