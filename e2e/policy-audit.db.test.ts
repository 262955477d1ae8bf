/** The audit of the real catalogue: what changes there is found, mended and forgotten, and nobody counts what they may not see. */
import { join } from "node:path";

import { createCatalog, migrations as catalogTables, type Catalog } from "@roadbed/catalog";
import { createCel } from "@roadbed/cel";
import { deleteEntity } from "@roadbed/contracts/catalog";
import { saveEntity } from "@roadbed/contracts/catalog/kinds";
import { listFindings, summarizeAudit } from "@roadbed/contracts/standards/audit";
import { setStage } from "@roadbed/contracts/standards/stages";
import { backtestPolicy, testPolicy, tryPolicy } from "@roadbed/contracts/standards/workbench";
import { getDecision, getDecisionInput, listDecisions, rerunDecision } from "@roadbed/contracts/standards";
import { decidePolicy } from "@roadbed/contracts/standards/promotions";
import { approveWaiver, requestWaiver } from "@roadbed/contracts/standards/waivers";
import { perform, type Call, type InputOf, type Operation, type OutputOf } from "@roadbed/core";
import { createStandards, migrations as standardsTables, type Standards } from "@roadbed/standards";
import { callAs, createTestDatabase, quietLog, type TestDatabase } from "@roadbed/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";

const cel = createCel({ deadlineMs: 10_000 });
let database: TestDatabase;
let catalog: Catalog;
let standards: Standards;

beforeAll(async () => {
  database = await createTestDatabase([catalogTables, standardsTables]);
  catalog = createCatalog({ db: database.db, runtime: database.runtime, log: quietLog, cel });
  standards = createStandards({
    log: quietLog,
    cel,
    policies: [join(import.meta.dirname, "../policies")],
    entities: { get: (ctx, ref) => catalog.getEntity(ctx, ref), sees: (ctx, ref) => catalog.seesNewsOf(ctx, ref) },
    scorecards: { db: database.db, things: catalog.subjects, folders: [], publicUrl: "http://localhost" },
  });
});
afterAll(async () => {
  await standards.stop();
  await catalog.stop();
  await cel.close();
  await database.drop();
});

async function ask<O extends Operation>(operation: O, input: InputOf<O>, who: Partial<Call> = {}): Promise<OutputOf<O>> {
  const handler = [...catalog.handlers, ...standards.handlers].find((one) => one.operation.name === operation.name)!;
  return (await perform(database.runtime, handler, callAs(who), input)) as OutputOf<O>;
}

const put = (name: string, spec: object = {}, metadata: object = {}) =>
  ask(saveEntity, {
    entity: {
      apiVersion: "backstage.io/v1alpha1",
      kind: "Component",
      metadata: { name, description: "What it is, in a sentence.", ...metadata },
      spec: { type: "library", lifecycle: "experimental", owner: "group:default/payments", system: "store", ...spec },
    },
  });
/** Which policies of those that the test is about find something. */
const found = async (entity: string, who: Partial<Call> = {}) => {
  await standards.auditor!.settled();
  return (await ask(listFindings, { entity, limit: 500 }, who)).items.map(({ policy }) => policy).filter((name) => name !== "source-known");
};
const bob: Partial<Call> = { actor: { kind: "user", id: "bob", name: "Bob" } };

test("what changes is found, keeps its day while it stays, and is forgotten when it is mended or gone", async () => {
  await put("shop", { lifecycle: "deprecated" }, { description: "Shop" });
  expect(await found("component:default/shop")).toEqual(["deprecated-says-what-next", "has-description"]);
  const [before] = (await ask(listFindings, { policy: "has-description" })).items;
  expect(before).toMatchObject({ severity: "warn", team: "group:default/payments", mend: expect.stringContaining("sentence") });

  await put("shop", {}, { description: "Shop" });
  expect(await found("component:default/shop")).toEqual(["has-description"]);
  expect((await ask(listFindings, { policy: "has-description" })).items[0]?.since).toBe(before?.since);

  await put("shop");
  expect(await found("component:default/shop")).toEqual([]);
  await put("shop", {}, { description: "" });
  await ask(deleteEntity, { ref: "component:default/shop" });
  await standards.auditor!.settled();
  expect((await ask(listFindings, { policy: "has-description" })).items).toEqual([]);
});

