import { expect, test } from "vitest";

import { answerOf, hoursWords, intervalWords, valueWords } from "./words.ts";

const value = { status: "ok", why: "", n: 3, waiting: 0, excluded: 0, from: "", to: "", version: 1 } as const;

test("hours are told in the unit one thinks in", () => {
  expect([0.5, 7.5, 47, 48, 77, 500].map(hoursWords)).toEqual(["30 min", "7.5 h", "47 h", "2 days", "3.2 days", "20.8 days"]);
});

test("no value is no number, and an interval without an end says so", () => {
  expect(valueWords("share", undefined)).toBeUndefined();
  expect(intervalWords("hours", { ...value, value: 3, lower: 2, upper: 5 })).toBe("2 h to 5 h");
  expect(intervalWords("hours", { ...value, lower: 2 })).toBe("more than 2 h");
  expect(intervalWords("per week", { ...value, value: 1, lower: 0, upper: 2 })).toBe("0 to 2");
  expect(intervalWords("hours", value)).toBeUndefined();
});

test("what is not known is said to be so, never as zero", () => {
  expect(answerOf([], 2)).toBe("How long changes take is not known; how often deployments fail is not known. 2\u00a0components.");
});
