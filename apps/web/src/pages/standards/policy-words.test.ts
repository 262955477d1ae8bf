import { describe, expect, it } from "vitest";

import { answerOf, kindsOf, notCoveredOf, sentenceOf } from "./policy-words.ts";

const plain = (text: string): string => text.replaceAll(/[\u00a0\u202f]/g, " ");
const finding = (policy: string, severity: "deny" | "warn") => ({
  policy,
  severity,
  title: policy,
  result: "fail" as const,
  message: "",
  mend: "",
  why: "",
  expression: "",
  resource: "",
});
const asked = ["a", "b", "c"].map((name) => ({ name, version: "1.0.0" }));

describe("sentenceOf", () => {
  it("counts policies, not findings", () => {
    const findings = [finding("a", "deny"), finding("a", "deny"), finding("b", "warn")];
    expect(plain(sentenceOf({ verdict: "deny", findings, policies: asked }))).toBe(
      "Denied: 1 of 3 policies said no, 1 warned. Nothing was made.",
    );
  });
  it("says that all agreed", () => {
    expect(plain(sentenceOf({ verdict: "allow", findings: [], policies: asked }))).toBe("Allowed: all 3 policies that were asked agreed.");
    expect(plain(sentenceOf({ verdict: "warn", findings: [finding("b", "warn")], policies: asked }))).toBe(
      "Allowed with warnings: 1 of 3 policies warned.",
    );
  });
});

it("answers what holds, without those that are off", () => {
  expect(
    plain(
      answerOf([
        { severity: "deny", enabled: true },
        { severity: "warn", enabled: true },
        { severity: "deny", enabled: false },
      ]),
    ),
  ).toBe("2 policies in force: 1 stops the act, 1 warns, 1 off.");
});

it("names each kind once", () =>
  expect(kindsOf(["apps/v1/Deployment", "apps/v1beta1/Deployment", "v1/Pod", "*/*/*"])).toEqual(["Deployment", "Pod", "everything"]));

it("says what a back-test does not cover, and nothing where it covers all", () => {
  expect(notCoveredOf({ notCovered: { notKept: 0, tooLarge: 0, redacted: 0, beyond: 0 } })).toEqual([]);
  expect(notCoveredOf({ notCovered: { notKept: 2, tooLarge: 1, redacted: 3, beyond: 4 } }).map(plain)).toEqual([
    "2 decisions could not be asked: what was judged is not kept.",
    "1 decision could not be asked: what was judged was too large to be kept.",
    "4 older decisions were not asked: there are more than one back-test looks at.",
    "3 decisions were asked without what is secret in them.",
  ]);
});
