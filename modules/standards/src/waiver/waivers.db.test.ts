import { createCel } from "@roadbed/cel";
import { entityRemoved } from "@roadbed/contracts/catalog";
import { checkPolicies, getPolicy, type Resource } from "@roadbed/contracts/standards";
import { listStages, removeStage, setStage } from "@roadbed/contracts/standards/stages";
import {
  approveWaiver,
  getWaiver,
  listWaivers,
  refuseWaiver,
  reportWaivers,
  requestWaiver,
  revokeWaiver,
  saveWaiverRule,
} from "@roadbed/contracts/standards/waivers";
import { perform, type Call, type Ctx, type InputOf, type Operation, type OutputOf } from "@roadbed/core";
import { callAs, createTestDatabase, quietLog, type TestDatabase } from "@roadbed/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { createStandards, migrations, type Standards } from "../index.ts";
import { policyText, quietFolder } from "../policy/testing/policy-text.ts";
import { sweepWaivers } from "./sweep-waivers.ts";

const cel = createCel({ deadlineMs: 5_000 });
const gone = "component:default/gone";
let database: TestDatabase;
let standards: Standards;

beforeAll(async () => {
  database = await createTestDatabase([migrations]);
  standards = createStandards({
    log: quietLog,
    cel,
    policies: [quietFolder({ "a.yaml": policyText({ name: "replicas" }), "b.yaml": policyText({ name: "soft", severity: "warn" }) })],
    entities: {
      get: async (_ctx, ref) => (ref === gone ? undefined : {}),
      sees: async (_ctx, ref) => !ref.includes("secret"),
    },
  });
});
afterAll(async () => {
  await database.drop();
  await cel.close();
});
beforeEach(() => database.db.query("truncate standards.waiver, standards.waiver_rule, standards.stage"));

const ada = callAs();
const bob: Call = { ...callAs(), actor: { kind: "user", id: "bob", name: "Bob" } };
const may = (scopes: string[], call: Call = bob): Call => ({ ...call, scopes: new Set(scopes) });
const REASON = "The old cluster has room for one replica only.";

const component: Resource = {
  object: { apiVersion: "backstage.io/v1alpha1", kind: "Component", metadata: { name: "shop" }, spec: { owner: "payments" } },
};
const deployment: Resource = {
  object: { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "d", namespace: "store" }, spec: { replicas: 1 } },
};

async function call<O extends Operation>(operation: O, input: InputOf<O>, by: Call = ada): Promise<OutputOf<O>> {
  const handler = standards.handlers.find((one) => one.operation.name === operation.name);
  if (!handler) throw new Error(`no handler for ${operation.name}`);
  return (await perform(database.runtime, handler, by, input)) as OutputOf<O>;
}

const inWrite = <T>(work: (ctx: Ctx) => Promise<T>): Promise<T> =>
  database.runtime.write(ada, { ...checkPolicies, risk: "low" }, {}, undefined, work);
const judge = () => call(checkPolicies, { resources: [component, deployment] });
const ask = (about: Partial<InputOf<typeof requestWaiver>> = { entity: "component:default/shop" }, by: Call = ada) =>
  call(requestWaiver, { policy: "replicas", reason: REASON, ...about }, by);

