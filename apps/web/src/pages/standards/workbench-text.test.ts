import { expect, test } from "vitest";

import { readGiven } from "./workbench-text.ts";

test("a plan is told from manifests by what it says", () => {
  expect(readGiven(" ")).toEqual({});
  expect(readGiven('{"kind":"Pod"}')).toEqual({ manifests: '{"kind":"Pod"}' });
  expect(readGiven("kind: Pod")).toEqual({ manifests: "kind: Pod" });
  expect(readGiven('{"format_version":"1.2"}')).toEqual({ plan: '{"format_version":"1.2"}' });
});