test("a waived finding is shown as waived, and counted apart", async () => {
  await put("till", {}, { description: "Till" });
  const { id } = await ask(requestWaiver, { policy: "has-description", entity: "component:till", reason: "Its name says all there is." });
  await ask(approveWaiver, { id }, bob);
  expect(await found("component:default/till")).toEqual(["has-description"]);
  expect((await ask(listFindings, { waived: true })).items).toMatchObject([{ waiver: { id }, entity: "component:default/till" }]);
  const { policies, teams } = await ask(summarizeAudit, {});
  expect(policies.find(({ name }) => name === "has-description")).toMatchObject({ findings: 1, waived: 1, warn: 0 });
  expect(teams.find(({ name }) => name === "group:default/payments")).toMatchObject({ waived: 1 });
});

test("nobody gets a waiver for what is gone, or what they may not see", async () => {
  await put("stall");
  await ask(deleteEntity, { ref: "component:default/stall" });
  const reason = "Its name says all there is.";
  await expect(ask(requestWaiver, { policy: "has-description", entity: "component:stall", reason })).rejects.toMatchObject({
    code: "NOT_FOUND",
  });
});

test("a policy that is switched off finds nothing any more, anywhere", async () => {
  await put("desk", {}, { description: "Desk" });
  expect(await found("component:default/desk")).toEqual(["has-description"]);
  await ask(setStage, { policy: "has-description", action: "off" });
  expect(await found("component:default/desk")).toEqual([]);
  expect(await ask(summarizeAudit, {})).toMatchObject({ behind: false, lookedAt: expect.any(String) });
});

test("what one may not see is neither listed nor counted", async () => {
  await put("vault", { lifecycle: "deprecated" }, { annotations: { "roadbed.dev/visible-to": "group:default/security" } });
  expect(await found("component:default/vault")).toContain("deprecated-says-what-next");
  const viewer = { ...bob, scopes: new Set(["catalog:read", "standards:read"]) };
  await expect(ask(listFindings, { entity: "component:default/vault" }, viewer)).rejects.toMatchObject({ code: "NOT_FOUND" });
  expect((await ask(listFindings, { policy: "deprecated-says-what-next" }, viewer)).items).toEqual([]);
  expect((await ask(summarizeAudit, {}, viewer)).policies.map(({ name }) => name)).not.toContain("deprecated-says-what-next");
});

const TIER = `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  name: has-tier
  annotations: { roadbed.dev/title: Tier, roadbed.dev/why: Because., roadbed.dev/mend: Set it., roadbed.dev/version: 1.0.0 }
spec:
  matchConstraints:
    resourceRules:
      - { apiGroups: [backstage.io], apiVersions: ["*"], operations: [CREATE], resources: [components] }
  validations:
    - expression: object.?metadata.?labels[?'tier'].orValue('') != ''
      message: It has no tier.
`;

