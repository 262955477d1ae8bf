import { expect, test } from "vitest";

import { offsetOf, readGiven } from "./workbench-text.ts";

test("a place of the text is found by line and column", () => {
  expect("a\nbcd\ne".slice(offsetOf("a\nbcd\ne", 2, 2))).toBe("cd\ne");
  expect(offsetOf("ab", 9, 1)).toBe(2);
});

test("a plan is told from manifests by what it says", () => {
  expect(readGiven(" ")).toEqual({});
  expect(readGiven('{"kind":"Pod"}')).toEqual({ manifests: '{"kind":"Pod"}' });
  expect(readGiven("kind: Pod")).toEqual({ manifests: "kind: Pod" });
  expect(readGiven('{"format_version":"1.2"}')).toEqual({ plan: '{"format_version":"1.2"}' });
});
