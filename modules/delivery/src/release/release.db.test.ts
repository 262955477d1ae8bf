import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { compareReleases, getRelease, type Release } from "@roadbed/contracts/delivery/releases";
import { perform, type OutputOf } from "@roadbed/core";
import { callAs, createTestDatabase, eventually, quietLog, type TestDatabase } from "@roadbed/testkit";
import { WORKFLOW_TABLES } from "@roadbed/workflows/testing";
import { afterAll, beforeAll, expect, test } from "vitest";

import { service } from "../fixtures/apps.ts";
import { startServer, type TestServer } from "../fixtures/server.ts";
import { migrations } from "../index.ts";
import { pushRepository } from "../internal-operations.ts";

const author = { name: "Ada Example", email: "ada@example.org" };
const DIGEST = `sha256:${"b".repeat(64)}`;
let database: TestDatabase;
let dataDir: string;
let server: TestServer;

beforeAll(async () => {
  database = await createTestDatabase([migrations], { prepare: WORKFLOW_TABLES });
  dataDir = await mkdtemp(join(tmpdir(), "release-"));
  server = await startServer({ databaseUrl: database.url, dataDir, log: quietLog });
});
afterAll(async () => {
  await server.stop();
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});

test("a push that became healthy in the first environment is a release, numbered, with its commits and where it is", async () => {
  await create("orders", service({ version: "v1" }), "The first");
  const [one] = await releasesOf("orders", 1);
  expect(one).toMatchObject({ number: 1, title: "The first", how: "push", author: "Ada Example", in: [{ environment: "dev" }] });
  await commit("orders", { "notes.txt": "one\n" }, "Take notes");
  await commit(
    "orders",
    { "roadbed.yaml": "kind: service\nstart: [node, server.mjs]\nenv: { GREETING: bye }\n" },
    "Say bye\n\nIrreversible-Migration: It drops a column.",
  );
  await server.db.query("select 1");
  await call("delivery.deployment.create", { entityRef: "component:default/orders" });
  const [two] = await releasesOf("orders", 2);
  expect(two).toMatchObject({ number: 2, title: "Say bye", irreversible: "It drops a column.", in: [{ environment: "dev" }] });
  const shown = await call<OutputOf<typeof getRelease>>("delivery.release.get", { release: "orders#2" });
  expect(shown.commits.map(({ message }) => message.split("\n")[0])).toEqual(["Say bye", "Take notes"]);
  expect(shown).toMatchObject({ previous: { number: 1 }, gone: false, parts: [{ kind: "commit", standing: "present" }] });
  // Heard again, it is the same release.
  await call("delivery.release.create", { entityRef: "component:default/orders" });
  expect(await releasesOf("orders", 2)).toHaveLength(2);
  const comparison = await call<OutputOf<typeof compareReleases>>("delivery.release.compare", { release: "orders#2", against: "orders#1" });
  expect(comparison).toMatchObject({ direction: "forward", irreversible: [{ number: 2 }], missing: [] });
  expect(comparison.files.map(({ path }) => path)).toEqual(["notes.txt", "roadbed.yaml"]);
  expect(comparison.rendered.find(({ path }) => path === "apps/orders/workload.yaml")?.patch).toContain("+    GREETING: bye");
  const back = await call<OutputOf<typeof compareReleases>>("delivery.release.compare", { release: "orders#1", environment: "dev" });
  expect(back).toMatchObject({ direction: "back", from: { number: 2 }, to: { number: 1 } });
  expect(back.commits).toHaveLength(2);
}, 60_000);

test("models, prompts and agents travel together, without code", async () => {
  server.entities.set("component:default/desk", { apiVersion: "backstage.io/v1alpha1", kind: "Component", metadata: { name: "desk" } });
  server.entities.set("prompt:default/greeting", { apiVersion: "roadbed.dev/v1", kind: "Prompt", metadata: { name: "greeting" } });
  const parts = [
    { kind: "model", name: "ranker", version: "3", digest: DIGEST },
    { kind: "prompt", name: "prompt:default/greeting", version: "7" },
  ];
  const release = await call<Release>("delivery.release.create", { entityRef: "component:default/desk", parts });
  expect(release).toMatchObject({ number: 1, title: "ranker 3", how: "hand", madeBy: "user:ada" });
  expect(await call("delivery.release.create", { entityRef: "component:default/desk", parts: parts.toReversed() })).toMatchObject({
    id: release.id,
  });
  const standings = async (): Promise<unknown> =>
    (await call<OutputOf<typeof getRelease>>("delivery.release.get", { release: release.id })).parts.map(({ standing }) => standing);
  expect(await standings()).toEqual(["unchecked", "present"]);
  server.entities.delete("prompt:default/greeting");
  expect(await standings()).toEqual(["unchecked", "gone"]);
  await expect(
    call("delivery.release.create", { entityRef: "component:default/desk", parts: [{ kind: "model", name: "ranker", version: "3" }] }),
  ).rejects.toMatchObject({
    code: "INVALID",
  });
  await expect(call("delivery.release.create", { entityRef: "component:default/nothing", parts })).rejects.toMatchObject({
    code: "NOT_FOUND",
  });
});

test("a release whose commit is gone says so", async () => {
  await create("lost", [{ path: "README.md", content: "# Lost" }], "Only words");
  const release = await call<Release>("delivery.release.create", { entityRef: "component:default/lost" });
  await server.repositories.remove("lost");
  const shown = await call<OutputOf<typeof getRelease>>("delivery.release.get", { release: release.id });
  expect(shown).toMatchObject({ gone: true, commits: [], parts: [{ standing: "gone", why: "The repository lost is gone." }] });
  expect(await call("delivery.release.compare", { release: release.id })).toMatchObject({
    missing: [expect.stringContaining("cannot be compared")],
  });
});

async function call<T>(name: string, input: unknown): Promise<T> {
  const handler = server.delivery.handlers.find(({ operation }) => operation.name === name)!;
  return (await perform(server.runtime, handler, callAs({ actor: { kind: "user", id: "ada", name: "Ada" } }), input)) as T;
}

async function create(name: string, files: { path: string; content: string | Uint8Array }[], message: string): Promise<void> {
  await server.runtime.write(callAs(), pushRepository, {} as never, undefined, (ctx) =>
    server.delivery.createRepository(ctx, { name, description: "", branch: "main", files, message, author, key: name }),
  );
}

function commit(name: string, files: Record<string, string>, message: string): Promise<unknown> {
  const changes = Object.entries(files).map(([path, content]) => ({ path, content }));
  return server.repositories.commitFiles(name, { branch: "main", files: changes, message, author });
}

function releasesOf(name: string, count: number): Promise<Release[]> {
  return eventually(async () => {
    const { items } = await call<{ items: Release[] }>("delivery.release.list", { entityRef: `component:default/${name}` });
    if (items.length < count || items[0]?.in.length === 0) throw new Error(`${items.length} releases`);
    return items;
  }, 30_000);
}
