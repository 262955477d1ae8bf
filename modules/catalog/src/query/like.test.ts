import fc from "fast-check";
import { expect, test } from "vitest";

import { makeContains } from "./like.ts";

test.each<[pattern: string, text: string, expected: boolean]>([
  ["lph", "alpha", true],
  ["lpx", "alpha", false],
  ["a%a", "alpha", true],
  ["l_h", "alpha", true],
  ["l_a", "alpha", false],
  ["%", "", true],
  ["_", "", false],
])("%s in %s: %s", (pattern, text, expected) => {
  expect(makeContains(pattern)(text)).toBe(expected);
});

test("agrees with a regular expression on everything", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "%", "_"), maxLength: 8 });
  fc.assert(
    fc.property(letters, fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 12 }), (pattern, text) => {
      const expression = new RegExp(pattern.replaceAll("%", ".*").replaceAll("_", "."));
      expect(makeContains(pattern)(text)).toBe(expression.test(text));
    }),
  );
});

test("no pattern keeps it busy", () => {
  expect(makeContains("%a".repeat(400))("b".repeat(200))).toBe(false);
});
