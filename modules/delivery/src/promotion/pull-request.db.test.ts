import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Change, getChange } from "@roadbed/contracts/delivery/changes";
import type { getPromotion, Promotion } from "@roadbed/contracts/delivery/promotions";
import { ForbiddenError, perform, type Call, type OutputOf } from "@roadbed/core";
import { callAs, createTestDatabase, eventually, quietLog, type TestDatabase } from "@roadbed/testkit";
import { WORKFLOW_TABLES } from "@roadbed/workflows/testing";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { parse } from "yaml";

import { repositoryPushed } from "@roadbed/contracts/delivery";
import type { DeliveryDeps } from "../deps.ts";
import { service } from "../fixtures/apps.ts";
import { startServer, type TestServer } from "../fixtures/server.ts";
import { GITOPS_REPOSITORY } from "../gitops/gitops-repository.ts";
import { migrations } from "../index.ts";
import { pushRepository } from "../internal-operations.ts";

type Detail = OutputOf<typeof getPromotion>;
type ChangeDetail = OutputOf<typeof getChange>;

const author = { name: "Ada Example", email: "ada@example.org" };
const ada = { actor: { kind: "user", id: "ada", name: "Ada" } } as const;
const bob = { actor: { kind: "user", id: "bob", name: "Bob" } } as const;
let verdict: "allow" | "deny" = "allow";
let database: TestDatabase;
let dataDir: string;
let server: TestServer;

const ports: Partial<DeliveryDeps> = {
  approvers: {
    of: async (_ctx, words) => words.map((word) => ({ ref: `group:default/${word}s`, as: "owner" as const })),
    require: async (ctx, requester) => {
      const id = ctx.actor.kind === "user" ? ctx.actor.id : "";
      if ("id" in requester && requester.id === id) throw new ForbiddenError("Nobody approves what they asked for.");
      if (id === "bob") return "group:default/owners";
      throw new ForbiddenError("Only owners may decide this.");
    },
    counts: async (_ctx, { account }) => account === "bob",
  },
  policies: {
    decide: async () => ({
      verdict,
      decisionId: "dec_1",
      evaluated: 1,
      reasons: verdict === "deny" ? ["It has no owner."] : [],
      digest: "d".repeat(64),
    }),
  },
};

beforeAll(async () => {
  database = await createTestDatabase([migrations], { prepare: WORKFLOW_TABLES });
  dataDir = await mkdtemp(join(tmpdir(), "pull-request-"));
  server = await startServer({ databaseUrl: database.url, dataDir, log: quietLog, ports });
  await call("delivery.environment.create", { name: "prod", upstream: ["dev"], approvals: [{ by: "owner" }], by: "pull-request" });
  for (const name of ["orders", "billing"]) {
    await server.runtime.write(callAs(), pushRepository, {} as never, undefined, (ctx) =>
      server.delivery.createRepository(ctx, {
        name,
        description: "",
        branch: "main",
        files: service({ version: "v1" }),
        message: "first",
        author,
        key: name,
      }),
    );
  }
  await settled("orders", "dev", 1);
  await settled("billing", "dev", 1);
}, 60_000);
afterAll(async () => {
  await server.stop();
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});
beforeEach(() => {
  verdict = "allow";
});

