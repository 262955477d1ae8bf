import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { Definition, Rule } from "./definition.ts";
import { nextSteps, shareOf, standingOf } from "./standing.ts";

const NOW = Date.parse("2026-06-01T00:00:00Z");

function definitionOf(rules: readonly Partial<Rule>[]): Definition {
  return {
    levels: [{ name: "bronze" }, { name: "silver" }, { name: "gold" }],
    categories: [{ name: "a" }, { name: "b" }],
    rules: rules.map((rule, n) => ({ id: `r${n}`, weight: 1, levelAt: 0, categoryAt: 0, effectiveAt: 0, effortAt: 1, ...rule })),
  } as unknown as Definition;
}

const LADDER = definitionOf([
  { levelAt: 0 },
  { levelAt: 1, weight: 3 },
  { levelAt: 2, effortAt: 3 },
  { levelAt: 1, categoryAt: 1, effortAt: 0 },
]);

describe("levels", () => {
  test.each<[string, number | undefined, (number | undefined)[], string]>([
    ["pppp", 3, [3, 3], "all holds"],
    ["fppp", 0, [0, 3], "what stands above does not help"],
    ["ppfp", 2, [2, 3], "the highest is missing"],
    ["pppf", 1, [3, 1], "the lowest category decides"],
    ["ppup", 2, [2, 3], "unknown is no pass"],
    ["ppwp", 3, [3, 3], "a waiver stands in nobody's way"],
    ["ppnn", 3, [3, undefined], "a category that is not asked does not count"],
    ["nnnn", undefined, [undefined, undefined], "nothing is asked"],
    ["nnnw", 3, [undefined, 3], "what is waived is still looked at"],
  ])("%s is level %s", (codes, rank, ranks) => {
    expect(standingOf(LADDER, codes, NOW)).toMatchObject({ rank, ranks });
  });

  test("a rule that counts from a date on is in nobody's way until then", () => {
    const definition = definitionOf([{ levelAt: 0, effectiveAt: NOW }, { levelAt: 1 }]);
    expect(standingOf(definition, "fp", NOW - 1)).toMatchObject({ rank: 3, failed: 0 });
    expect(standingOf(definition, "fp", NOW)).toMatchObject({ rank: 0, failed: 1 });
  });

  test("the score goes by weight, and leaves out what is waived or not asked", () => {
    expect(shareOf(standingOf(LADDER, "pfnw", NOW))).toBe(1 / 4);
    expect(shareOf(standingOf(LADDER, "nnnn", NOW))).toBeUndefined();
  });

  test("a rule that comes to hold lowers no level and no score, whatever the others are", () => {
    const codes = fc.string({ unit: fc.constantFrom("p", "f", "u", "w", "n"), minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(codes, fc.nat(3), (before, at) => {
        fc.pre(before[at] === "f" || before[at] === "u");
        const after = `${before.slice(0, at)}p${before.slice(at + 1)}`;
        const [was, is] = [standingOf(LADDER, before, NOW), standingOf(LADDER, after, NOW)];
        expect(is.rank!).toBeGreaterThanOrEqual(was.rank!);
        expect(shareOf(is)!).toBeGreaterThan(shareOf(was)!);
      }),
    );
  });
});

describe("next steps", () => {
  test("are what is missing for the next level, the least effort first", () => {
    expect(nextSteps(LADDER, "fffu", 0, NOW).map(({ rule }) => rule.id)).toEqual(["r0"]);
    expect(nextSteps(LADDER, "pffu", 1, NOW).map(({ rule }) => rule.id)).toEqual(["r3", "r1"]);
    expect(nextSteps(LADDER, "pppp", 3, NOW)).toEqual([]);
  });

  test("whoever takes them all is there", () => {
    const codes = fc.string({ unit: fc.constantFrom("p", "f", "u", "w", "n"), minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(codes, (before) => {
        const { rank } = standingOf(LADDER, before, NOW);
        fc.pre(rank !== undefined && rank < 3);
        const steps = new Set(nextSteps(LADDER, before, rank!, NOW).map(({ n }) => n));
        const after = before
          .split("")
          .map((code, n) => (steps.has(n) ? "p" : code))
          .join("");
        expect(standingOf(LADDER, after, NOW).rank!).toBeGreaterThan(rank!);
      }),
    );
  });
});
