import { describe, expect, test } from "vitest";

import { answerOf, computingOf, levelColour, levelState, levelTitle, sayLevels, weakestOf } from "./levels.ts";

const LEVELS = [{ title: "Bronze" }, { title: "Silver" }, { title: "Gold" }];

describe("levels in words", () => {
  test("each rank has a name and a state", () => {
    expect([undefined, 0, 1, 3].map((rank) => levelTitle(LEVELS, rank))).toEqual(["Not rated", "Below Bronze", "Bronze", "Gold"]);
    expect([undefined, 0, 1, 2, 3].map((rank) => levelState(LEVELS, rank))).toEqual(["unknown", "fail", "warn", "warn", "ok"]);
  });

  test("a bar is said as it is drawn, without what is not there", () => {
    expect(sayLevels(LEVELS, [1, 0, 2, 3])).toBe("1 below Bronze, 2 Silver, 3 Gold");
    expect(sayLevels(LEVELS, [0, 0, 0, 0])).toBe("nothing is rated");
  });

  test("the colours end where they should", () => {
    expect(levelColour(0, 3)).toBe("var(--rb-fail)");
    expect(levelColour(3, 3)).toBe("var(--rb-ok)");
    expect(levelColour(2, 3)).toContain("50%");
  });

  test("a scorecard's answer says how many are there, how many have not begun, and what holds them back", () => {
    expect(answerOf({ things: 0, levels: LEVELS, levelCounts: [0, 0, 0, 0] })).toBe("It looks at nothing that you may see.");
    const plain = (text: string): string => text.replaceAll(/\s/g, " ");
    expect(plain(answerOf({ things: 4, levels: LEVELS, levelCounts: [1, 1, 1, 1], weakest: "Operations" }))).toBe(
      "1 of 4 things reached Gold; 1 has not reached Bronze. Operations holds most of them back.",
    );
    expect(plain(answerOf({ things: 2, levels: LEVELS, levelCounts: [0, 0, 0, 2], weakest: "Operations" }))).toBe(
      "All 2 things reached Gold.",
    );
  });

  test("how far the computing has come is said with numbers, once they are known", () => {
    expect(computingOf({ computing: false })).toBe("");
    expect(computingOf({ computing: true, progress: { looked: 0, of: 0 } })).toBe(" Being computed anew.");
    expect(computingOf({ computing: true, progress: { looked: 1_500, of: 86_000 } })).toBe(
      " Being computed anew: 1,500 of 86,000 looked at.",
    );
  });

  test("the weakest is the one with the lowest share; one alone is not weakest", () => {
    expect(weakestOf([{ title: "A", passShare: 0.9 }, { title: "B", passShare: 0.2 }, { title: "C" }])).toBe("B");
    expect(weakestOf([{ title: "A", passShare: 0.9 }, { title: "C" }])).toBeUndefined();
  });
});
