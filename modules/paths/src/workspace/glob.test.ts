import { expect, test } from "vitest";

import { matchesAny } from "./glob.ts";

test.each([
  [".github/workflows/ci.yml", ["**/*.yml"], true],
  [".github/workflows/ci.yml", [".github/**"], true],
  [".github/workflows/ci.yml", [".github"], true],
  [".github/workflows/ci.yml", ["*.yml"], false],
  ["ci.yml", ["**/*.yml"], true],
  ["src/a/b.ts", ["src/*.ts"], false],
  ["src/a/b.ts", ["src/**/b.{js,ts}"], true],
  ["src/a/b.ts", ["**", "!src/**"], false],
  ["src/a.ts", ["src/?.ts"], true],
  ["src/ab.ts", ["src/?.ts"], false],
  ["a[1].txt", ["a[1].txt"], true],
])("%s in %j: %s", (path, patterns, expected) => expect(matchesAny(path, patterns)).toBe(expected));

test("a pattern made to be slow is not", () => {
  const started = performance.now();
  expect(matchesAny("a".repeat(5_000), [`${"*a".repeat(200)}b`])).toBe(false);
  expect(performance.now() - started).toBeLessThan(2_000);
});
