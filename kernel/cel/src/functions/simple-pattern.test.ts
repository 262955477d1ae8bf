import fc from "fast-check";
import { RE2JS } from "re2js";
import { expect, test } from "vitest";

import { simplePattern } from "./simple-pattern.ts";

const SIMPLE = [
  "@sha256:[0-9a-f]{64}$",
  "^(eu|uk|ch)-[a-z0-9]+$",
  "(?i)(password|api_?key|(^|_)token(_|$))",
  "^v[0-9]{1,3}\\.[0-9]$",
  "^[a-z]([-a-z]x)?$",
  "^registry\\.example\\.com/",
];

test.each(SIMPLE)("%s is run by the platform", (pattern) => expect(simplePattern(pattern)).toBeDefined());

test.each([
  "^(a+)+$",
  "(a|b)*c",
  "a+b+",
  "(?=a)",
  "(a)\\1",
  "[[:alpha:]]",
  ".",
  "\\s",
  "\\pL",
  "a{200}",
  "a?a?a?a?a?a?a",
  "(",
  "a**",
  "(?i:a)",
  "(ab){2}",
])("%s is not", (pattern) => expect(simplePattern(pattern)).toBeUndefined());

test("a long text goes to RE2", () => expect(simplePattern("a")?.test("a".repeat(1_001))).toBeUndefined());

test("whatever is simple means what RE2 makes of it", () => {
  const piece = fc.constantFrom(
    "a",
    "b",
    "-",
    "[ab]",
    "[^a]",
    "[0-9a-f]",
    "\\.",
    "\\d",
    "(a|b)",
    "(?:a|-)",
    "^",
    "$",
    "|",
    "a?",
    "[ab]{2}",
    "b{1,2}",
    "[a-]+",
    "(a)?",
  );
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "-", ".", "0", "f", "A", "é", "😀"), maxLength: 12 });
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 6 }), fc.boolean(), letters, (pieces, ignoresCase, text) => {
      const pattern = (ignoresCase ? "(?i)" : "") + pieces.join("");
      const simple = simplePattern(pattern);
      if (simple) expect(simple.test(text)).toBe(RE2JS.compile(pattern).test(text));
    }),
    { numRuns: 2_000 },
  );
});
