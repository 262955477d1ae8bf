import { expect, test } from "vitest";

import { conditionOf, outcomeOf } from "./metric-words.ts";
import { countOf, meanOf, ratioOf, sentenceOf, wordsOf } from "./words.ts";

test("steps read as sentences", () => {
  expect(wordsOf({ kind: "weight", weight: 10 })).toBe("10 % of the requests");
  expect(wordsOf({ kind: "pause" })).toBe("Wait for somebody to go on");
  expect(wordsOf({ kind: "header", name: "x-canary", value: "yes" })).toBe("Requests with x-canary: yes go to the new release");
  expect(wordsOf({ kind: "mirror", percent: 20, unsafe: false })).toContain("20 % of the reading requests");
});

test("a rollout says where it is, and how soon it was over", () => {
  const at = { steps: [], step: 0, weight: 10 };
  expect(sentenceOf({ ...at, state: "held" })).toBe("It is held with 10 % of the requests, and waits for somebody to decide.");
  expect(sentenceOf({ ...at, state: "rolled-back", reason: "Worse.", restoredMs: 2 })).toMatch(
    /^It was rolled back\. Worse\. All new requests .* 2.ms/,
  );
});

test("what is not known is not told as zero", () => {
  const one = { events: 3, total: 300 };
  const criterion = {
    name: "errors",
    verdict: "undecided",
    needed: true,
    evidenceOfRegression: 1,
    alarmAt: 50,
    evidenceOfNone: 1,
    passAt: 20,
    lower: 0.5,
    within: 1.5,
    candidate: one,
    baseline: one,
  } as const;
  expect(ratioOf(criterion)).toBe("not known yet");
  // Where the baseline never failed there is no ratio, and yet a bound.
  expect(ratioOf({ ...criterion, lower: 1.5 })).toBe("at least 1.5×");
  expect(ratioOf({ ...criterion, estimate: 1.234 })).toBe("1.2× (0.5× to any)");
  const score = { candidate: 0.8234, baseline: 0.9, candidates: 40, baselines: 1, pairs: 1 };
  expect(ratioOf({ ...criterion, estimate: -0.08, lower: -0.2, upper: 0.04, score })).toBe("-0.08 (-0.2 to +0.04)");
  expect([meanOf({ ...criterion, score }, "candidate"), meanOf({ ...criterion, score }, "baseline")]).toEqual([
    "0.823 on average of 40 scores",
    "0.9 on average of 1 score",
  ]);
  expect(countOf({ events: 0, total: 0 })).toBe("asked nothing");
  expect(countOf(one)).toMatch(/^3 of 300 \(1.%\)$/);
});

test("a metric says what it asks, how often, and what came of it", () => {
  const metric = {
    name: "answers",
    file: "analysis/answers.yaml",
    provider: "prometheus",
    place: "prometheus.example.org",
    successCondition: "result[0] >= 0.95",
    everySeconds: 60,
    delaySeconds: 0,
    failureLimit: 2,
    inconclusiveLimit: 0,
    consecutiveErrorLimit: 4,
    consecutiveSuccessLimit: 0,
    dryRun: false,
    successful: 3,
    failed: 1,
    inconclusive: 0,
    errors: 0,
    measurements: [],
  } as const;
  expect(conditionOf({ ...metric, measurements: [] })).toMatch(
    /^Good when result\[0\] >= 0\.95\. Every 1.min, until the rollout ends; 2 failures are allowed\.$/,
  );
  expect(outcomeOf({ ...metric, measurements: [] }, false)).toBe("being measured (3 good, 1 failed)");
  expect(outcomeOf({ ...metric, measurements: [], outcome: "failed" }, true)).toBe("failed: takes the release back (3 good, 1 failed)");
});
