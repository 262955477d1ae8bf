import { createCel } from "@roadbed/cel";
import {
  checkPolicies,
  getDecision,
  getPolicy,
  listDecisions,
  listPolicies,
  operations,
  type Resource,
} from "@roadbed/contracts/standards";
import { operations as fileOperations } from "@roadbed/contracts/standards/files";
import { checkPlan, operations as planOperations } from "@roadbed/contracts/standards/plans";
import { operations as promotionOperations } from "@roadbed/contracts/standards/promotions";
import { operations as stageOperations } from "@roadbed/contracts/standards/stages";
import { operations as waiverOperations } from "@roadbed/contracts/standards/waivers";
import { operations as writingOperations } from "@roadbed/contracts/standards/writing";
import { perform, type Ctx, type InputOf, type Operation, type OutputOf } from "@roadbed/core";
import { callAs, createTestDatabase, quietLog, recordingLog, type TestDatabase } from "@roadbed/testkit";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { createStandards, migrations, type Standards } from "./index.ts";
import { policyText, quietFolder } from "./policy/testing/policy-text.ts";

const cel = createCel({ deadlineMs: 5_000 });
const standards = createStandards({ log: quietLog, cel, policies: [new URL("../../../policies/", import.meta.url)] });
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase([migrations]);
});
afterAll(async () => {
  await database.drop();
  await cel.close();
});

const component = (spec: Record<string, unknown>, name = "shop"): Resource => ({
  file: "catalog-info.yaml",
  object: { apiVersion: "backstage.io/v1alpha1", kind: "Component", metadata: { name }, spec },
});
const good = component({ type: "service", lifecycle: "experimental", owner: "payments" });
const bad = component({ type: "ai-service", lifecycle: "production", owner: "unknown" });

async function call<O extends Operation>(operation: O, input: InputOf<O>, of: Standards = standards): Promise<OutputOf<O>> {
  const handler = of.handlers.find((one) => one.operation.name === operation.name);
  if (!handler) throw new Error(`no handler for ${operation.name}`);
  return (await perform(database.runtime, handler, callAs(), input)) as OutputOf<O>;
}

/** Runs inside a write's transaction, as a path's run would. */
function inWrite<T>(work: (ctx: Ctx) => Promise<T>): Promise<T> {
  return database.runtime.write(callAs(), { ...checkPolicies, risk: "low" }, {}, undefined, work);
}

test("there is one handler for each operation of the contract", () => {
  expect(standards.handlers.map(({ operation }) => operation.name).toSorted()).toEqual(
    [
      ...operations,
      ...fileOperations,
      ...planOperations,
      ...promotionOperations,
      ...stageOperations,
      ...waiverOperations,
      ...writingOperations,
    ]
      .map(({ name }) => name)
      .toSorted(),
  );
});

describe("judge", () => {
  test("stores the decision with its reasons and the versions that were asked, and tells it", async () => {
    const { verdict, decisionId, findings } = await inWrite((ctx) =>
      standards.judge(ctx, { subject: "paths.path.run node-service", resources: [bad] }),
    );
    expect(verdict).toBe("deny");
    expect(findings.map(({ policy }) => policy).toSorted()).toEqual([
      "ai-data-residency",
      "has-owner",
      "production-ready",
      "production-ready",
    ]);

    const stored = await call(getDecision, { id: decisionId });
    expect(stored).toMatchObject({
      verdict: "deny",
      moment: "provision",
      subject: "paths.path.run node-service",
      actor: "user:ada",
      findings,
    });
    expect(stored.policies).toContainEqual({ name: "has-owner", version: "1.0.0" });
    expect(stored.inputDigest).toMatch(/^[0-9a-f]{64}$/);

    const { rows } = await database.db.query("select name, subject, payload from kernel.event where payload->>'decisionId' = $1", [
      decisionId,
    ]);
    expect(rows).toMatchObject([{ name: "standards.decision.made", subject: "paths.path.run node-service", payload: { verdict: "deny" } }]);
  });

  test("the digest does not hang on the order of keys, and changes with the content", async () => {
    const judge = async (resource: Resource): Promise<string> =>
      (await inWrite((ctx) => standards.judge(ctx, { subject: "s", resources: [resource] }))).decision.inputDigest;
    const turned = { ...good, object: Object.fromEntries(Object.entries(good.object).toReversed()) };
    expect(await judge(turned)).toBe(await judge(good));
    expect(await judge(bad)).not.toBe(await judge(good));
  });

  test("is undone with the transaction", async () => {
    const before = (await call(listDecisions, { limit: 500 })).items.length;
    const failing = inWrite(async (ctx) => {
      await standards.judge(ctx, { subject: "never", resources: [good] });
      throw new Error("stop");
    });
    await expect(failing).rejects.toThrow("stop");
    expect((await call(listDecisions, { limit: 500 })).items).toHaveLength(before);
  });

  test("text with NUL, half a surrogate pair, SQL and HTML is only text", async () => {
    const owner = "un\u0000known'; drop table standards.decision; --<script>\ud800";
    const nobody = component({ owner: "unknown" }, owner);
    const { decisionId } = await inWrite((ctx) => standards.judge(ctx, { subject: `run ${owner}`, resources: [nobody] }));
    const { findings, subject } = await call(getDecision, { id: decisionId });
    expect(subject).toContain("drop table");
    expect(findings[0]?.message).toContain("<script>");
  });
});

