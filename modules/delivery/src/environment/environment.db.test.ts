import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Entity } from "@roadbed/contracts/catalog";
import type { CalendarItem } from "@roadbed/contracts/delivery/calendar";
import type { Environment, Freeze } from "@roadbed/contracts/delivery/environments";
import type { Promotion } from "@roadbed/contracts/delivery/promotions";
import { perform } from "@roadbed/core";
import { callAs, createTestDatabase, eventually, quietLog, type TestDatabase } from "@roadbed/testkit";
import { WORKFLOW_TABLES } from "@roadbed/workflows/testing";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { DeliveryDeps } from "../deps.ts";
import { startServer, type TestServer } from "../fixtures/server.ts";
import { migrations } from "../index.ts";
import { watchEnvironments } from "../internal-operations.ts";
import { endWhenOver, warn } from "./end-environments.ts";

/** What the policies of a pack say, and what everything there costs. */
let asked: readonly string[] = [];
let monthly = "300.00";
const ports: Partial<DeliveryDeps> = {
  costs: { in: async (_ctx, environment) => (environment === "paid" ? [{ label: "orders-db", amount: monthly, currency: "EUR" }] : []) },
  policies: {
    decide: async (_ctx, { only }) => {
      asked = only;
      const denied = only.includes("ai");
      return {
        verdict: denied ? "deny" : "allow",
        decisionId: "dec_1",
        evaluated: 1,
        reasons: denied ? ["It names no budget."] : [],
        digest: "0".repeat(64),
      };
    },
  },
};
let database: TestDatabase;
let dataDir: string;
let server: TestServer;

beforeAll(async () => {
  database = await createTestDatabase([migrations], { prepare: WORKFLOW_TABLES });
  dataDir = await mkdtemp(join(tmpdir(), "environment-"));
  server = await startServer({ databaseUrl: database.url, dataDir, log: quietLog, ports });
  server.entities.set("group:default/platform", { kind: "Group" } as Entity);
});
afterAll(async () => {
  await server.stop();
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});

test("the order of promotion is a graph: sources first, no circles, nothing that stays upon what ends", async () => {
  await call("delivery.environment.create", { name: "staging", upstream: ["dev"], soakMinutes: 10 });
  const said = {
    name: "prod",
    title: "Production",
    owner: "group:default/platform",
    residency: "eu",
    upstream: ["staging"],
    approvals: [{ by: "owner" }],
    gates: [{ name: "no-models", cel: 'release.parts.all(p, p.kind != "model")' }],
    budget: { amount: "250.00", currency: "EUR" },
    errorBudget: { leastPercent: 10 },
  };
  expect(await call("delivery.environment.create", said)).toMatchObject({
    title: "Production",
    upstream: ["staging"],
    approvals: [{ by: "owner", count: 1 }],
    errorBudget: { leastPercent: 10, required: false },
  });
  expect(await call("delivery.environment.update", { name: "prod", clear: ["errorBudget"] })).not.toHaveProperty("errorBudget");
  expect((await list()).map(({ name }) => name)).toEqual(["dev", "staging", "prod"]);
  expect(await call("delivery.environment.get", { name: "staging" })).toMatchObject({
    downstream: ["prod"],
    title: "Staging",
    automatic: false,
  });
  await expect(call("delivery.environment.update", { name: "dev", upstream: ["prod"] })).rejects.toMatchObject({
    problems: [{ at: "upstream", reason: expect.stringContaining("dev → staging → prod → dev") }],
  });
  await expect(call("delivery.environment.create", said)).rejects.toMatchObject({ code: "CONFLICT" });
  await call("delivery.environment.create", { name: "pr-12", hours: 4, upstream: ["dev"] });
  await expect(call("delivery.environment.update", { name: "prod", upstream: ["pr-12"] })).rejects.toMatchObject({
    problems: [{ at: "upstream[0]" }],
  });
});

