import { existsSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { lookedAtSomething, SUITES } from "./suites.mjs";

const showsOf = (name: string): RegExp => SUITES.find((suite) => suite.name === name)?.shows ?? /never/;

test("each suite's program is there, and each has to show that it did something", () => {
  expect(SUITES.length).toBeGreaterThan(0);
  for (const { name, command, shows } of SUITES) {
    expect([name, existsSync(join(import.meta.dirname, "../..", command[0] ?? ""))]).toEqual([name, true]);
    expect([name, lookedAtSomething(shows, "")]).toEqual([name, false]);
  }
});

test("tests that only were skipped or failed are no sign", () => {
  const shows = showsOf("unit");
  expect(lookedAtSomething(shows, " Test Files  1 passed (1)\n      Tests  3 passed (3)\n")).toBe(true);
  expect(lookedAtSomething(shows, "      Tests  1 failed | 20 passed (21)\n")).toBe(true);
  expect(
    lookedAtSomething(shows, "\u001b[2m      Tests \u001b[22m \u001b[1m\u001b[32m3 passed\u001b[39m\u001b[22m\u001b[90m (3)\u001b[39m\n"),
  ).toBe(true);
  expect(lookedAtSomething(shows, " Test Files  1 passed (1)\n      Tests  3 skipped (3)\n")).toBe(false);
  expect(lookedAtSomething(shows, "No test files found, exiting with code 1\n")).toBe(false);
});

test("nothing counted is no sign", () => {
  expect(lookedAtSomething(showsOf("floors"), "floors: 0 packages, 0 files, 0 problems")).toBe(false);
  expect(lookedAtSomething(showsOf("unlisted"), "unlisted: 0 files, 0 problems")).toBe(false);
  expect(lookedAtSomething(showsOf("types-lint"), "Found 0 warnings and 0 errors.\nFinished in 5ms on 0 files with 90 rules")).toBe(false);
  expect(lookedAtSomething(showsOf("types-lint"), "Finished in 5ms on 120 files with 90 rules")).toBe(true);
});
