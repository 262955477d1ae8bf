import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { getFleet } from "@roadbed/contracts/delivery/fleet";
import type { rebuildDelivery } from "@roadbed/contracts/delivery/gitops";
import type { getPromotion, Promotion } from "@roadbed/contracts/delivery/promotions";
import type { Release } from "@roadbed/contracts/delivery/releases";
import { ForbiddenError, perform, type Call, type OutputOf } from "@roadbed/core";
import { callAs, createTestDatabase, eventually, quietLog, type TestDatabase } from "@roadbed/testkit";
import { WORKFLOW_TABLES } from "@roadbed/workflows/testing";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { parse } from "yaml";

import type { DeliveryDeps } from "../deps.ts";
import { service } from "../fixtures/apps.ts";
import { startServer, type TestServer } from "../fixtures/server.ts";
import { GITOPS_REPOSITORY } from "../gitops/gitops-repository.ts";
import { promotionsIn } from "../gitops/trailer.ts";
import { migrations } from "../index.ts";
import { pushRepository } from "../internal-operations.ts";

type Detail = OutputOf<typeof getPromotion>;

const author = { name: "Ada Example", email: "ada@example.org" };
const ada = { actor: { kind: "user", id: "ada", name: "Ada" } } as const;
const bob = { actor: { kind: "user", id: "bob", name: "Bob" } } as const;
/** Who owns everything, as tests change it. */
let owners = new Set(["bob"]);
let verdict: "allow" | "deny" = "allow";
let asked: { url: string; body: { release: { number: number } } }[] = [];
let answer: () => Response = () => Response.json({ allowed: true });
let database: TestDatabase;
let dataDir: string;
let server: TestServer;

const ports: Partial<DeliveryDeps> = {
  approvers: {
    of: async (_ctx, words) => words.map((word) => ({ ref: `group:default/${word}s`, as: "owner" as const })),
    require: async (ctx, requester) => {
      const id = ctx.actor.kind === "user" ? ctx.actor.id : "";
      if ("id" in requester && requester.id === id) throw new ForbiddenError("Nobody approves what they asked for.");
      if (owners.has(id)) return "group:default/owners";
      throw new ForbiddenError("Only owners may decide this.");
    },
    counts: async (_ctx, { account }) => owners.has(account),
  },
  policies: {
    decide: async () => ({
      verdict,
      decisionId: "dec_1",
      evaluated: 3,
      reasons: verdict === "deny" ? ["It has no owner."] : [],
      digest: "d".repeat(64),
    }),
  },
  conditions: {
    evaluate: async (expression, variables) => {
      if (expression.includes("nothing")) throw new Error("no such variable");
      return (variables["release"] as { number: number }).number >= Number(/\d+/.exec(expression)?.[0] ?? 0);
    },
  },
  fetch: async (url, init) => {
    const request = new Request(url, init);
    asked.push({ url: request.url, body: (await request.json()) as { release: { number: number } } });
    return answer();
  },
};

beforeAll(async () => {
  database = await createTestDatabase([migrations], { prepare: WORKFLOW_TABLES });
  dataDir = await mkdtemp(join(tmpdir(), "promotion-"));
  server = await startServer({ databaseUrl: database.url, dataDir, log: quietLog, ports });
  await call("delivery.environment.create", { name: "staging", upstream: ["dev"], automatic: true });
  await call("delivery.environment.create", { name: "prod", upstream: ["staging"], approvals: [{ by: "owner" }] });
});
afterAll(async () => {
  await server.stop();
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});
beforeEach(() => {
  owners = new Set(["bob"]);
  verdict = "allow";
  answer = () => Response.json({ allowed: true });
  asked = [];
});

