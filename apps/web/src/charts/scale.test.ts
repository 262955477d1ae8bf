import { describe, expect, it } from "vitest";

import { nearest, stretches, timeTicks, valueTicks } from "./scale.ts";

describe("valueTicks", () => {
  it("covers the largest value with round steps", () => {
    expect(valueTicks(0.83)).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(valueTicks(100)).toEqual([0, 25, 50, 75, 100]);
    expect(valueTicks(101).at(-1)).toBeGreaterThanOrEqual(101);
  });
  it("has an axis even when nothing happened", () => expect(valueTicks(0)).toEqual([0, 1]));
});

describe("timeTicks", () => {
  it("falls on round moments inside the window", () => {
    const from = Date.UTC(2025, 0, 1, 10, 3);
    const ticks = timeTicks(from, from + 3_600_000, 6);
    expect(ticks.length).toBeGreaterThan(3);
    expect(ticks.every((at) => at >= from && at % 600_000 === 0)).toBe(true);
  });
});

describe("stretches", () => {
  it("breaks the line where data is missing instead of drawing through it", () => {
    const points = [0, 10, 20, 50, 60].map((at) => ({ at, value: 1 }));
    expect(stretches(points, 10).map((part) => part.length)).toEqual([3, 2]);
  });
  it("puts points in the order of time", () => {
    expect(
      stretches(
        [20, 0, 10].map((at) => ({ at, value: at })),
        10,
      ),
    ).toEqual([[0, 10, 20].map((at) => ({ at, value: at }))]);
  });
  it("keeps zero as a value", () => expect(stretches([{ at: 0, value: 0 }], 10)).toHaveLength(1));
  it("drops undefined values", () => expect(stretches([{ at: 0, value: undefined }], 10)).toHaveLength(0));
});

describe("nearest", () => {
  it("answers nothing in a gap", () => expect(nearest([{ at: 0, value: 1 }], 100, 10)).toBeUndefined());
});
