import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Drift } from "@roadbed/contracts/delivery/drift";
import type { Mirror } from "@roadbed/contracts/delivery/mirror";
import type { Promotion } from "@roadbed/contracts/delivery/promotions";
import { perform, type OutputOf } from "@roadbed/core";
import { createSmartHttp, openRepositories, type Repositories } from "@roadbed/git";
import { callAs, createTestDatabase, eventually, quietLog, type TestDatabase } from "@roadbed/testkit";
import { WORKFLOW_TABLES } from "@roadbed/workflows/testing";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";

import type { getMirror } from "@roadbed/contracts/delivery/mirror";
import { service } from "../fixtures/apps.ts";
import { ALLOW, startServer, type TestServer } from "../fixtures/server.ts";
import { GITOPS_REPOSITORY } from "../gitops/gitops-repository.ts";
import { migrations } from "../index.ts";
import { pushRepository } from "../internal-operations.ts";

const author = { name: "Ada Example", email: "ada@example.org" };
const ORDERS = "component:default/orders";
let database: TestDatabase;
let dataDir: string;
let server: TestServer;
/** A Git host elsewhere: real Git over real HTTP, that can be made deaf. */
let host: Server;
let remotes: Repositories;
let mood: "well" | "deaf" | "slow" | "refuses" = "well";
let remote: string;

