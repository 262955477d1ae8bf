import { describe, expect, it } from "vitest";

import { knownAs, styleOfLine, wordsOnLine } from "./relation-style.ts";

const line = { type: "calls", count: 1, origins: ["observed"] as const, calls: undefined, errorShare: undefined, drift: 0 };

describe("a line", () => {
  it("tells by its stroke how it is known", () => {
    const strokes = [["declared", "observed"], ["declared"], ["observed"], ["inferred"]].map((origins) => knownAs(origins as never).dash);
    expect(new Set(strokes).size).toBe(4);
  });

  it("is thicker where more is called, within bounds", () => {
    const width = (calls: number): number => styleOfLine({ ...line, calls }).width;
    expect(width(10)).toBeLessThan(width(1_000));
    expect(width(1e15)).toBeLessThanOrEqual(4.5);
  });

  it("says in words what is odd, and nothing otherwise", () => {
    expect(wordsOnLine({ ...line, errorShare: 0.005 })).toBeUndefined();
    expect(wordsOnLine({ ...line, errorShare: 0.25, drift: 1 })).toMatch(/^▲ 25.% errors · not declared$/);
    expect(wordsOnLine({ ...line, origins: ["declared"], drift: 1 })).toBe("never seen");
    expect(wordsOnLine({ ...line, count: 7, drift: 2 })).toBe("7 · 2 drift");
  });
});
