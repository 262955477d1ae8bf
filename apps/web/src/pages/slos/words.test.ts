import { expect, test } from "vitest";

import { indicatorWords, leftWords, sentenceOf, shareWords } from "./words.ts";

test("a share that is not whole is never told as whole", () => {
  expect([1, 0.999, 0.99987, 0.5, 0, 0.9999999999].map(shareWords)).toEqual(["100 %", "99.9 %", "99.987 %", "50 %", "0 %", "almost 100 %"]);
});

test("what is left is a share, what is overspent a multiple, what is not known nothing", () => {
  expect([0.624, 0.004, 0, -0.4, undefined].map(leftWords)).toEqual([
    "62 % left",
    "under 1 % left",
    "0 % left",
    "spent 1.4 times",
    undefined,
  ]);
});

test("indicators are told as sentences", () => {
  expect(indicatorWords({ kind: "latency", thresholdMs: 250, spans: "entering", operations: ["GET /"] }, "shop")).toBe(
    "Requests to GET / that shop answered within 250 ms, of those that did not fail",
  );
  expect(indicatorWords({ kind: "logs", bad: { text: "refused", minSeverity: "error" } }, "shop")).toBe(
    "Lines of shop that do not contain “refused” or are less than error",
  );
});

test("the list says what is worst, and what cannot be judged is not well", () => {
  const slo = (state: string) => ({ state }) as never;
  expect(sentenceOf(["ok", "ok"].map(slo))).toBe("2 objectives: all are within their budget.");
  expect(sentenceOf(["burning", "unknown", "few-events", "ok"].map(slo))).toBe(
    "4 objectives: 1 burns its budget too fast, 2 cannot be judged.",
  );
});
