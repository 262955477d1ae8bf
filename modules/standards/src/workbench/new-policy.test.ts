import { createCel } from "@roadbed/cel";
import { globSync, readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";

import { makeLintPolicies } from "./lint-policies.ts";
import { makeNewPolicy } from "./new-policy.ts";

const cel = createCel({ deadlineMs: 5_000 });
afterAll(() => cel.close());

interface File {
  readonly path: string;
  readonly text: string;
}

async function write(answers: Record<string, unknown>): Promise<File[]> {
  const { operation, run } = makeNewPolicy({ cel });
  return ((await run({} as never, operation.input.parse(answers) as never)) as { files: File[] }).files;
}

async function lint(files: readonly File[]) {
  const folder = files.map(({ path, text }) => ({ path, base64: Buffer.from(text).toString("base64") }));
  return (await makeLintPolicies({ cel }).run({} as never, { folder } as never)) as {
    ok: boolean;
    policies: number;
    cases: number;
    problems: unknown[];
  };
}

describe("a new policy", () => {
  test.each<[string, Record<string, unknown>]>([
    ["about a field that must be there", { name: "has-description" }],
    ["about a label", { name: "has-tier", field: "/metadata/labels/example.com~1tier", oneOf: ["1", "2"], severity: "deny" }],
    [
      "about what a text must match",
      { name: "named-well", kind: "Deployment", field: "/metadata/name", pattern: "^[a-z'-]+$", example: "it's" },
    ],
    ["at one point", { name: "at-promotion", moments: ["promotion"] }],
    ["of whose why somebody has said something", { name: "why", title: "It's: why", why: "Because 'it' matters" }],
  ])("%s passes the test that comes with it", async (_, answers) => {
    const files = await write(answers);
    expect(files.map(({ path }) => path)).toEqual([`${String(answers["name"])}.yaml`, `${String(answers["name"])}.test.yaml`]);
    const { ok, policies, cases, problems } = await lint(files);
    expect({ ok, policies, problems }).toEqual({ ok: true, policies: 1, problems: [] });
    expect(cases).toBeGreaterThanOrEqual(2);
  });

  test.each<[Record<string, unknown>, RegExp]>([
    [{ name: "a1", kind: "Widget" }, /no kind/],
    [{ name: "a1", kind: "Deployment", field: "/spec/replicaz" }, /did you mean replicas/],
    [{ name: "a1", pattern: "^x$" }, /cannot be guessed/],
    [{ name: "a1", pattern: "^x$", example: "y" }, /not right by this rule/],
    [{ name: "a1", pattern: "(?=x)", example: "y" }, /RE2/],
  ])("%j is refused in words", async (answers, reason) => {
    await expect(write(answers)).rejects.toThrow(reason);
  });
});

describe("lint", () => {
  test("finds nothing wrong with what is shipped", async () => {
    const root = new URL("../../../../policies/", import.meta.url);
    const files = globSync("**/*.yaml", { cwd: root }).map((path) => ({ path, text: readFileSync(new URL(path, root), "utf8") }));
    const { ok, policies, cases, problems } = await lint(files);
    expect(problems).toEqual([]);
    expect(ok).toBe(true);
    expect(policies).toBeGreaterThanOrEqual(60);
    expect(cases).toBeGreaterThan(200);
  });

  test("names what is wrong with its place, and what nothing tests", async () => {
    const [policy, tests] = (await write({ name: "has-description" })) as [File, File];
    const misspelt = { ...policy, text: policy.text.replaceAll("object.?metadata.?description", "object.?metadatas.?description") };
    expect((await lint([misspelt])).problems).toMatchObject([
      { severity: "error", file: "has-description.yaml", line: 24, reason: expect.stringContaining("did you mean metadata") },
      { severity: "warning", reason: expect.stringContaining("Nothing tests") },
    ]);
    const wrong = { ...tests, text: tests.text.replace("expect: allow", "expect: deny") };
    expect(await lint([policy, wrong])).toMatchObject({
      ok: false,
      problems: [{ severity: "error", line: 10, reason: expect.stringContaining("gives allow, not deny") }],
    });
    expect(await lint([])).toMatchObject({ ok: false });
    expect(await lint([policy, { ...tests, text: "a: [" }])).toMatchObject({ ok: false });
  });
});
