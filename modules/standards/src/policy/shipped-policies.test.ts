import { createCel } from "@roadbed/cel";
import type { PolicyAction, PolicyMoment, Resource, Verdict } from "@roadbed/contracts/standards";
import { globSync, readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { parse } from "yaml";

import { evaluatePolicies } from "./evaluate-policies.ts";
import { loadPolicies } from "./load-policies.ts";

const folder = new URL("../../../../policies/", import.meta.url);
const cel = createCel({ deadlineMs: 5_000 });
const { policies, params, problems } = loadPolicies([folder], cel);
afterAll(() => cel.close());

interface CaseFile {
  readonly policy: string;
  /** The point at which it is asked; default `provision`. */
  readonly moment?: PolicyMoment;
  readonly objects: Record<string, Record<string, unknown>>;
  readonly cases: readonly Case[];
}

interface Case {
  readonly name: string;
  readonly of: string;
  readonly set?: Record<string, unknown>;
  readonly remove?: readonly string[];
  /** Pointers to what is not known yet, and to what may not be told. */
  readonly unknown?: readonly string[];
  readonly sensitive?: readonly string[];
  readonly operation?: Resource["operation"];
  /** What the catalogue knows of the entity. */
  readonly catalog?: Record<string, unknown>;
  /** `unknown`: it reads what is not known yet. `unasked`: the policy does not look at such a thing. `skip`: its conditions leave it out. `error`: it cannot say, which counts as no. */
  readonly expect: "allow" | "audit" | "warn" | "deny" | "skip" | "error" | "unknown" | "unasked";
  readonly message?: string;
}

const files = globSync("**/*.test.yaml", { cwd: folder }).map((name) => parse(readFileSync(new URL(name, folder), "utf8")) as CaseFile);

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

describe.each(files)("$policy", ({ policy: name, objects, cases, moment = "provision" }) => {
  test.each(cases)("$expect: $name", async (one) => {
    const { of, set = {}, remove = [], unknown = [], sensitive = [], operation, catalog: known, expect: expected, message } = one;
    const policy = policies.filter((one) => one.name === name);
    const object = change(objects[of] ?? {}, set, remove);
    const { verdict, findings, evaluated } = await evaluatePolicies(
      cel,
      policy,
      { moment, params, catalog: known && (async ([ref = ""]) => new Map([[ref, known]])) },
      [{ object, operation, unknown: unknown.map(toWay), sensitive: sensitive.map(toWay) }],
    );

    expect(evaluated).toBe(expected === "unasked" ? 0 : 1);
    expect(verdict, findings[0]?.message).toBe(expected === "unknown" ? UNKNOWN[policy[0]!.severity] : VERDICTS[expected]);
    if (["deny", "warn", "audit"].includes(expected)) expect(findings[0]?.severity).toBe(expected);
    expect(findings.every(({ result }) => result === (["error", "unknown"].includes(expected) ? expected : "fail"))).toBe(true);
    if (expected === "unknown") expect(findings.length).toBeGreaterThan(0);
    expect(findings.map((finding) => finding.message).join("\n")).toContain(message ?? "");
    for (const finding of findings)
      expect(finding).toMatchObject({ mend: expect.stringMatching(/.\.$/), why: expect.stringMatching(/.\.$/) });
  });
});

function toWay(pointer: string): (string | number)[] {
  return [
    "object",
    ...pointer
      .split("/")
      .slice(1)
      .map((step) => (/^\d+$/.test(step) ? Number(step) : step)),
  ];
}

/** Where a no would stop the act, not knowing stops it, too. */
const UNKNOWN: Record<PolicyAction, Verdict> = { deny: "unknown", warn: "warn", audit: "allow" };

const VERDICTS: Record<Exclude<Case["expect"], "unknown">, Verdict> = {
  allow: "allow",
  audit: "allow",
  warn: "warn",
  deny: "deny",
  skip: "allow",
  error: "deny",
  unasked: "allow",
};

/** A copy with values set and removed at JSON pointers without escapes of our own: a last `/` inside a label key is not needed here. */
function change(object: Record<string, unknown>, set: Record<string, unknown>, remove: readonly string[]): Record<string, unknown> {
  const copy = structuredClone(object);
  for (const [pointer, value] of Object.entries(set)) holderOf(copy, pointer).holder[holderOf(copy, pointer).key] = value;
  for (const pointer of remove) delete holderOf(copy, pointer).holder[holderOf(copy, pointer).key];
  return copy;
}

function holderOf(object: Record<string, unknown>, pointer: string): { holder: Record<string, unknown>; key: string } {
  const steps = pointer.split("/").slice(1);
  const key = steps.pop() ?? "";
  const holder = steps.reduce((at, step) => (at[step] ??= {}) as Record<string, unknown>, object);
  return { holder, key };
}
