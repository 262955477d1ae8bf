import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { toPercent, trustOf, trustOfValue } from "./trust.ts";

const now = new Date("2026-11-01T00:00:00Z");
const daysAgo = (days: number): Date => new Date(now.getTime() - days * 86_400_000);

describe("trustOf", () => {
  test("is the confidence when fresh, half of it after a half-life, a quarter after two", () => {
    expect(trustOf(0.8, now, 90, now)).toBe(0.8);
    expect(trustOf(0.8, daysAgo(90), 90, now)).toBeCloseTo(0.4, 10);
    expect(trustOf(0.8, daysAgo(180), 90, now)).toBeCloseTo(0.2, 10);
  });

  test("what comes from the future counts as from now, and some things never grow old", () => {
    expect(trustOf(0.9, daysAgo(-5), 30, now)).toBe(0.9);
    expect(trustOf(1, daysAgo(10_000), Number.POSITIVE_INFINITY, now)).toBe(1);
    expect(trustOf(1, daysAgo(1), 0, now)).toBe(0);
  });

  test("stays between 0 and 1 and never rises with age", () => {
    const anything = fc.double({ min: -2, max: 2, noNaN: true });
    const age = fc.double({ min: 0, max: 100_000, noNaN: true });
    const halfLife = fc.double({ min: 0.01, max: 10_000, noNaN: true });
    fc.assert(
      fc.property(anything, age, age, halfLife, (confidence, a, b, days) => {
        const [older, newer] = [Math.max(a, b), Math.min(a, b)];
        const then = trustOf(confidence, daysAgo(older), days, now);
        expect(then).toBeGreaterThanOrEqual(0);
        expect(then).toBeLessThanOrEqual(1);
        expect(then).toBeLessThanOrEqual(trustOf(confidence, daysAgo(newer), days, now));
      }),
    );
  });
});

describe("trustOfValue", () => {
  const plain = { supporting: [0.8], contradicting: [], locked: false, denied: false };

  test("is that of the best witness", () => {
    expect(trustOfValue({ ...plain, supporting: [0.3, 0.9, 0.5] })).toBe(0.9);
    expect(trustOfValue({ ...plain, supporting: [] })).toBe(0);
  });

  test("another source that is sure of something else takes away up to half", () => {
    expect(trustOfValue({ ...plain, contradicting: [0.1, 1] })).toBeCloseTo(0.4, 10);
    expect(trustOfValue({ ...plain, contradicting: [0] })).toBe(0.8);
  });

  test("a lock has heard the others, a denial ends it", () => {
    expect(trustOfValue({ ...plain, contradicting: [1], locked: true })).toBe(0.8);
    expect(trustOfValue({ ...plain, denied: true, locked: true })).toBe(0);
  });
});

test("people read whole per cent", () => {
  expect([0, 0.004, 0.816, 1].map(toPercent)).toEqual([0, 0, 82, 100]);
});