test("a policy that is being written is asked about a thing, and tells where it is wrong", async () => {
  await put("counter");
  const tried = await ask(tryPolicy, { text: TIER, entity: "component:counter" });
  expect(tried).toMatchObject({ problems: [], verdict: "deny", evaluated: 1, findings: [{ message: "It has no tier." }] });
  const wrong = await ask(tryPolicy, { text: TIER.replace("object.?metadata", "object.?metdata"), entity: "component:counter" });
  expect(wrong.problems).toMatchObject([{ line: 11, reason: expect.stringContaining("did you mean metadata?") }]);
  const viewer = { ...bob, scopes: new Set(["standards:read"]) };
  await expect(ask(tryPolicy, { text: TIER, entity: "component:vault" }, viewer)).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("a back-test says by team what would be found today, and what is new against the policy in force", async () => {
  await put("tiered", { owner: "group:default/ops" }, { labels: { tier: "1" } });
  await put("bare", { owner: "group:default/ops" });
  const answer = await ask(backtestPolicy, { text: TIER });
  expect(answer).toMatchObject({ problems: [], complete: true, noLonger: 0 });
  expect(answer.newly).toBe(answer.found);
  expect(answer.teams.find(({ name }) => name === "group:default/ops")).toEqual({
    name: "group:default/ops",
    found: 1,
    newly: 1,
    noLonger: 0,
  });
  expect(answer.examples.map(({ entity }) => entity)).toContain("component:default/bare");

  const same = await ask(backtestPolicy, { text: TIER.replace("name: has-tier", "name: deprecated-says-what-next") });
  expect(same.noLonger + same.newly).toBeGreaterThan(0);
  const viewer = { ...bob, scopes: new Set(["catalog:read", "standards:read"]) };
  expect((await ask(backtestPolicy, { text: TIER }, viewer)).looked).toBeLessThan(answer.looked);
});

const component = (name: string, metadata: object = {}) => ({
  object: {
    apiVersion: "backstage.io/v1alpha1",
    kind: "Component",
    metadata: { name, description: "What it is, in a sentence.", ...metadata },
    spec: { type: "library", lifecycle: "experimental", owner: "group:default/payments", system: "store", adminPassword: "hunter2" },
  },
});
/** Judged in a write of its own, as a run would. */
const judge = (subject: string, resources: readonly { object: Record<string, unknown> }[]) =>
  database.runtime.write(callAs(), { ...setStage, risk: "low" }, {}, undefined, (ctx) => standards.judge(ctx, { subject, resources }));

test("a decision is asked again by what was judged, without its secrets; who may not see the entity sees no decision about it", async () => {
  const { decision } = await judge("make counter", [component("counter")]);
  const stored = await ask(getDecision, { id: decision.id });
  expect(stored).toMatchObject({ input: "kept", entities: ["component:default/counter"], team: "group:default/payments" });
  const kept = await ask(getDecisionInput, { id: decision.id });
  expect(kept).toMatchObject({ redacted: true, resources: [{ object: { kind: "Component" } }] });
  expect(JSON.stringify(kept)).not.toContain("hunter2");
  expect(await ask(rerunDecision, { id: decision.id })).toMatchObject({
    before: stored.verdict,
    after: stored.verdict,
    newly: [],
    noLonger: [],
  });

  const hidden = await judge("make vault", [component("vault")]);
  const viewer = { ...bob, scopes: new Set(["catalog:read", "standards:read"]) };
  for (const operation of [getDecision, getDecisionInput, rerunDecision])
    await expect(ask(operation, { id: hidden.decisionId }, viewer)).rejects.toMatchObject({ code: "NOT_FOUND" });
  expect((await ask(listDecisions, { limit: 100 }, viewer)).items.map(({ id }) => id)).not.toContain(hidden.decisionId);
  expect((await ask(listDecisions, { limit: 1 }, viewer)).items.map(({ id }) => id)).toEqual([decision.id]);
  // Of one entity, those about it.
  for (const ref of decision.entities) {
    expect((await ask(listDecisions, { limit: 100, entity: ref }, viewer)).items.map(({ id }) => id)).toContain(decision.id);
  }
  expect(decision.entities.length).toBeGreaterThan(0);
  expect((await ask(listDecisions, { limit: 100, entity: "component:default/nobody" }, viewer)).items).toEqual([]);

  // Ninety days later the decision is still there, and what was judged is not.
  await database.db.query("update standards.decision_input set used_at = used_at - interval '91 days'");
  expect(await ask(getDecision, { id: decision.id })).toMatchObject({ id: decision.id });
  await expect(ask(getDecisionInput, { id: decision.id })).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("a back-test says which past decisions would have been others, by team and point, and what it does not cover", async () => {
  await judge("tiered", [component("tiered", { labels: { tier: "1" } })]);
  await judge("bare", [component("bare")]);
  await judge("huge", [component("huge", { description: "x".repeat(2_100_000) })]);
  const { past } = await ask(backtestPolicy, { text: TIER, days: 30 });
  expect(past).toMatchObject({
    asked: 2,
    stopped: 1,
    freed: 0,
    teams: [{ name: "group:default/payments", asked: 2, stopped: 1 }],
    points: [{ name: "provision", asked: 2, stopped: 1 }],
    examples: [{ subject: "bare", before: "allow", after: "deny", findings: [{ message: "It has no tier." }] }],
    notCovered: { notKept: 2, tooLarge: 1, redacted: 2, beyond: 0 },
  });
  const soft = TIER.replace("roadbed.dev/version", "roadbed.dev/moments: promotion, roadbed.dev/version");
  expect((await ask(backtestPolicy, { text: soft, days: 30 })).past).toMatchObject({ asked: 2, stopped: 0, warned: 0 });
  expect((await ask(backtestPolicy, { text: TIER, days: 0 })).past).toBeUndefined();
});

test("a policy reads what the catalogue knows: who is on call through the team, as it changes", async () => {
  await put("pump", { type: "service", lifecycle: "production", owner: "group:default/plant" });
  expect(await found("component:default/pump")).toContain("production-on-call");
  const team = (spec: object) =>
    ask(saveEntity, {
      entity: {
        apiVersion: "backstage.io/v1alpha1",
        kind: "Group",
        metadata: { name: "plant", description: "What it is, in a sentence." },
        spec: { type: "team", children: [], ...spec },
      },
    });
  await team({ onCall: [{ name: "Ada" }] });
  expect(await found("component:default/pump")).not.toContain("production-on-call");
  await team({});
  expect(await found("component:default/pump")).toContain("production-on-call");
});

test("a policy that is written is shown nothing of what its author may not see", async () => {
  await put("front", { dependsOn: ["component:default/vault"] });
  const nosy = TIER.replace(
    "expression: object.?metadata.?labels[?'tier'].orValue('') != ''",
    "expression: catalog.related.dependsOn.size() == 0",
  );
  expect(await ask(tryPolicy, { text: nosy, entity: "component:front" })).toMatchObject({ problems: [], findings: [{ result: "fail" }] });
  const viewer = { ...bob, scopes: new Set(["catalog:read", "standards:read"]) };
  expect(await ask(tryPolicy, { text: nosy, entity: "component:front" }, viewer)).toMatchObject({ problems: [], findings: [] });
});

test("a promotion is decided by what is promoted, where to and how, and stored with that", async () => {
  const release = { version: "1.4.2", artifacts: [{ name: "image", tag: "1.4.2" }] };
  const decided = await ask(decidePolicy, { entity: "component:pump", from: "staging", to: "production", release });
  expect(decided.verdict).toBe("warn");
  expect(decided.findings.map(({ policy }) => policy)).toEqual(expect.arrayContaining(["production-on-call", "promotion-by-digest"]));
  expect(await ask(getDecision, { id: decided.decisionId })).toMatchObject({
    moment: "promotion",
    subject: "promote component:default/pump to production",
    details: { from: "staging", to: "production" },
    entities: expect.arrayContaining(["component:default/pump"]),
    team: "group:default/plant",
  });
  await ask(setStage, { policy: "promotion-by-digest", action: "deny" });
  expect((await ask(decidePolicy, { entity: "component:pump", to: "production", release })).verdict).toBe("deny");
  const digest = `sha256:${"0".repeat(64)}`;
  const good = { artifacts: [{ name: "image", digest }] };
  expect((await ask(decidePolicy, { entity: "component:pump", to: "production", release: good })).verdict).toBe("warn");
  const viewer = { ...bob, scopes: new Set(["catalog:read", "standards:write"]) };
  await expect(ask(decidePolicy, { entity: "component:vault", to: "production" }, viewer)).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("a policy that is written is asked about manifests as text, and its test file is run", async () => {
  const shop = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: { name: shop }\n";
  expect(await ask(tryPolicy, { text: TIER, manifests: `${shop}---\n${shop}` })).toMatchObject({ verdict: "deny", evaluated: 2 });
  await expect(ask(tryPolicy, { text: TIER, manifests: "a: [1" })).rejects.toMatchObject({ code: "INVALID" });
  await expect(ask(tryPolicy, { text: TIER, manifests: "- 1" })).rejects.toMatchObject({ code: "INVALID" });
  const tests = `policy: has-tier
objects:
  shop: { apiVersion: backstage.io/v1alpha1, kind: Component, metadata: { name: shop } }
cases:
  - { name: none, of: shop, expect: deny, message: no tier }
  - { name: one, of: shop, set: { /metadata/labels/tier: "1" }, expect: allow }
  - { name: wrong, of: shop, expect: allow }
`;
  expect(await ask(testPolicy, { text: TIER, tests })).toMatchObject({
    problems: [],
    passed: 2,
    failed: 1,
    cases: [{}, {}, { found: "deny" }],
  });
});