test("a push goes to dev, by itself to staging, and to prod when its owner agrees; Git says all of it", async () => {
  await create("orders", service({ version: "v1" }));
  await settled("orders", "staging", 1);
  const asking = await call<Promotion>("delivery.promotion.create", { release: "orders#1", environment: "prod" });
  // Asked for again it is the same one.
  expect(await call("delivery.promotion.create", { release: "orders#1", environment: "prod" })).toMatchObject({ id: asking.id });
  const waiting = await until(asking.id, ({ gates }) => gates.length > 0);
  expect(verdictsOf(waiting)).toMatchObject({
    upstream: "passed",
    parts: "passed",
    tests: "passed",
    policies: "passed",
    approvals: "waiting",
    freeze: "passed",
    dependencies: "passed",
    turn: "passed",
  });
  expect(waiting.mayApprove).toBe(false);
  await expect(call("delivery.promotion.approve", { id: asking.id })).rejects.toMatchObject({ code: "FORBIDDEN" });
  await call("delivery.promotion.approve", { id: asking.id, reason: "Looks well" }, bob);
  const done = await until(asking.id, ({ state }) => state === "promoted");
  expect(done).toMatchObject({
    votes: [{ name: "Bob", verdict: "granted" }],
    gitCommit: expect.any(String),
    deploymentId: expect.any(String),
  });
  for (const environment of ["dev", "staging", "prod"]) {
    const branch = `env/${environment}`;
    const text = await fileIn(branch, "apps/orders/workload.yaml");
    expect(parse(text)).toMatchObject({ kind: "Workload", spec: { environment, release: 1, kind: "service" } });
  }
  const [commit] = await server.repositories.log(GITOPS_REPOSITORY, { ref: "env/prod", limit: 1 });
  expect(commit?.hash).toBe(done.gitCommit);
  expect(promotionsIn(commit!.message)).toEqual([
    expect.objectContaining({
      id: asking.id,
      entity: "component:default/orders",
      number: 1,
      kind: "promote",
      verdict: "passed",
      decision: "dec_1",
    }),
  ]);
  await eventually(async () => {
    expect(JSON.parse(await fileIn("main", `apps/orders/promotions/${asking.id}.json`))).toMatchObject({ state: "promoted" });
    expect(JSON.parse(await fileIn("main", "apps/orders/releases/1.json"))).toMatchObject({ number: 1, how: "push" });
  });
  await expect(call("delivery.promotion.create", { release: "orders#1", environment: "prod" })).rejects.toMatchObject({ code: "CONFLICT" });
  // Nothing comes past the gates.
  await expect(call("delivery.deployment.create", { entityRef: "component:default/orders", environment: "prod" })).rejects.toMatchObject({
    code: "CONFLICT",
    message: expect.stringContaining("takes releases by promotion"),
  });
}, 60_000);

test("a newer release supersedes one that waits; both at once are promoted once", async () => {
  await push("orders", service({ version: "v2" }));
  await settled("orders", "staging", 2);
  const older = await call<Promotion>("delivery.promotion.create", { release: "orders#2", environment: "prod" });
  await push("orders", service({ version: "v3" }));
  await settled("orders", "staging", 3);
  const both = await Promise.all(
    Array.from({ length: 4 }, () => call<Promotion>("delivery.promotion.create", { release: "orders#3", environment: "prod" })),
  );
  expect(new Set(both.map(({ id }) => id)).size).toBe(1);
  expect(await call("delivery.promotion.get", { id: older.id })).toMatchObject({ state: "superseded" });
  await call("delivery.promotion.approve", { id: both[0]!.id }, bob);
  await until(both[0]!.id, ({ state }) => state === "promoted");
  const commits = await server.repositories.log(GITOPS_REPOSITORY, { ref: "env/prod", limit: 10 });
  expect(commits.filter(({ message }) => promotionsIn(message).some(({ id }) => id === both[0]!.id))).toHaveLength(1);
}, 60_000);

test("an approver who lost the role while it waited does not count, and a refusal ends it", async () => {
  await push("orders", service({ version: "v4" }));
  await settled("orders", "staging", 4);
  await call("delivery.freeze.create", {
    title: "Quarter's end",
    reason: "Books are closed.",
    environments: ["prod"],
    until: new Date(Date.now() + 86_400_000).toISOString(),
  });
  const { id } = await call<Promotion>("delivery.promotion.create", { release: "orders#4", environment: "prod" });
  await call("delivery.promotion.approve", { id }, bob);
  const frozen = await until(id, ({ gates }) => gates.some(({ name, verdict: said }) => name === "approvals" && said === "passed"));
  expect(frozen.state).toBe("waiting");
  expect(verdictsOf(frozen)).toMatchObject({ freeze: "waiting", approvals: "passed" });
  owners = new Set(["eve"]);
  await until(id, ({ gates }) => gates.some(({ name, verdict: said }) => name === "approvals" && said === "waiting"), true);
  owners = new Set(["bob"]);
  expect(await call("delivery.promotion.refuse", { id, reason: "Not before the books are closed." }, bob)).toMatchObject({
    state: "refused",
    error: "Bob refused it: Not before the books are closed.",
  });
  // A hotfix passes the freeze; what else is needed still is.
  await expect(call("delivery.promotion.create", { release: "orders#4", environment: "prod", hotfix: true })).rejects.toMatchObject({
    code: "INVALID",
  });
  const hot = await call<Promotion>("delivery.promotion.create", {
    release: "orders#4",
    environment: "prod",
    hotfix: true,
    reason: "Orders are lost without it.",
  });
  const seen = await until(hot.id, ({ gates }) => gates.length > 0);
  expect(verdictsOf(seen)).toMatchObject({ freeze: "passed", approvals: "waiting" });
  await call("delivery.promotion.override", { id: hot.id, gate: "approvals", reason: "Nobody of the owners is awake now." }, bob);
  const done = await until(hot.id, ({ state }) => state === "promoted");
  expect(done.gates.find(({ name }) => name === "approvals")?.overridden).toMatchObject({
    by: "user:bob",
    reason: "Nobody of the owners is awake now.",
  });
  await server.db.query("delete from delivery.freeze");
}, 60_000);