beforeAll(async () => {
  database = await createTestDatabase([migrations], { prepare: WORKFLOW_TABLES });
  dataDir = await mkdtemp(join(tmpdir(), "mirror-"));
  remotes = openRepositories(join(dataDir, "elsewhere"));
  await remotes.init("copy", { defaultBranch: "main" });
  const serve = createSmartHttp<string>({
    root: remotes.root,
    log: quietLog,
    authorize: async (request) => {
      const given = Buffer.from((request.headers.authorization ?? "").split(" ")[1] ?? "", "base64").toString();
      return given === "robot:sesame" ? { actor: "robot" } : undefined;
    },
    onPush: async () => {},
  });
  host = createServer((request, response) => {
    if (mood === "deaf") return void response.writeHead(503).end();
    // It can be read, and takes no push: what a protected branch or a role that was taken away looks like.
    if (mood === "refuses" && request.method === "POST" && request.url?.includes("git-receive-pack") === true)
      return void response.writeHead(403).end();
    if (mood === "slow") return void request.resume();
    void serve(request, response);
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => host.once("listening", resolve));
  remote = `http://127.0.0.1:${(host.address() as AddressInfo).port}/git/copy.git`;
  server = await startServer({ databaseUrl: database.url, dataDir, log: quietLog, ports: { policies: ALLOW } });
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
}, 180_000);
afterAll(async () => {
  await server.stop();
  host.closeAllConnections();
  host.close();
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});

afterEach(() => {
  mood = "well";
  host.closeAllConnections();
});

test("every branch stands there too, with a credential that nobody sees", async () => {
  await expect(call("delivery.mirror.set", { remote: remote.replace("http://", "http://robot:sesame@") })).rejects.toMatchObject({
    code: "INVALID",
  });
  const set = await call<Mirror>("delivery.mirror.set", { remote, username: "robot", secret: "sesame" });
  expect(set).toMatchObject({ hasSecret: true, state: "new" });
  const mirror = await until(({ state }) => state === "in-sync");
  expect(JSON.stringify(mirror)).not.toContain("sesame");
  await same("main");
  await same("env/dev");
  const { rows } = await server.db.query("select count(*)::int n from kernel.event where payload::text like '%sesame%'");
  expect(rows[0]).toEqual({ n: 0 });
}, 120_000);

test("down or slow, nothing waits for it; it catches up by itself when it answers again", async () => {
  mood = "deaf";
  await call("delivery.environment.create", { name: "prod", upstream: ["dev"] });
  await call("delivery.promotion.create", { release: "orders#1", environment: "prod" });
  await settled("prod", 1);
  const down = await until(({ state, error }) => state === "failing" && error !== undefined);
  expect(down.error).toContain("503");
  mood = "slow";
  await call("delivery.mirror.push", {});
  await until(({ error }) => /did not answer within|does not answer: .*too slow/i.test(error ?? ""));
  mood = "well";
  host.closeAllConnections();
  await call("delivery.mirror.push", {});
  expect(await until(({ state }) => state === "in-sync")).toMatchObject({ failures: 0 });
  await same("env/prod");
}, 180_000);

test("a push that is refused in the middle of a promotion holds up nothing, and nothing is promoted twice", async () => {
  mood = "refuses";
  await call("delivery.environment.create", { name: "stage", upstream: ["dev"] });
  await call("delivery.promotion.create", { release: "orders#1", environment: "stage" });
  await settled("stage", 1);
  expect((await until(({ state, error }) => state === "failing" && error !== undefined)).error).toContain("403");
  expect(await remotes.head("copy", "env/stage")).toBeUndefined();
  mood = "well";
  await call("delivery.mirror.push", {});
  await until(({ state }) => state === "in-sync");
  await same("env/stage");
  const { items } = await call<{ items: Promotion[] }>("delivery.promotion.list", { entityRef: ORDERS, environment: "stage" });
  expect(items).toHaveLength(1);
}, 180_000);

test("what somebody else pushes there is noticed, told, and what was promoted is rendered anew on top of it", async () => {
  const { hash } = await remotes.commitFiles("copy", {
    branch: "env/prod",
    files: [{ path: "apps/orders/workload.yaml", content: "kind: Nonsense\n" }],
    message: "I know better",
    author: { name: "Eve", email: "eve@example.org" },
  });
  await call("delivery.mirror.push", {});
  const mirror = await until(({ noticed }) => noticed?.commit === hash);
  expect(mirror.noticed).toMatchObject({ branch: "env/prod", author: "Eve", message: "I know better" });
  await eventually(async () => {
    await same("env/prod");
    expect(parse(Buffer.from((await remotes.readFile("copy", "env/prod", "apps/orders/workload.yaml"))!).toString())).toMatchObject({
      spec: { release: 1 },
    });
  }, 60_000);
  // Theirs is in the history: nothing was forced.
  expect(await remotes.isAncestor("copy", hash, "env/prod")).toBe(true);
  const { items } = await call<{ items: Drift[] }>("delivery.workload-drift.list", { environment: "prod" });
  expect(items[0]).toMatchObject({ kind: "branch", state: "healed", entityRef: ORDERS, why: "Eve wrote to env/prod: I know better" });
}, 120_000);

test("a branch that was set back or forced to another history there is brought to ours, and records are never given up", async () => {
  const commits = await remotes.log("copy", { ref: "env/prod", limit: 50 });
  await remotes.moveBranch("copy", "env/prod", commits[0]!.hash, commits.at(-1)!.hash);
  const main = (await remotes.head("copy", "main"))!;
  const { hash: evil } = await remotes.commitFiles("copy", {
    branch: "forced",
    files: [{ path: "README.md", content: "Empty.\n" }],
    message: "Begin anew",
    author,
    expectedParent: null,
  });
  await remotes.moveBranch("copy", "main", main, evil);
  await call("delivery.mirror.push", {});
  await eventually(async () => {
    await same("main");
    await same("env/prod");
  }, 60_000);
  expect((await until(() => true)).noticed).toMatchObject({ done: expect.any(String) });
  // Theirs is not lost: it is kept on a branch, here and there, until somebody removes it there.
  const kept = await eventually(async () => {
    const { rows } = await server.db.query<{ detail: string }>(
      "select payload->>'detail' as detail from kernel.event where name = 'delivery.mirror.changed' and payload->>'detail' like '%kept/%main-%'",
    );
    return /kept\/\S+?(?=,)/.exec(rows[0]!.detail)![0];
  }, 60_000);
  await eventually(async () => {
    expect(await server.repositories.head(GITOPS_REPOSITORY, kept)).toBe(evil);
    expect(await remotes.head("copy", kept)).toBe(evil);
  }, 60_000);
  await until(({ state }) => state === "in-sync");
  await remotes.moveBranch("copy", kept, evil, null);
  await call("delivery.mirror.push", {});
  await eventually(async () => expect(await server.repositories.head(GITOPS_REPOSITORY, kept)).toBeUndefined(), 60_000);
  // What was never ours is left alone.
  expect(await remotes.head("copy", "forced")).toBe(evil);
}, 120_000);

test("a repository with a history of its own is not written over", async () => {
  await remotes.init("own", { defaultBranch: "main" });
  const { hash } = await remotes.commitFiles("own", {
    branch: "main",
    files: [{ path: "a", content: "" }],
    message: "Mine",
    author,
    expectedParent: null,
  });
  await call("delivery.mirror.set", { remote: remote.replace("copy", "own"), username: "robot" });
  const refused = await until(({ state }) => state === "failing");
  expect(refused.error).toContain("holds another history on main");
  expect(await remotes.head("own", "main")).toBe(hash);
  expect(await call("delivery.mirror.remove", {})).toEqual({ removed: true });
  expect(await call("delivery.mirror.get", {})).toEqual({});
}, 120_000);

async function call<T>(name: string, input: unknown): Promise<T> {
  const handler = server.delivery.handlers.find(({ operation }) => operation.name === name)!;
  return (await perform(server.runtime, handler, callAs({ actor: { kind: "user", id: "ada", name: "Ada" } }), input)) as T;
}

function until(holds: (mirror: Mirror) => boolean): Promise<Mirror> {
  return eventually(async () => {
    const { mirror } = await call<OutputOf<typeof getMirror>>("delivery.mirror.get", {});
    if (mirror === undefined || !holds(mirror)) throw new Error(JSON.stringify(mirror));
    return mirror;
  }, 90_000);
}

/** Here the branch may go on meanwhile: it is there soon after. */
async function same(branch: string): Promise<void> {
  await eventually(
    async () => expect(await remotes.head("copy", branch)).toBe(await server.repositories.head(GITOPS_REPOSITORY, branch)),
    60_000,
  );
}

function settled(environment: string, number: number): Promise<Promotion> {
  return eventually(async () => {
    const { items } = await call<{ items: Promotion[] }>("delivery.promotion.list", { entityRef: ORDERS, environment });
    if (items[0]?.release.number !== number || items[0].state !== "promoted") throw new Error(JSON.stringify(items[0]));
    return items[0];
  }, 90_000);
}