describe("a waiver", () => {
  test.each([
    ["for the entity that a manifest is made with", { entity: "component:shop" }],
    ["for the namespace", { namespace: "store" }],
    ["for the team that owns it", { team: "group:default/payments" }],
  ])("%s shows the finding as waived once somebody else approved it, and stops nothing", async (_what, about) => {
    expect((await judge()).verdict).toBe("deny");
    const { id, state } = await ask(about);
    expect(state).toBe("requested");
    expect((await judge()).verdict).toBe("deny");

    await call(approveWaiver, { id }, bob);
    const { verdict, findings, admission } = await judge();
    expect(verdict).toBe("warn");
    expect(admission.every(({ allowed }) => allowed)).toBe(true);
    expect(findings.find(({ policy }) => policy === "replicas")).toMatchObject({
      severity: "deny",
      entity: "component:default/shop",
      waiver: { id, reason: REASON, owner: "user:ada" },
    });
  });

  test("of another policy or thing changes nothing", async () => {
    await call(approveWaiver, { id: (await ask({ namespace: "other" })).id }, bob);
    await call(approveWaiver, { id: (await ask({ policy: "soft", namespace: "store" })).id }, bob);
    expect((await judge()).verdict).toBe("deny");
  });

  test("is never decided by whoever asked, and only by administrators", async () => {
    const { id } = await ask();
    await expect(call(approveWaiver, { id })).rejects.toMatchObject({
      code: "FORBIDDEN",
      message: expect.stringContaining("somebody else"),
    });
    await expect(call(refuseWaiver, { id, note: "no" })).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(call(approveWaiver, { id }, may(["catalog:write"]))).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect((await call(approveWaiver, { id, note: "Until the move." }, may(["standards:admin"]))).note).toBe("Until the move.");
  });

  test("waits for those who may decide it, and for nobody else", async () => {
    const { id } = await ask();
    const mine = async (by: Call) => (await call(listWaivers, { mine: true }, by)).items.map((one) => one.id);
    expect(await mine(bob)).toEqual([id]);
    expect(await mine(may(["standards:read", "standards:admin"]))).toEqual([id]);
    expect(await mine(ada)).toEqual([]);
    expect(await mine(may(["standards:read", "catalog:write"]))).toEqual([]);
    await call(approveWaiver, { id }, bob);
    expect(await mine(bob)).toEqual([]);
  });

  test("is decided once, also by two at the same time", async () => {
    const { id } = await ask();
    const carl: Call = { ...callAs(), actor: { kind: "user", id: "carl", name: "Carl" } };
    const both = await Promise.allSettled([call(approveWaiver, { id }, bob), call(refuseWaiver, { id, note: "No." }, carl)]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    await expect(call(approveWaiver, { id }, bob)).rejects.toMatchObject({ code: "CONFLICT" });
  });

  test("that was refused or revoked counts no more; its owner may take it back, others not", async () => {
    const { id } = await ask();
    await call(approveWaiver, { id }, bob);
    await expect(call(revokeWaiver, { id }, may(["catalog:write"]))).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect((await call(revokeWaiver, { id, note: "Moved." }, may(["catalog:write"], ada))).state).toBe("revoked");
    expect((await judge()).verdict).toBe("deny");
    await call(refuseWaiver, { id: (await ask()).id, note: "Add a replica." }, bob);
    expect((await judge()).verdict).toBe("deny");
  });

  test("ends on its day, is told of a week and a day before, each once", async () => {
    const { id } = await ask({ entity: "component:shop", days: 10 });
    await call(approveWaiver, { id }, bob);
    const at = (days: number) => inWrite((ctx) => sweepWaivers({ ...ctx, now: () => new Date(Date.now() + days * 86_400_000) }));
    expect(await at(1)).toEqual({ expired: 0, reminded: 0 });
    expect(await at(4)).toEqual({ expired: 0, reminded: 1 });
    expect(await at(5)).toEqual({ expired: 0, reminded: 0 });
    expect(await at(9.5)).toEqual({ expired: 0, reminded: 1 });
    expect(await at(9.6)).toEqual({ expired: 0, reminded: 0 });
    await expect(call(approveWaiver, { id }, bob)).rejects.toMatchObject({ code: "CONFLICT" });
    expect(await at(11)).toEqual({ expired: 1, reminded: 0 });
    expect((await call(getWaiver, { id })).state).toBe("expired");
    expect((await judge()).verdict).toBe("deny");
  });

  test("that is over cannot be approved, and is shown as expired before anybody swept", async () => {
    const { id } = await ask();
    await database.db.query("update standards.waiver set expires_at = now() - interval '1 minute'");
    await expect(call(approveWaiver, { id }, bob)).rejects.toMatchObject({ code: "CONFLICT", message: expect.stringContaining("over") });
    expect((await call(listWaivers, { state: "expired" })).items.map((one) => one.id)).toEqual([id]);
  });

  test("for an entity that is gone is refused, and ends when the entity goes", async () => {
    await expect(ask({ entity: gone })).rejects.toMatchObject({ code: "NOT_FOUND" });
    const { id } = await ask();
    await call(approveWaiver, { id }, bob);
    const hears = standards.subscriptions.find(({ name }) => name === "standards.end-waivers");
    const payload = { ref: "component:default/shop", kind: "component", sample: false };
    await inWrite(async (ctx) => hears?.receive(ctx as never, { name: entityRemoved.name, payload } as never));
    expect(await call(getWaiver, { id })).toMatchObject({ state: "ended", note: "The entity is gone." });
    expect((await judge()).verdict).toBe("deny");
  });

  test.each([
    ["a policy that is not there", { policy: "none", entity: "component:shop" }, "NOT_FOUND"],
    ["nothing", {}, "INVALID"],
    ["two things at once", { entity: "component:shop", namespace: "store" }, "INVALID"],
    ["no reason", { entity: "component:shop", reason: "short" }, "INVALID"],
  ])("for %s is refused", async (_what, about, code) => {
    await expect(ask(about)).rejects.toMatchObject({ code });
  });

  test("is asked for once", async () => {
    await ask();
    await expect(ask()).rejects.toMatchObject({ code: "CONFLICT" });
  });

  test("for a thing that one may not see is not there", async () => {
    const { id } = await ask({ entity: "component:secret" });
    await expect(call(getWaiver, { id })).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect((await call(listWaivers, {})).items).toEqual([]);
  });

  test("is approved by a rule that fits, and the report counts it", async () => {
    await expect(call(saveWaiverRule, { name: "bad", when: "policy.severety == 'warn'" })).rejects.toMatchObject({ code: "INVALID" });
    await call(saveWaiverRule, { name: "soft-ones", when: "policy.severity == 'warn' && waiver.entity != ''", maxDays: 14 });
    expect(await ask({ policy: "soft", entity: "component:shop", days: 7 })).toMatchObject({ state: "approved", rule: "soft-ones" });
    expect((await ask({ policy: "soft", entity: "component:other", days: 30 })).state).toBe("requested");
    expect((await ask()).state).toBe("requested");
    expect(await call(reportWaivers, {})).toMatchObject({
      inForce: 1,
      waiting: 2,
      expiringSoon: 1,
      byRule: 1,
      policies: [
        { name: "replicas", requested: 1 },
        { name: "soft", approved: 1, requested: 1 },
      ],
    });
  });
});

describe("a stage", () => {
  const later = new Date(Date.now() + 86_400_000).toISOString();

  test("set for a policy counts from its instant on, and is announced before", async () => {
    await call(setStage, { policy: "replicas", action: "audit" });
    await call(setStage, { policy: "replicas", action: "deny", from: later, reason: "The fleet is ready." });
    expect((await judge()).verdict).toBe("warn");
    const policy = await call(getPolicy, { name: "replicas" });
    expect(policy.points).toContainEqual({ moment: "provision", action: "audit" });
    expect(policy.announced).toContainEqual({ moment: "promotion", action: "deny", from: later });
    expect((await call(listStages, {})).items.map(({ state, action }) => [state, action])).toEqual([
      ["announced", "deny"],
      ["in force", "audit"],
    ]);
  });

  test("may be of one point only, and is taken back", async () => {
    const { id } = await call(setStage, { policy: "replicas", action: "off", moments: ["provision"] });
    expect((await call(getPolicy, { name: "replicas" })).moments).toEqual(["pull-request", "promotion", "audit"]);
    expect((await judge()).findings.map(({ policy }) => policy)).toEqual(["soft"]);
    await call(removeStage, { id });
    expect((await judge()).verdict).toBe("deny");
  });

  test("is over when another took its place; what is off is not in force", async () => {
    await call(setStage, { policy: "replicas", action: "warn" });
    await call(setStage, { policy: "replicas", action: "off" });
    expect((await call(listStages, {})).items.map(({ state }) => state)).toEqual(["in force", "over"]);
    expect(await call(getPolicy, { name: "replicas" })).toMatchObject({ enabled: false, moments: [] });
  });

  test("is set by administrators, for something that is there", async () => {
    await expect(call(setStage, { policy: "replicas", action: "off" }, may(["standards:write"]))).rejects.toMatchObject({
      code: "FORBIDDEN",
    });
    await expect(call(setStage, { policy: "none", action: "off" })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(call(setStage, { pack: "none", action: "off" })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(call(setStage, { action: "off" })).rejects.toMatchObject({ code: "INVALID" });
  });
});