test("a gate that denies blocks, and one that cannot be evaluated blocks and says so", async () => {
  await call("delivery.environment.create", {
    name: "gated",
    upstream: ["staging"],
    gates: [
      { name: "later", cel: "release.number >= 99", message: "Only from release 99 on." },
      { name: "broken", cel: "release.nothing.at.all == 1" },
      { name: "outside", http: "https://gate.example.org/ask" },
    ],
  });
  verdict = "deny";
  answer = () => new Response("oops", { status: 500 });
  const { id } = await call<Promotion>("delivery.promotion.create", { release: "orders#4", environment: "gated" });
  const seen = await until(id, ({ gates }) => gates.length > 0);
  expect(seen.state).toBe("waiting");
  expect(verdictsOf(seen)).toMatchObject({
    policies: "blocked",
    "own:later": "blocked",
    "own:broken": "unknown",
    "own:outside": "unknown",
  });
  const why = Object.fromEntries(seen.gates.map((gate) => [gate.name, gate.why]));
  expect(why["own:later"]).toBe("Only from release 99 on.");
  expect(why["own:broken"]).toContain("no such variable");
  expect(why["policies"]).toContain("It has no owner.");
  expect(asked[0]).toMatchObject({ url: "https://gate.example.org/ask", body: { release: { number: 4 } } });
  answer = () => Response.json({ allowed: false, pending: true, message: "The tests still run." });
  await until(id, ({ gates }) => gates.some(({ name, why: said }) => name === "own:outside" && said === "The tests still run."), true);
  await call("delivery.promotion.cancel", { id });
}, 30_000);

test("what fails is taken out of Git again by a forward commit, and nothing comes by itself until the hold is lifted", async () => {
  const before = await fileIn("env/staging", "apps/orders/workload.yaml");
  // Well in dev, sick in staging.
  const sick = `if (process.env.ROADBED_ENVIRONMENT === "staging") process.exit(4);\n`;
  const [code, manifest] = service({ version: "v5" });
  await push("orders", [{ path: "server.mjs", content: sick + String(code!.content) }, manifest!]);
  const failed = await eventually(async () => {
    const { items } = await call<{ items: Promotion[] }>("delivery.promotion.list", {
      entityRef: "component:default/orders",
      environment: "staging",
    });
    const found = items.find(({ release, kind }) => release.number === 5 && kind === "promote");
    if (found?.state !== "failed" || items[0]?.kind !== "rollback" || items[0].state !== "promoted")
      throw new Error(JSON.stringify(items[0]));
    return found;
  }, 40_000);
  expect(failed.error).toContain("exit");
  expect(await fileIn("env/staging", "apps/orders/workload.yaml")).toBe(before);
  expect(await call("delivery.hold.list", {})).toMatchObject({ items: [{ environment: "staging", why: "Release 5 failed." }] });
  await push("orders", service({ version: "v6" }));
  await released("orders", 6);
  await server.relay.settled();
  const { items } = await call<{ items: Promotion[] }>("delivery.promotion.list", { environment: "staging" });
  expect(items.some(({ release }) => release.number === 6)).toBe(false);
  await call("delivery.hold.lift", { entityRef: "component:default/orders", environment: "staging", reason: "Release 6 mends it." });
  await call("delivery.promotion.create", { release: "orders#6", environment: "staging" });
  await settled("orders", "staging", 6);
}, 90_000);