test("what is wrong is told field by field, and nothing is changed", async () => {
  const wrong = {
    name: "prod",
    upstream: ["stagin"],
    owner: "user:default/ada",
    approvals: [{ by: "named" }],
    gates: [
      { name: "typo", cel: "relase.hotfix" },
      { name: "number", cel: "1 + 1" },
    ],
  };
  const refused = call("delivery.environment.update", wrong);
  await expect(refused).rejects.toMatchObject({
    problems: [
      { at: "upstream[0]", reason: "there is no environment stagin" },
      { at: "owner" },
      { at: "approvals[0].names" },
      { at: "gates[0].cel", reason: expect.stringContaining("relase") },
      { at: "gates[1].cel", reason: expect.stringContaining("int") },
    ],
  });
  expect(await call("delivery.environment.get", { name: "prod" })).toMatchObject({
    upstream: ["staging"],
    owner: "group:default/platform",
  });
  // What is not named stays; what is to go is named.
  await call("delivery.environment.update", { name: "prod", clear: ["budget"], soakMinutes: 30 });
  const after = await call<Environment>("delivery.environment.get", { name: "prod" });
  expect(after).toMatchObject({ soakMinutes: 30, residency: "eu" });
  expect(after).not.toHaveProperty("budget");
});

test("developers make what ends by itself, and care for their own only", async () => {
  await expect(asDeveloper("delivery.environment.create", { name: "mine" })).rejects.toMatchObject({ code: "FORBIDDEN" });
  await expect(asDeveloper("delivery.environment.create", { name: "mine", hours: 1_000 })).rejects.toMatchObject({ code: "FORBIDDEN" });
  await asDeveloper("delivery.environment.create", { name: "mine", hours: 300 });
  await expect(asDeveloper("delivery.environment.extend", { name: "mine", hours: 100, reason: "not done yet" })).rejects.toMatchObject({
    problems: [{ at: "hours" }],
  });
  expect(await asDeveloper("delivery.environment.extend", { name: "mine", hours: 10, reason: "not done yet" })).toHaveProperty("expiresAt");
  await expect(asDeveloper("delivery.environment.end", { name: "pr-12", reason: "is in the way" })).rejects.toMatchObject({
    code: "FORBIDDEN",
  });
  await expect(asDeveloper("delivery.environment.update", { name: "prod", soakMinutes: 0 })).rejects.toMatchObject({ code: "FORBIDDEN" });
  expect(await asDeveloper("delivery.environment.end", { name: "mine", reason: "is done" })).toHaveProperty("endedAt");
  await expect(call("delivery.environment.end", { name: "staging", reason: "is in the way" })).rejects.toThrow(/go from staging to prod/);
});

test("a throw-away environment warns once, ends once, stops what runs there, and its name is free again", async () => {
  await call("delivery.environment.create", { name: "demo", hours: 2, owner: "group:default/platform" });
  await server.db.query(
    "insert into delivery.workload (entity_ref, environment, name, kind, desired, health) values ('component:default/shop', 'demo', 'shop', 'service', 'running', 'healthy')",
  );
  await expect(call("delivery.environment.end", { name: "demo", reason: "is done" })).rejects.toThrow(
    /component:default\/shop run in demo/,
  );
  const soon =
    "update delivery.environment set created_at = now() - interval '2 hours', expires_at = now() + interval '1 minute' where name = 'demo'";
  await server.db.query(soon);
  await write(warn);
  await write(warn);
  await write((ctx) => endWhenOver(ctx, "demo"));
  expect(await changesOf("demo")).toEqual(["made", "ending"]);
  await server.db.query("update delivery.environment set expires_at = now() - interval '1 second' where name = 'demo'");
  await Promise.all([1, 2].map(() => write((ctx) => endWhenOver(ctx, "demo"))));
  expect(await changesOf("demo")).toEqual(["made", "ending", "ended"]);
  const { rows } = await server.db.query("select desired from delivery.workload where environment = 'demo'");
  expect(rows).toEqual([{ desired: "stopped" }]);
  expect((await list()).map(({ name }) => name)).not.toContain("demo");
  expect((await list({ ended: true })).map(({ name }) => name)).toContain("demo");
  expect(await call("delivery.environment.create", { name: "demo", title: "Another" })).not.toHaveProperty("endedAt");
});

