import { describe, expect, test } from "vitest";

import { answerOf, conditionOf, formatUsd, missingWords } from "./ai-words.ts";

const figures = {
  calls: 3,
  errors: 0,
  inputTokens: 1,
  outputTokens: 1,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
  priced: 1,
  unpriced: 1,
  untold: 1,
};

describe("words of use", () => {
  test.each([
    ["12.345678901234", "$12.35"],
    ["0.022500000000", "$0.023"],
    ["0.000000200000", "$0.0000002"],
    ["0.000000000000", "$0"],
    ["1234.500000000000", "$1,234.50"],
  ])("%s is %s", (text, words) => expect(formatUsd(text)).toBe(words));

  test("what has no price is told beside what has", () => {
    expect(answerOf({ ...figures, cost: "0.500000000000" })).toBe("3 calls, $0.5 in all (1 unpriced, 1 told no usage); none failed.");
    expect(answerOf({ ...figures, priced: 0, unpriced: 3, untold: 0, errors: 2 })).toBe(
      "3 calls, no price is known (3 unpriced); 2 failed.",
    );
    expect(answerOf({ ...figures, calls: 0 })).toBe("No call of a model came in this time.");
    expect(missingWords({ unpriced: 0, untold: 0 })).toBeUndefined();
  });

  test("a row leads to its calls, unless nothing names them", () => {
    expect(conditionOf("prompt", "greet@2")).toEqual({ prompt: "greet@2" });
    expect(conditionOf("agent", "")).toBeUndefined();
  });
});