test("back by one call: the earlier tree, the earlier release, and a hold; what declares that it cannot be taken back is asked about", async () => {
  const tree = async (): Promise<string> => fileIn("env/staging", "apps/orders/workload.yaml");
  const earlier = await tree();
  await push("orders", service({ version: "v7" }), "Drop it\n\nIrreversible-Migration: A column is dropped.");
  await settled("orders", "staging", 7);
  expect(await tree()).not.toBe(earlier);
  const back = { entityRef: "component:default/orders", environment: "staging", reason: "It is slow." };
  await expect(call("delivery.promotion.rollback", back)).rejects.toMatchObject({
    code: "CONFLICT",
    message: expect.stringContaining("A column is dropped."),
  });
  const { id } = await call<Promotion>("delivery.promotion.rollback", { ...back, acceptIrreversible: true });
  expect(await until(id, ({ state }) => state === "promoted")).toMatchObject({
    kind: "rollback",
    release: { number: 6 },
    from: { number: 7 },
  });
  expect(await tree()).toBe(earlier);
  const { items } = await call<{ items: { environment: string; health: string; commit: string }[] }>("delivery.workload.list", {
    environment: "staging",
  });
  const { items: releases } = await call<{ items: Release[] }>("delivery.release.list", {});
  expect(items[0]?.commit).toBe(releases.find(({ number }) => number === 6)?.commit);
  expect(await call("delivery.hold.list", {})).toMatchObject({ items: [{ why: "Rolled back to release 6: It is slow." }] });
}, 60_000);

test("what was rolled back upstream goes no further", async () => {
  const { id } = await call<Promotion>("delivery.promotion.create", { release: "orders#7", environment: "prod" });
  const seen = await until(id, ({ gates }) => gates.length > 0);
  expect(seen.gates.find(({ name }) => name === "upstream")).toMatchObject({ verdict: "blocked", why: "It was rolled back in staging." });
  await call("delivery.promotion.cancel", { id });
});

test("what somebody else writes to an environment's branch, or writes anew, is replaced by what was promoted", async () => {
  const before = await fileIn("env/staging", "apps/orders/workload.yaml");
  await server.repositories.commitFiles(GITOPS_REPOSITORY, {
    branch: "env/staging",
    files: [
      { path: "apps/orders/workload.yaml", content: "kind: Nonsense\n" },
      { path: "apps/evil/workload.yaml", content: "kind: Nonsense\n" },
    ],
    message: "I know better",
    author,
  });
  await call("delivery.promotion.create", { release: "orders#7", environment: "staging" });
  await settled("orders", "staging", 7);
  const [commit] = await server.repositories.log(GITOPS_REPOSITORY, { ref: "env/staging", limit: 1 });
  expect(commit?.message).toContain("Roadbed-Restored: ");
  expect(await server.repositories.listFiles(GITOPS_REPOSITORY, "env/staging")).not.toContain("apps/evil/workload.yaml");
  expect(await fileIn("env/staging", "apps/orders/workload.yaml")).not.toBe(before);
  // History is written anew: the branch goes back to its first commit.
  const commits = await server.repositories.log(GITOPS_REPOSITORY, { ref: "env/staging", limit: 100 });
  await server.repositories.moveBranch(GITOPS_REPOSITORY, "env/staging", commits[0]!.hash, commits.at(-1)!.hash);
  await call("delivery.promotion.rollback", {
    entityRef: "component:default/orders",
    environment: "staging",
    reason: "To write again.",
    acceptIrreversible: true,
  });
  await settled("orders", "staging", 6);
  expect(parse(await fileIn("env/staging", "apps/orders/workload.yaml"))).toMatchObject({ spec: { release: 6 } });
}, 60_000);

test("the fleet shows what each environment has, what is held and what came past another", async () => {
  const fleet = await call<OutputOf<typeof getFleet>>("delivery.fleet.get", {});
  expect(fleet.environments.map(({ name }) => name)).toEqual(["dev", "staging", "gated", "prod"]);
  const [row] = fleet.items;
  const cells = Object.fromEntries(row!.cells.map((cell) => [cell.environment, cell]));
  expect(row).toMatchObject({ entityRef: "component:default/orders", newest: { number: 7 } });
  expect(cells).toMatchObject({
    dev: { release: { number: 7 }, behind: 0, health: "healthy" },
    staging: { release: { number: 6 }, behind: 1, held: { why: "Rolled back to release 6: To write again." } },
    prod: { release: { number: 4 }, behind: 3 },
    gated: { behind: 7 },
  });
  expect(fleet.counts).toMatchObject({ components: 1, behind: 1, held: 1, ahead: 0 });
  expect(fleet.environments[0]?.leadSeconds?.promotions).toBeGreaterThan(3);
  expect((await call<OutputOf<typeof getFleet>>("delivery.fleet.get", { only: "ahead" })).items).toEqual([]);
});

