import { createCel } from "@roadbed/cel";
import { globSync, readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";

import { readCases, runCases } from "../workbench/test-policy.ts";
import { loadPolicies } from "./load-policies.ts";

const folder = new URL("../../../../policies/", import.meta.url);
const cel = createCel({ deadlineMs: 5_000 });
const { policies, params, problems } = loadPolicies([folder], cel);
afterAll(() => cel.close());

const files = globSync("**/*.test.yaml", { cwd: folder }).map((name) => readCases(readFileSync(new URL(name, folder), "utf8")));

test("the shipped policies have no fault, and each has objects that it allows and objects that it finds", () => {
  expect(problems).toEqual([]);
  expect(policies.length).toBeGreaterThanOrEqual(60);
  expect(new Set(policies.map(({ pack }) => pack))).toEqual(
    new Set(["ai", "api", "catalogue", "cost", "kubernetes", "secrets", "supply-chain", "terraform"]),
  );
  for (const { name, rules } of policies) {
    const cases = files.find(({ policy }) => policy === name)?.cases ?? [];
    expect(cases.filter((one) => one.expect === "allow").length, `${name}: allowed objects`).toBeGreaterThan(0);
    expect(
      cases.filter((one) => ["deny", "warn", "audit"].includes(one.expect)).length,
      `${name}: a finding for each rule`,
    ).toBeGreaterThanOrEqual(rules.length);
  }
});

describe.each(files)("$policy", (file) => {
  test.each(file.cases)("$expect: $name", async (one) => {
    const [result] = await runCases(cel, { policies, params }, { ...file, cases: [one] });
    expect(result).toMatchObject({ passed: true });
  });
});

test("each finding says what mends it and why, in sentences, and where to read more", () => {
  for (const { name, why, rules, references } of policies) {
    expect(
      references.filter((one) => one.startsWith("https://")),
      name,
    ).not.toEqual([]);
    expect(why, name).toMatch(/.\.$/);
    for (const { mend } of rules) expect(mend, name).toMatch(/.\.$/);
  }
});

test("a case that is not as it says fails, and says what was found", async () => {
  const file = files.find(({ policy }) => policy === "plan-storage-encrypted")!;
  const [wrong, unsaid] = await runCases(
    cel,
    { policies, params },
    {
      ...file,
      cases: [
        { ...file.cases[0]!, expect: "deny" },
        { ...file.cases[1]!, message: "no such words" },
      ],
    },
  );
  expect(wrong).toMatchObject({ passed: false, expected: "deny", found: "allow" });
  expect(unsaid).toMatchObject({ passed: false, found: "deny", missing: "no such words" });
});

test.each([
  ["policy: [", "no YAML"],
  ["policy: a", "objects"],
  ["policy: no-such\nobjects: { a: {} }\ncases: [{ name: a, of: a, expect: allow }]", "not there"],
  ["policy: has-owner\nobjects: { a: {} }\ncases: [{ name: a, of: b, expect: allow }]", "no such object"],
  ["policy: has-owner\nobjects: { a: {} }\ncases: [{ name: a, of: a, set: { /__proto__/x: 1 }, expect: allow }]", "no place"],
])("tests that cannot be run are refused in words: %s", async (text, reason) => {
  await expect((async () => runCases(cel, { policies, params }, readCases(text)))()).rejects.toThrow(reason);
  expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
});