test("a release waits as a proposed change; who may merges it, and that lets it through", async () => {
  const { id } = await call<Promotion>("delivery.promotion.create", { release: "orders#1", environment: "prod", reason: "First of all." });
  const waiting = await until(
    id,
    ({ gates, changeId }) => changeId !== undefined && gates.some(({ evidence }) => evidence.some(({ link }) => link?.endsWith(changeId))),
  );
  expect(waiting.state).toBe("waiting");
  const change = await call<ChangeDetail>("delivery.change.get", { id: waiting.changeId });
  expect(change).toMatchObject({
    repository: GITOPS_REPOSITORY,
    entityRef: "component:default/orders",
    branch: "env/prod-next/orders",
    target: "env/prod",
    title: "Promote orders 1 to prod",
    state: "ready",
    promotions: [{ id, number: 1, state: "waiting" }],
  });
  expect(change.body).toContain("First of all.");
  expect(change.files.map(({ path, status }) => `${status} ${path}`)).toEqual([
    "added apps/orders/release.yaml",
    "added apps/orders/workload.yaml",
  ]);
  expect(await fileIn("env/prod", "apps/orders/workload.yaml")).toBe("");
  // Whoever asked for it does not merge it, and what may not be seen is not there.
  await expect(call("delivery.change.merge", { id: change.id })).rejects.toMatchObject({ code: "FORBIDDEN" });
  server.hidden.add("component:default/orders");
  await expect(call("delivery.change.get", { id: change.id }, bob)).rejects.toMatchObject({ code: "NOT_FOUND" });
  await expect(call("delivery.change.merge", { id: change.id }, bob)).rejects.toMatchObject({ code: "NOT_FOUND" });
  expect((await call<{ items: Change[] }>("delivery.change.list", {}, bob)).items).toEqual([]);
  server.hidden.clear();
  // Policies deny it meanwhile: what was found when it was proposed does not let it through.
  verdict = "deny";
  await expect(call("delivery.change.merge", { id: change.id }, bob)).rejects.toMatchObject({
    code: "CONFLICT",
    message: expect.stringContaining("It has no owner."),
  });
  expect((await call<Detail>("delivery.promotion.get", { id })).votes).toEqual([]);
  verdict = "allow";
  expect(await call("delivery.change.merge", { id: change.id, head: change.head }, bob)).toMatchObject({ state: "merged" });
  const done = await until(id, ({ state }) => state === "promoted");
  expect(done).toMatchObject({ gitCommit: change.head, votes: [{ name: "Bob", verdict: "granted" }] });
  expect(done.gates.find(({ name }) => name === "pull-request")).toMatchObject({ verdict: "passed", why: "Bob merged it." });
  expect(parse(await fileIn("env/prod", "apps/orders/workload.yaml"))).toMatchObject({ spec: { release: 1 } });
  expect(await server.repositories.head(GITOPS_REPOSITORY, "env/prod-next/orders")).toBeUndefined();
}, 60_000);

test("what stands on a branch that moved is made anew, and what somebody pushed to it is not merged", async () => {
  await push("orders", "v2", 2);
  const first = await proposed("orders#2");
  const second = await proposed("billing#1");
  // Each is one of its own: the merge of one moves the branch under the other.
  await call("delivery.change.merge", { id: first.changeId }, bob);
  await until(first.id, ({ state }) => state === "promoted");
  const anew = await eventually(async () => {
    const change = await call<ChangeDetail>("delivery.change.get", { id: second.changeId });
    if (change.state !== "ready" || change.base !== (await server.repositories.head(GITOPS_REPOSITORY, "env/prod")))
      throw new Error(change.state);
    return change;
  }, 20_000);
  expect(anew.files.map(({ path }) => path)).toEqual(["apps/billing/release.yaml", "apps/billing/workload.yaml"]);
  await pushed("env/prod-next/billing", "apps/billing/evil.yaml");
  const clean = await eventually(async () => {
    const change = await call<ChangeDetail>("delivery.change.get", { id: second.changeId });
    if (change.head === anew.head || change.files.length !== 2) throw new Error("not yet");
    return change;
  }, 20_000);
  await expect(call("delivery.change.merge", { id: second.changeId, head: anew.head }, bob)).rejects.toMatchObject({ code: "CONFLICT" });
  await call("delivery.change.merge", { id: second.changeId, head: clean.head }, bob);
  await until(second.id, ({ state }) => state === "promoted");
  expect(await server.repositories.listFiles(GITOPS_REPOSITORY, "env/prod")).not.toContain("apps/billing/evil.yaml");
}, 60_000);