test("emptied tables come back from Git as they were, and reading again changes nothing", async () => {
  await server.relay.settled();
  const tables = {
    release: "id",
    promotion: "id",
    desired: "entity_ref, environment",
    hold: "entity_ref, environment",
    gitops_branch: "branch",
  };
  // What is only of the moment is not kept: when gates were looked at last, and when it was written to Git.
  const passing = new Set(["looked_at", "recorded_at", "look_at", "written_at"]);
  const snapshot = async (): Promise<unknown> => {
    const all: Record<string, unknown> = {};
    for (const [table, order] of Object.entries(tables)) {
      const { rows } = await server.db.query(`select * from delivery.${table} order by ${order}`);
      all[table] = rows.map((one) => Object.fromEntries(Object.entries(one).filter(([name]) => !passing.has(name))));
    }
    // The moment at which it was desired is that of its commit, in whole seconds.
    return JSON.parse(JSON.stringify(all, (key, value: unknown) => (key === "since" ? String(value).slice(0, 16) : value))) as unknown;
  };
  const before = await snapshot();
  await server.db.query(
    "truncate delivery.promotion, delivery.promotion_vote, delivery.desired, delivery.hold, delivery.gitops_branch, delivery.release",
  );
  const said = await call<OutputOf<typeof rebuildDelivery>>("delivery.gitops.rebuild", {});
  expect(said).toMatchObject({ releases: 7, holds: 1, problems: [] });
  expect(await snapshot()).toEqual(before);
  expect(await call("delivery.gitops.rebuild", {})).toEqual({
    environments: 0,
    releases: 0,
    promotions: 0,
    desired: 0,
    holds: 0,
    freezes: 0,
    problems: [],
  });
});

async function call<T>(name: string, input: unknown, by: Partial<Call> = ada): Promise<T> {
  const handler = server.delivery.handlers.find(({ operation }) => operation.name === name)!;
  return (await perform(server.runtime, handler, callAs(by), input)) as T;
}

async function create(name: string, files: { path: string; content: string | Uint8Array }[]): Promise<void> {
  await server.runtime.write(callAs(), pushRepository, {} as never, undefined, (ctx) =>
    server.delivery.createRepository(ctx, { name, description: "", branch: "main", files, message: "first", author, key: name }),
  );
}

async function push(name: string, files: { path: string; content: string | Uint8Array }[], message = "pushed"): Promise<void> {
  await server.repositories.commitFiles(name, { branch: "main", files, message, author });
  await call("delivery.deployment.create", { entityRef: `component:default/${name}` });
}

function released(name: string, number: number): Promise<Release> {
  return eventually(async () => {
    const { items } = await call<{ items: Release[] }>("delivery.release.list", { entityRef: `component:default/${name}` });
    const found = items.find((release) => release.number === number);
    if (found === undefined) throw new Error("not yet");
    return found;
  }, 20_000);
}

/** Until a release is what an environment has. */
function settled(name: string, environment: string, number: number): Promise<Promotion> {
  return eventually(async () => {
    const { items } = await call<{ items: Promotion[] }>("delivery.promotion.list", {
      entityRef: `component:default/${name}`,
      environment,
    });
    if (items[0]?.release.number !== number || items[0].state !== "promoted") throw new Error(JSON.stringify(items[0]));
    return items[0];
  }, 30_000);
}

function until(id: string, holds: (promotion: Detail) => boolean, look = false): Promise<Detail> {
  return eventually(async () => {
    // As when its time has come.
    if (look) await server.db.query("update delivery.promotion set look_at = now() where id = $1 and state = 'waiting'", [id]);
    const promotion = await call<Detail>("delivery.promotion.get", { id });
    if (!holds(promotion)) throw new Error(`${promotion.state} ${JSON.stringify(promotion.gates)} ${promotion.error}`);
    return promotion;
  }, 30_000);
}

function verdictsOf({ gates }: Promotion): Record<string, string> {
  return Object.fromEntries(gates.map(({ name, verdict: said }) => [name, said]));
}

async function fileIn(branch: string, path: string): Promise<string> {
  return Buffer.from((await server.repositories.readFile(GITOPS_REPOSITORY, branch, path)) ?? []).toString("utf8");
}