test("check judges without storing, and refuses nothing and too much", async () => {
  const before = await call(listDecisions, { limit: 500 });
  expect(await call(checkPolicies, { resources: [good, bad] })).toMatchObject({ verdict: "deny", evaluated: expect.any(Number) });
  expect(await call(checkPolicies, { resources: [good] })).toMatchObject({ verdict: "allow", findings: [] });
  expect(await call(listDecisions, { limit: 500 })).toEqual(before);
  await expect(call(checkPolicies, { resources: [] })).rejects.toMatchObject({ code: "INVALID" });
  await expect(call(checkPolicies, { resources: Array(501).fill(good) })).rejects.toMatchObject({ code: "INVALID" });
});

test("a plan is judged: what is not known yet is no pass, is stored as such, and nothing sensitive is stored", async () => {
  const plan = readFileSync(new URL("./terraform/testing/plan.json", import.meta.url), "utf8");
  expect(await call(checkPlan, { plan })).toMatchObject({ verdict: "deny", changes: 4 });
  const parsed = JSON.parse(plan) as { resource_changes: unknown[] };
  const database = { ...parsed, resource_changes: parsed.resource_changes.slice(0, 1) };
  const evaluated = await inWrite((ctx) => standards.evaluatePlan(ctx, database));
  const { decision, ...judged } = await inWrite((ctx) => standards.judgePlan(ctx, { subject: "terraform apply orders", plan: database }));
  expect(evaluated).toMatchObject({ verdict: "unknown", findings: judged.findings });
  const stored = await call(getDecision, { id: decision.id });
  expect(stored).toMatchObject({ verdict: "unknown", findings: [{ result: "unknown", unknown: ["storage_encrypted"] }] });
  expect(JSON.stringify(stored)).not.toContain("correct-horse");
  expect((await call(listDecisions, { verdict: "unknown", limit: 5 })).items.map(({ id }) => id)).toEqual([decision.id]);
  await expect(call(checkPlan, { plan: '{"format_version":"9.0"}' })).rejects.toMatchObject({ code: "INVALID" });
});

test("policies are listed by name in pages, and shown whole", async () => {
  const first = await call(listPolicies, { limit: 40 });
  const second = await call(listPolicies, { limit: 40, cursor: first.nextCursor });
  const names = [...first.items, ...second.items].map(({ name }) => name);
  expect(names).toEqual(names.toSorted());
  expect(first.total).toBe(names.length);
  expect(second.nextCursor).toBeUndefined();
  expect(await call(getPolicy, { name: "has-owner" })).toMatchObject({
    severity: "deny",
    enabled: true,
    rules: [{ mend: expect.stringContaining("spec.owner") }, {}],
  });
  await expect(call(getPolicy, { name: "none" })).rejects.toMatchObject({ code: "NOT_FOUND" });
  await expect(call(listPolicies, { cursor: "nonsense" })).rejects.toMatchObject({ code: "INVALID" });
});

test("decisions come newest first, by verdict and in pages", async () => {
  for (const resource of [good, bad, good, bad, good])
    await inWrite((ctx) => standards.judge(ctx, { subject: "page", resources: [resource] }));
  const denied = await call(listDecisions, { verdict: "deny", limit: 1 });
  const next = await call(listDecisions, { verdict: "deny", limit: 1, cursor: denied.nextCursor });
  expect(denied.items[0]?.verdict).toBe("deny");
  expect((next.items[0]?.id ?? "") < (denied.items[0]?.id ?? "")).toBe(true);
  const all = (await call(listDecisions, { limit: 500 })).items.map(({ id }) => id);
  expect(all).toEqual(all.toSorted().toReversed());
  await expect(call(getDecision, { id: "none" })).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("a broken policy file is logged and told by health; the others are in force, and a disabled one is not asked", async () => {
  const log = recordingLog();
  const deployment = { object: { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "d" }, spec: { replicas: 1 } } };
  const folder = quietFolder({
    "a.yaml": policyText({ name: "a" }),
    "b.yaml": policyText({ name: "b", expression: "false" }),
    "c.yaml": "kind: Other",
  });
  const own = createStandards({ log, cel, policies: [folder], disabled: ["b"] });
  expect(await own.health()).toMatchObject({ ok: false, detail: expect.stringContaining("c.yaml line 1") });
  expect(await standards.health()).toEqual({ ok: true });
  expect(log.lines.some(({ level }) => level === "error")).toBe(true);
  expect((await call(listPolicies, {}, own)).items.map(({ name, enabled }) => [name, enabled])).toEqual([
    ["a", true],
    ["b", false],
  ]);
  expect((await call(checkPolicies, { resources: [deployment] }, own)).findings.map(({ policy }) => policy)).toEqual(["a"]);
});