test("a freeze is announced, seen on the environment, and lifted with a reason", async () => {
  const year = { until: new Date(Date.now() + 3_600_000).toISOString() };
  await expect(call("delivery.freeze.create", { title: "x", reason: "because", environments: ["nowhere"], ...year })).rejects.toMatchObject(
    {
      problems: [{ at: "environments[0]" }],
    },
  );
  const never = { cron: "0 0 30 2 *", minutes: 10 };
  await expect(call("delivery.freeze.create", { title: "x", reason: "because", repeats: never, ...year })).rejects.toMatchObject({
    problems: [{ at: "repeats.cron", reason: "never comes between its beginning and its end" }],
  });
  await expect(
    call("delivery.freeze.create", { title: "x", reason: "because", repeats: { cron: "at noon", minutes: 1 }, ...year }),
  ).rejects.toMatchObject({
    problems: [{ at: "repeats.cron" }],
  });
  const freeze = await call<Freeze>("delivery.freeze.create", {
    title: "Sales",
    reason: "the busiest days",
    environments: ["prod"],
    ...year,
  });
  expect(freeze).toMatchObject({ state: "in force", hotfixes: true });
  expect(await call("delivery.environment.get", { name: "prod" })).toMatchObject({ frozen: { freeze: freeze.id, title: "Sales" } });
  expect(await call("delivery.environment.get", { name: "staging" })).not.toHaveProperty("frozen");
  await expect(asDeveloper("delivery.freeze.lift", { id: freeze.id, reason: "in a hurry" })).rejects.toMatchObject({ code: "FORBIDDEN" });
  expect(await call("delivery.freeze.lift", { id: freeze.id, reason: "sales are over" })).toMatchObject({ state: "lifted" });
  await expect(call("delivery.freeze.lift", { id: freeze.id, reason: "sales are over" })).rejects.toMatchObject({ code: "CONFLICT" });
  expect(await call("delivery.environment.get", { name: "prod" })).not.toHaveProperty("frozen");
  expect(await call<{ items: Freeze[] }>("delivery.freeze.list", {})).toMatchObject({ items: [] });
  expect(await call<{ items: Freeze[] }>("delivery.freeze.list", { past: true })).toMatchObject({
    items: [{ id: freeze.id, liftedWhy: "sales are over" }],
  });
});

test("the calendar holds deployments, freezes, incidents and ends of what may be seen, each in its time", async () => {
  const now = Date.now();
  const at = (hours: number): string => new Date(now + hours * 3_600_000).toISOString();
  const row = `insert into delivery.deployment (id, entity_ref, environment, repository, commit, message, author, status, created_at, ended_at)
    values ($1, $2, 'dev', 'r', 'abcdef1234', 'm', 'a', 'healthy', $3, $4)`;
  await server.db.query(row, ["dep_1", "component:default/shop", at(-2), at(-1.9)]);
  await server.db.query(row, ["dep_2", "component:default/secret", at(-2), at(-1.9)]);
  await server.db.query(row, ["dep_3", "component:default/shop", at(-2_000), at(-1_999)]);
  await call("delivery.freeze.create", { title: "Later", reason: "in good time", environments: ["prod"], from: at(48), until: at(72) });
  await call("delivery.environment.create", { name: "pr-77", hours: 5, upstream: ["dev"] });
  server.hidden.add("component:default/secret");
  const shown = await call<{ items: CalendarItem[]; cut: string[] }>("delivery.calendar.show", {});
  expect(shown.items.map(({ kind, title, state, planned }) => [kind, title, state, planned])).toEqual(
    expect.arrayContaining([
      ["deployment", "shop abcdef12", "healthy", false],
      ["freeze", "Later", "planned", true],
      ["incident", "Slow", "open", false],
      ["end", "Pr-77 ends", "planned", true],
    ]),
  );
  expect(shown.items.map(({ id }) => id)).not.toEqual(expect.arrayContaining(["dep_2"]));
  expect(shown.items.map(({ id }) => id)).not.toEqual(expect.arrayContaining(["dep_3"]));
  expect(shown.items.map(({ from }) => from)).toEqual(shown.items.map(({ from }) => from).toSorted());
  const prod = await call<{ items: CalendarItem[] }>("delivery.calendar.show", { environment: "prod" });
  expect(prod.items.some(({ kind }) => kind === "deployment")).toBe(false);
  await expect(call("delivery.calendar.show", { from: at(0), until: at(20_000) })).rejects.toMatchObject({ problems: [{ at: "until" }] });
  await expect(call("delivery.calendar.show", { from: at(5), until: at(4) })).rejects.toMatchObject({ code: "INVALID" });
});

