import { describe, expect, it } from "vitest";

import { answerOf, kindsOf, sentenceOf } from "./policy-words.ts";

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