test("a push past the pull request is taken back, and closing it refuses the promotion", async () => {
  await push("orders", "v3", 3);
  const waiting = await proposed("orders#3");
  const change = await call<ChangeDetail>("delivery.change.get", { id: waiting.changeId });
  await server.repositories.moveBranch(GITOPS_REPOSITORY, "env/prod", change.base, change.head);
  await announce("env/prod", change.base, change.head);
  await eventually(async () => {
    expect(parse(await fileIn("env/prod", "apps/orders/workload.yaml"))).toMatchObject({ spec: { release: 2 } });
  }, 20_000);
  expect((await call<Detail>("delivery.promotion.get", { id: waiting.id })).state).toBe("waiting");
  await expect(call("delivery.change.close", { id: waiting.changeId })).rejects.toMatchObject({ code: "FORBIDDEN" });
  await call("delivery.change.close", { id: waiting.changeId, note: "Not this month." }, bob);
  expect(await call("delivery.promotion.get", { id: waiting.id })).toMatchObject({
    state: "refused",
    error: "Bob closed its pull request: Not this month.",
  });
}, 60_000);

test("what nobody waits for any more is closed, an administrator passes it, and going back waits for nobody", async () => {
  await push("orders", "v4", 4);
  const waiting = await proposed("orders#4");
  await call("delivery.promotion.cancel", { id: waiting.id });
  await eventually(
    async () => expect(await call("delivery.change.get", { id: waiting.changeId })).toMatchObject({ state: "closed" }),
    20_000,
  );
  const again = await proposed("orders#4");
  expect(again.changeId).not.toBe(waiting.changeId);
  for (const gate of ["approvals", "pull-request"])
    await call("delivery.promotion.override", { id: again.id, gate, reason: "Everybody who may is on a plane." }, bob);
  await until(again.id, ({ state }) => state === "promoted");
  await eventually(
    async () => expect(await call("delivery.change.get", { id: again.changeId })).toMatchObject({ state: "closed" }),
    20_000,
  );
  const back = await call<Promotion>("delivery.promotion.rollback", {
    entityRef: "component:default/orders",
    environment: "prod",
    reason: "It is slow.",
  });
  await until(back.id, ({ state }) => state === "promoted");
  expect(parse(await fileIn("env/prod", "apps/orders/workload.yaml"))).toMatchObject({ spec: { release: 2 } });
}, 60_000);

async function call<T>(name: string, input: unknown, by: Partial<Call> = ada): Promise<T> {
  const handler = server.delivery.handlers.find(({ operation }) => operation.name === name)!;
  return (await perform(server.runtime, handler, callAs(by), input)) as T;
}

async function push(name: string, version: string, number: number): Promise<void> {
  await server.repositories.commitFiles(name, { branch: "main", files: service({ version }), message: "pushed", author });
  await call("delivery.deployment.create", { entityRef: `component:default/${name}` });
  await settled(name, "dev", number);
}

async function proposed(release: string): Promise<{ id: string; changeId: string }> {
  const { id } = await call<Promotion>("delivery.promotion.create", { release, environment: "prod" });
  const { changeId } = await until(id, (promotion) => promotion.changeId !== undefined);
  return { id, changeId: changeId! };
}

/** Somebody's git, past everything. */
async function pushed(branch: string, path: string): Promise<void> {
  const before = (await server.repositories.head(GITOPS_REPOSITORY, branch))!;
  const { hash } = await server.repositories.commitFiles(GITOPS_REPOSITORY, {
    branch,
    files: [{ path, content: "kind: Nonsense\n" }],
    message: "Mine",
    author,
  });
  await announce(branch, before, hash);
}

async function announce(branch: string, before: string, after: string): Promise<void> {
  await server.runtime.write(callAs(), pushRepository, {} as never, undefined, async (ctx) => {
    ctx.emit(repositoryPushed, GITOPS_REPOSITORY, { repository: GITOPS_REPOSITORY, branch, before, after, message: "", author: "Ada" });
  });
}

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

function until(id: string, holds: (promotion: Detail) => boolean): Promise<Detail> {
  return eventually(async () => {
    const promotion = await call<Detail>("delivery.promotion.get", { id });
    if (!holds(promotion)) throw new Error(`${promotion.state} ${JSON.stringify(promotion.gates)} ${promotion.error}`);
    return promotion;
  }, 30_000);
}

async function fileIn(branch: string, path: string): Promise<string> {
  return Buffer.from((await server.repositories.readFile(GITOPS_REPOSITORY, branch, path)) ?? []).toString("utf8");
}