test("what is dearer than the budget, or what the environment's own policies deny, is kept out until that is otherwise", async () => {
  server.entities.set("component:default/helper", { kind: "Component", metadata: { name: "helper" } } as Entity);
  const release = await call<{ id: string }>("delivery.release.create", {
    entityRef: "component:default/helper",
    parts: [{ kind: "prompt", name: "helper", version: "1" }],
  });
  await call("delivery.environment.create", { name: "paid", budget: { amount: "250.00", currency: "EUR" }, policies: ["ai"] });
  const { id } = await call<Promotion>("delivery.promotion.create", { release: release.id, environment: "paid" });
  const gates = async (): Promise<Record<string, string>> => {
    const promotion = await call<Promotion>("delivery.promotion.get", { id });
    return Object.fromEntries(promotion.gates.map(({ name, verdict, why }) => [name, `${verdict}: ${why}`]));
  };
  await within(async () =>
    expect(await gates()).toMatchObject({
      budget: expect.stringMatching(/^blocked: It would cost 300\.00 EUR a month, 50\.00 more than the budget of 250\.00/),
      policies: "blocked: Denied: It names no budget.",
    }),
  );
  expect(asked).toEqual(["ai"]);
  // A dearer budget alone does not let it through, and neither do other policies alone.
  await call("delivery.environment.update", { name: "paid", budget: { amount: "400.00", currency: "EUR" } });
  await within(async () =>
    expect(await gates()).toMatchObject({ budget: expect.stringMatching(/^passed/), policies: expect.stringMatching(/^blocked/) }),
  );
  monthly = "500.00";
  await call("delivery.environment.update", { name: "paid", policies: ["kubernetes"] });
  await within(async () =>
    expect(await gates()).toMatchObject({ budget: expect.stringMatching(/^blocked/), policies: expect.stringMatching(/^passed/) }),
  );
  expect(asked).toEqual(["kubernetes"]);
  expect(await call("delivery.promotion.get", { id })).toMatchObject({ state: "waiting" });
  monthly = "400.00";
  await call("delivery.environment.update", { name: "paid", description: "Looked at again" });
  await within(async () => expect(await call("delivery.promotion.get", { id })).toMatchObject({ state: "promoted" }));
}, 240_000);

function within<T>(holds: () => Promise<T>): Promise<T> {
  return eventually(holds, 60_000);
}

async function list(input: object = {}): Promise<Environment[]> {
  return (await call<{ items: Environment[] }>("delivery.environment.list", input)).items;
}

function call<T>(name: string, input: object): Promise<T> {
  return by("*", "ada", name, input);
}

function asDeveloper<T>(name: string, input: object): Promise<T> {
  return by("delivery:write", "bob", name, input);
}

function by<T>(scope: string, id: string, name: string, input: object): Promise<T> {
  const handler = server.delivery.handlers.find((one) => one.operation.name === name)!;
  return perform(server.runtime, handler, callAs({ actor: { kind: "user", id, name: id }, scopes: new Set([scope]) }), input) as Promise<T>;
}

function write(work: Parameters<TestServer["runtime"]["write"]>[4]): Promise<unknown> {
  return server.runtime.write(server.runtime.system("delivery.environments"), watchEnvironments, {}, undefined, work);
}

async function changesOf(environment: string): Promise<string[]> {
  const { rows } = await server.db.query<{ change: string }>(
    "select payload->>'change' as change from kernel.event where name = 'delivery.environment.changed' and payload->>'environment' = $1 order by seq",
    [environment],
  );
  return rows.map(({ change }) => change);
}
