import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { repositoryPushed } from "@roadbed/contracts/delivery";
import type { Drift } from "@roadbed/contracts/delivery/drift";
import type { rebuildDelivery } from "@roadbed/contracts/delivery/gitops";
import type { Promotion } from "@roadbed/contracts/delivery/promotions";
import type { Release } from "@roadbed/contracts/delivery/releases";
import { ForbiddenError, perform, type Call, type OutputOf } from "@roadbed/core";
import { callAs, createTestDatabase, eventually, quietLog, type TestDatabase } from "@roadbed/testkit";
import { WORKFLOW_TABLES } from "@roadbed/workflows/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";

import { requestDeployment } from "../deployment/request-deployment.ts";
import { service } from "../fixtures/apps.ts";
import { fetchText } from "../fixtures/clients.ts";
import { ALLOW, startServer, type TestServer } from "../fixtures/server.ts";
import { GITOPS_REPOSITORY } from "../gitops/gitops-repository.ts";
import { migrations } from "../index.ts";
import { pushRepository } from "../internal-operations.ts";

const author = { name: "Ada Example", email: "ada@example.org" };
const bob = { actor: { kind: "user", id: "bob", name: "Bob" } } as const;
const ORDERS = "component:default/orders";
let secret = "first";
let database: TestDatabase;
let dataDir: string;
let server: TestServer;

beforeAll(async () => {
  database = await createTestDatabase([migrations], { prepare: WORKFLOW_TABLES });
  dataDir = await mkdtemp(join(tmpdir(), "drift-"));
  const ports = {
    policies: ALLOW,
    resources: { variablesFor: async () => ({ DATABASE_URL: `postgres://${secret}` }) },
    approvers: {
      of: async () => [{ ref: "group:default/owners", as: "owner" as const }],
      require: async (ctx: { actor: Call["actor"] }) => {
        if (ctx.actor.kind === "user" && ctx.actor.id === "bob") return "group:default/owners";
        throw new ForbiddenError("Only owners may decide this.");
      },
      counts: async () => true,
    },
  };
  server = await startServer({ databaseUrl: database.url, dataDir, log: quietLog, ports });
  await call("delivery.environment.create", { name: "prod", upstream: ["dev"] });
  await server.runtime.write(callAs(), pushRepository, {} as never, undefined, (ctx) =>
    server.delivery.createRepository(ctx, {
      name: "orders",
      description: "",
      branch: "main",
      files: service({ version: "v1" }),
      message: "first",
      author,
      key: "orders",
    }),
  );
  await settled("dev", 1);
  await call("delivery.promotion.create", { release: "orders#1", environment: "prod" });
  await settled("prod", 1);
  await server.repositories.commitFiles("orders", { branch: "main", files: service({ version: "v2" }), message: "second", author });
  await call("delivery.deployment.create", { entityRef: ORDERS });
  await settled("dev", 2);
}, 180_000);
afterAll(async () => {
  await server.stop();
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});

test("what came past the gates is found with both commits, and healed into what Git says", async () => {
  expect(await open()).toEqual([]);
  const [second, first] = (await call<{ items: Release[] }>("delivery.release.list", { entityRef: ORDERS })).items;
  await pastTheGates(second!);
  const drift = await found("commit");
  expect(drift).toMatchObject({
    environment: "prod",
    kind: "workload",
    policy: "tell",
    differences: [
      {
        field: "commit",
        git: first!.parts.find(({ kind }) => kind === "commit")!.version,
        runs: second!.parts.find(({ kind }) => kind === "commit")!.version,
      },
    ],
  });
  server.hidden.add(ORDERS);
  await expect(call("delivery.workload-drift.heal", { id: drift.id })).rejects.toMatchObject({ code: "NOT_FOUND" });
  expect(await open()).toEqual([]);
  server.hidden.clear();
  await call("delivery.workload-drift.heal", { id: drift.id, reason: "Nobody approved it." });
  expect(await ended(drift.id)).toMatchObject({ state: "healed", endedBy: "user:ada", why: "Nobody approved it." });
  expect(await answers("v1")).toBe(true);
}, 180_000);

test("accepted, it is a promotion in Git that says who and why", async () => {
  const [second] = (await call<{ items: Release[] }>("delivery.release.list", { entityRef: ORDERS })).items;
  await call("delivery.environment.update", { name: "prod", approvals: [{ by: "owner" }] });
  await pastTheGates(second!);
  const drift = await found("commit");
  // It came past them: taking it into Git is for those who may let a release pass.
  await expect(call("delivery.workload-drift.accept", { id: drift.id, reason: "It is well." })).rejects.toMatchObject({
    code: "FORBIDDEN",
  });
  await call("delivery.workload-drift.accept", { id: drift.id, reason: "It is well." }, bob);
  const promotion = await settled("prod", 2);
  expect(promotion).toMatchObject({ reason: "What runs was accepted: It is well.", requestedBy: "user:bob" });
  expect(parse(await inProd("apps/orders/workload.yaml"))).toMatchObject({ spec: { release: 2 } });
  await eventually(async () => expect(await open()).toEqual([]), 10_000);
}, 180_000);

