import fc from "fast-check";
import { expect, test } from "vitest";

import { marksOf } from "./marks.ts";
import { tokens } from "./tokens.ts";

test.each([
  ["Payment gateway", ["pay"], ["Pay"]],
  ["repayment of payments", ["pay"], ["pay"]],
  ["prepaid", ["paid"], ["paid"]],
  ["Payment service", ["paymnet"], ["Payment"]],
  ["Größe der Zahlung", ["zahlung"], ["Zahlung"]],
  ["a a", ["a"], ["a", "a"]],
  ["nothing", ["else"], []],
])("%j marked for %j", (text, words, expected) => {
  expect(marksOf(text, words).map(([from, to]) => text.slice(from, to))).toEqual(expected);
});

test("marks stand in order, apart, within the text", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (text, asked) => {
      let end = -1;
      for (const [from, to] of marksOf(text, tokens(asked))) {
        expect(from).toBeGreaterThan(end);
        expect(to).toBeGreaterThan(from);
        expect(to).toBeLessThanOrEqual(text.length);
        end = to;
      }
    }),
  );
});
