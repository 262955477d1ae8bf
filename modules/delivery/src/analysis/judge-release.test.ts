import { describe, expect, test } from "vitest";

import { beginAnalysis, judgeRelease, observe, type AnalysisState, type Criterion, type Observation } from "./judge-release.ts";
import { happening, seeded } from "./simulation.suite.ts";

const CHANCES = { falseAlarm: 0.02, falsePass: 0.05 };
const ERRORS: Criterion = { name: "errors", kind: "rate", worseThan: 1, within: 1.5 };
const SLOW: Criterion = { name: "slow requests", kind: "rate", worseThan: 1, within: 1.5 };
const ANSWERS: Criterion = { name: "right answers", kind: "score", worseThan: 0, within: 0.1 };

const minute = (random: () => number, times: number): Observation => ({
  kind: "rate",
  counts: {
    candidate: { events: happening(random, 600, 0.01 * times), total: 600 },
    baseline: { events: happening(random, 5_400, 0.01), total: 5_400 },
  },
});
const cases = (random: () => number, count: number, right: number): Observation => ({
  kind: "score",
  scores: Array.from({ length: count }, () => ({ candidate: random() < right ? 1 : 0, baseline: random() < 0.9 ? 1 : 0 })),
});

function judged(criteria: readonly Criterion[], looks: number, seen: (random: () => number) => (Observation | undefined)[]) {
  const random = seeded(21);
  let state = beginAnalysis(criteria, CHANCES);
  for (let look = 0; look < looks; look++) {
    // Kept between looks as plain data.
    state = JSON.parse(JSON.stringify(observe(state, seen(random)))) as AnalysisState;
    const verdict = judgeRelease(criteria, state, CHANCES);
    if (verdict.verdict !== "undecided") return { look: look + 1, ...verdict };
  }
  return { look: looks, ...judgeRelease(criteria, state, CHANCES) };
}

describe("a release", () => {
  test("that is as good goes on once every criterion is proven no worse", () => {
    const { verdict, criteria, look } = judged([ERRORS, SLOW], 60, (random) => [minute(random, 1), minute(random, 1)]);
    expect(verdict).toBe("non-inferior");
    expect(look).toBeGreaterThan(1);
    expect(criteria.map(({ evidenceOfNone, passAt }) => evidenceOfNone >= passAt)).toEqual([true, true]);
  });

  test("that is worse in one thing is rolled back, whatever the others say", () => {
    const { verdict, criteria } = judged([ERRORS, SLOW], 60, (random) => [minute(random, 1), minute(random, 3)]);
    expect(verdict).toBe("regression");
    expect(criteria[1]).toMatchObject({ name: "slow requests", verdict: "regression", alarmAt: 100 });
    expect(criteria[1]!.lower).toBeGreaterThan(1);
    expect(criteria[1]!.estimate).toBeGreaterThan(1.5);
  });

  test("of which nothing is seen is undecided at the deadline: it does not pass for lack of evidence", () => {
    expect(judged([ERRORS, SLOW], 60, (random) => [minute(random, 1), undefined])).toMatchObject({
      verdict: "undecided",
      criteria: [{ verdict: "non-inferior" }, { verdict: "undecided", estimate: undefined, samples: 0 }],
    });
  });

  test("in which hardly anything ever happens goes on when that is proven, and what need not be proven does not hold it up", () => {
    const rare: Criterion[] = [
      { ...ERRORS, orBelow: 0.005 },
      { ...SLOW, optional: true },
    ];
    const quiet: Observation = { kind: "rate", counts: { candidate: { events: 0, total: 200 }, baseline: { events: 0, total: 200 } } };
    expect(judged(rare, 20, () => [quiet, undefined])).toMatchObject({ verdict: "non-inferior" });
    expect(judged([ERRORS], 20, () => [quiet])).toMatchObject({ verdict: "undecided" });
    expect(judged(rare, 60, (random) => [quiet, minute(random, 3)])).toMatchObject({ verdict: "regression" });
  });

  test("is judged by scores of evaluations, too", () => {
    expect(judged([ANSWERS], 40, (random) => [cases(random, 50, 0.9)])).toMatchObject({ verdict: "non-inferior" });
    expect(judged([ANSWERS], 40, (random) => [cases(random, 50, 0.6)])).toMatchObject({ verdict: "regression" });
    expect(judged([ANSWERS], 1, (random) => [cases(random, 20, 0.88)])).toMatchObject({ verdict: "undecided" });
  });
});

test("criteria share one chance of a false alarm by their weights", () => {
  const criteria = [{ ...ERRORS, weight: 3 }, SLOW];
  const { criteria: told } = judgeRelease(criteria, beginAnalysis(criteria, CHANCES), CHANCES);
  expect(told.map(({ alarmAt }) => Math.round(alarmAt))).toEqual([67, 200]);
});

test("a release without a criterion, and an observation of another kind, are mistakes that are told", () => {
  expect(() => beginAnalysis([], CHANCES)).toThrow(RangeError);
  expect(() => observe(beginAnalysis([ERRORS], CHANCES), [{ kind: "score", scores: [] }])).toThrow(TypeError);
});