test("what was stopped is taken into Git by a forward commit, which outlives the tables, and back again", async () => {
  await call("delivery.workload.stop", { entityRef: ORDERS, environment: "prod" });
  const drift = await found("runs");
  expect(drift.differences).toEqual([{ field: "runs", git: "running", runs: "stopped" }]);
  await call("delivery.workload-drift.accept", { id: drift.id, reason: "Nobody needs it in winter." }, bob);
  await eventually(
    async () => expect(parse(await inProd("apps/orders/workload.yaml"))).toMatchObject({ spec: { release: 2, suspended: true } }),
    20_000,
  );
  const [commit] = await server.repositories.log(GITOPS_REPOSITORY, { ref: "env/prod", limit: 1 });
  expect(commit?.message).toContain("Accept what runs of orders in prod");
  expect(commit?.message).toContain(
    'Roadbed-Accepted: {"entity":"component:default/orders","by":"user:bob","why":"Nobody needs it in winter."}',
  );
  const { rows: before } = await server.db.query("select * from delivery.accepted");
  await server.db.query("truncate delivery.accepted");
  expect(await call<OutputOf<typeof rebuildDelivery>>("delivery.gitops.rebuild", {})).toMatchObject({ problems: [] });
  expect((await server.db.query("select * from delivery.accepted")).rows).toEqual(before);
  await call("delivery.workload.restart", { entityRef: ORDERS, environment: "prod" });
  const back = await found("runs");
  await call("delivery.workload-drift.accept", { id: back.id, reason: "It is spring." }, bob);
  await eventually(async () => expect(parse(await inProd("apps/orders/workload.yaml")).spec).not.toHaveProperty("suspended"), 20_000);
}, 180_000);

test("a variable that is another by now is told without its value, and healed by a restart where the environment says so", async () => {
  await eventually(async () => expect(await open()).toEqual([]), 20_000);
  secret = "second-secret";
  const drift = await found("variable.DATABASE_URL");
  expect(JSON.stringify(drift)).not.toContain("second-secret");
  await expect(call("delivery.workload-drift.accept", { id: drift.id, reason: "Leave it." }, bob)).rejects.toMatchObject({
    code: "CONFLICT",
  });
  for (const name of ["prod", "dev"]) await call("delivery.environment.update", { name, drift: "heal" });
  expect(await ended(drift.id)).toMatchObject({ state: "healed", endedBy: "system:delivery.drift", attempts: 1 });
  const [, text] = await fetchText(`${server.routerUrl}/prod/orders/env`);
  expect(text).toContain("second-secret");
}, 180_000);

test("what somebody else wrote to the branch is put right, and kept to be read", async () => {
  const before = (await server.repositories.head(GITOPS_REPOSITORY, "env/prod"))!;
  const files = [{ path: "apps/orders/evil.yaml", content: "kind: Nonsense\n" }];
  const { hash } = await server.repositories.commitFiles(GITOPS_REPOSITORY, {
    branch: "env/prod",
    files,
    message: "I know better",
    author,
  });
  await server.runtime.write(callAs(), pushRepository, {} as never, undefined, async (ctx) => {
    ctx.emit(repositoryPushed, GITOPS_REPOSITORY, {
      repository: GITOPS_REPOSITORY,
      branch: "env/prod",
      before,
      after: hash,
      message: "",
      author: "Ada",
    });
  });
  await eventually(async () => {
    const { items } = await call<{ items: Drift[] }>("delivery.workload-drift.list", { environment: "prod" });
    expect(items.find(({ kind }) => kind === "branch")).toMatchObject({
      entityRef: ORDERS,
      state: "healed",
      why: "Ada Example wrote to env/prod: I know better",
      differences: [{ field: "apps/orders/evil.yaml", git: "not there", runs: "added by them" }],
    });
  }, 20_000);
  expect(await inProd("apps/orders/evil.yaml")).toBe("");
}, 180_000);

async function call<T>(name: string, input: unknown, by: Partial<Call> = { actor: { kind: "user", id: "ada", name: "Ada" } }): Promise<T> {
  const handler = server.delivery.handlers.find(({ operation }) => operation.name === name)!;
  return (await perform(server.runtime, handler, callAs(by), input)) as T;
}

/** Nothing asks the gates. */
async function pastTheGates(release: Release): Promise<void> {
  const commit = release.parts.find(({ kind }) => kind === "commit")!.version;
  const [found] = await server.repositories.log("orders", { ref: commit, limit: 1 });
  await server.runtime.write(callAs(), pushRepository, {} as never, undefined, (ctx) =>
    requestDeployment(ctx, { entityRef: ORDERS, environment: "prod", repository: "orders", commit: found! }),
  );
}

async function open(): Promise<Drift[]> {
  return (await call<{ items: Drift[] }>("delivery.workload-drift.list", { open: true })).items;
}

function found(field: string): Promise<Drift> {
  return eventually(async () => {
    const items = await open();
    const one = items.find(
      ({ environment, differences }) => environment === "prod" && differences.some((difference) => difference.field === field),
    );
    if (one === undefined) throw new Error(JSON.stringify(items));
    return one;
  }, 30_000);
}

function ended(id: string): Promise<Drift> {
  return eventually(async () => {
    const drift = await call<Drift>("delivery.workload-drift.get", { id });
    if (drift.endedAt === undefined) throw new Error(JSON.stringify(drift));
    return drift;
  }, 180_000);
}

async function answers(version: string): Promise<boolean> {
  return (await fetchText(`${server.routerUrl}/prod/orders/`))[1] === version;
}

function settled(environment: string, number: number): Promise<Promotion> {
  return eventually(async () => {
    const { items } = await call<{ items: Promotion[] }>("delivery.promotion.list", { entityRef: ORDERS, environment });
    if (items[0]?.release.number !== number || items[0].state !== "promoted") throw new Error(JSON.stringify(items[0]));
    return items[0];
  }, 180_000);
}

async function inProd(path: string): Promise<string> {
  return Buffer.from((await server.repositories.readFile(GITOPS_REPOSITORY, "env/prod", path)) ?? []).toString("utf8");
}
