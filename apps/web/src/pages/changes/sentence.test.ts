import { expect, test } from "vitest";

import { sentenceOf } from "./sentence.ts";

test.each([
  ["registered", [], "registered it from “estate”"],
  ["removed", [], "removed it"],
  ["changed", [], "took it over into “estate”"],
  ["changed", ["spec.owner"], "changed owner"],
  ["changed", ["metadata.title", "spec.dependsOn", "spec.owner"], "changed title, what it depends on and owner"],
  ["changed", ["a", "b", "c", "d", "e", "f"], "changed a, b, c, d and 2 more"],
] as const)("%s %j", (change, fields, sentence) => {
  expect(sentenceOf({ change, fields, source: "estate" })).toBe(sentence);
});
