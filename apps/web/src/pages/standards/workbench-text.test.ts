import { expect, test } from "vitest";

import { offsetOf, readManifest } from "./workbench-text.ts";

test("a place of the text is found by line and column", () => {
  expect("a\nbcd\ne".slice(offsetOf("a\nbcd\ne", 2, 2))).toBe("cd\ne");
  expect(offsetOf("ab", 9, 1)).toBe(2);
});

test("a manifest is one object or several; anything else is told", () => {
  expect(readManifest(" ")).toEqual({ objects: [] });
  expect(readManifest('{"kind":"Pod"}').objects).toEqual([{ kind: "Pod" }]);
  expect(readManifest('[{"kind":"Pod"},{}]').objects).toHaveLength(2);
  expect(readManifest("[1]").problem).toContain("object");
  expect(readManifest("kind: Pod").problem).toContain("not JSON");
});
