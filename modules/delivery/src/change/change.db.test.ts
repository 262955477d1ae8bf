import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { repositoryPushed } from "@roadbed/contracts/delivery";
import type { Change } from "@roadbed/contracts/delivery/changes";
import { ConflictError, perform, type Call } from "@roadbed/core";
import { blobHash } from "@roadbed/git";
import { callAs, createTestDatabase, eventually, quietLog, type TestDatabase } from "@roadbed/testkit";
import { WORKFLOW_TABLES } from "@roadbed/workflows/testing";
import { afterAll, beforeAll, expect, test } from "vitest";

import { startServer, type TestServer } from "../fixtures/server.ts";
import { migrations } from "../index.ts";
import { pushRepository } from "../internal-operations.ts";
import type { NewChange } from "./propose-change.ts";

const author = { name: "Ada Example", email: "ada@example.org" };
let database: TestDatabase;
let dataDir: string;
let server: TestServer;

beforeAll(async () => {
  database = await createTestDatabase([migrations], { prepare: WORKFLOW_TABLES });
  dataDir = await mkdtemp(join(tmpdir(), "change-"));
  const gate = async (_: unknown, { repository }: { repository: string }): Promise<void> => {
    if (repository === "gated") throw new ConflictError("Policies deny what the change brings.");
  };
  server = await startServer({ databaseUrl: database.url, dataDir, log: quietLog, gates: [gate] });
});
afterAll(async () => {
  await server.stop();
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});

test("a change is read, merged once, and its branch is gone", async () => {
  const base = await create("plain");
  const change = await propose("plain", base, { files: [{ path: "a.txt", content: "new\n" }], removed: ["b.txt"] });
  expect(change).toMatchObject({ state: "ready", base, conflicts: [] });
  // Made again, as after a crash, it is the same one.
  expect((await propose("plain", base, { files: [{ path: "a.txt", content: "new\n" }], removed: ["b.txt"] })).id).toBe(change.id);
  const read = await call<Change & { files: unknown[] }>("delivery.change.get", { id: change.id });
  expect(read.files).toMatchObject([
    { path: "a.txt", status: "changed", added: 1, removed: 1 },
    { path: "b.txt", status: "deleted" },
  ]);
  await expect(call("delivery.change.merge", { id: change.id, head: base })).rejects.toThrow(/not what was read/);
  const merged = await Promise.allSettled([1, 2].map(() => call<Change>("delivery.change.merge", { id: change.id, head: change.head })));
  expect(merged.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  expect(await server.repositories.head("plain", "main")).toBe(change.head);
  expect(await server.repositories.head("plain", change.branch)).toBeUndefined();
  const { rows } = await server.db.query<{ name: string }>(
    "select name from kernel.event where name in ('delivery.change.merged', 'delivery.repository.pushed') order by seq desc limit 2",
  );
  expect(rows.map(({ name }) => name)).toEqual(["delivery.repository.pushed", "delivery.change.merged"]);
});

test("what a gate refuses is not merged", async () => {
  const base = await create("gated");
  const change = await propose("gated", base, {});
  await expect(call("delivery.change.merge", { id: change.id })).rejects.toThrow(/Policies deny/);
  expect(await server.repositories.head("gated", "main")).toBe(base);
  expect(await call("delivery.change.get", { id: change.id })).toMatchObject({ state: "ready" });
});

test("a change is refused when the target has moved on, and can be made anew unless somebody worked in it", async () => {
  const base = await create("moved");
  const change = await propose("moved", base, {});
  await pushed("moved", "main", [{ path: "c.txt", content: "c\n" }]);
  const state = async (): Promise<string> => (await call<Change>("delivery.change.get", { id: change.id })).state;
  await eventually(async () => (await state()) === "behind");
  await expect(call("delivery.change.merge", { id: change.id })).rejects.toThrow(/has moved on/);
  const head = (await server.repositories.head("moved", "main")) ?? "";
  const anew = await propose("moved", head, {});
  expect(anew).toMatchObject({ id: change.id, state: "ready", base: head });
  await pushed("moved", anew.branch, [{ path: "mine.txt", content: "x\n" }]);
  await pushed("moved", "main", [{ path: "d.txt", content: "d\n" }]);
  const later = (await server.repositories.head("moved", "main")) ?? "";
  await expect(propose("moved", later, {})).rejects.toThrow(/Somebody worked in/);
});

test("a conflict is settled by a click or by a push, and only then merged", async () => {
  const base = await create("conflict");
  const kept = await server.repositories.keepFiles("conflict", {
    ref: "base/x",
    files: [{ path: "b.txt", content: "theirs\n" }],
    message: "Base",
    author,
  });
  expect(kept.hash).toHaveLength(40);
  const marked = "<<<<<<< here\none\n=======\ntwo\n>>>>>>> there\n";
  const change = await propose("conflict", base, {
    files: [{ path: "a.txt", content: marked }],
    conflicts: [
      { path: "a.txt", reason: "Both changed it.", executable: false, marked: true, ours: blobHash("a\n"), theirs: blobHash("a\n") },
      { path: "b.txt", reason: "Deleted there.", executable: false, marked: false, ours: blobHash("b\n"), theirs: blobHash("theirs\n") },
    ],
  });
  expect(change.state).toBe("conflicting");
  await expect(call("delivery.change.merge", { id: change.id })).rejects.toThrow(/in conflict in a.txt, b.txt/);
  const settled = await call<Change>("delivery.change.resolve", { id: change.id, path: "b.txt", take: "theirs" });
  expect(settled.conflicts.map(({ path }) => path)).toEqual(["a.txt"]);
  await pushed("conflict", change.branch, [{ path: "a.txt", content: `still ${marked}` }]);
  expect((await call<Change>("delivery.change.get", { id: change.id })).state).toBe("conflicting");
  await pushed("conflict", change.branch, [{ path: "a.txt", content: "both\n" }]);
  const merged = await call<Change>("delivery.change.merge", { id: change.id });
  expect(merged.state).toBe("merged");
  const read = async (path: string): Promise<string> =>
    Buffer.from((await server.repositories.readFile("conflict", "main", path)) ?? []).toString();
  expect([await read("a.txt"), await read("b.txt")]).toEqual(["both\n", "theirs\n"]);
});

test("a pushed branch is proposed, closed, and listed", async () => {
  const base = await create("pushed");
  await expect(call("delivery.change.open", { repository: "pushed", branch: "work", title: "Work" })).rejects.toMatchObject({
    code: "NOT_FOUND",
  });
  await server.repositories.commitFiles("pushed", {
    branch: "work",
    onto: base,
    expectedParent: null,
    files: [{ path: "w", content: "" }],
    message: "W",
    author,
  });
  const change = await call<Change>("delivery.change.open", { repository: "pushed", branch: "work", title: "Work" });
  await expect(call("delivery.change.open", { repository: "pushed", branch: "work", title: "Again" })).rejects.toMatchObject({
    code: "CONFLICT",
  });
  const open = await call<{ items: Change[] }>("delivery.change.list", { repository: "pushed", open: true });
  expect(open.items.map(({ id }) => id)).toEqual([change.id]);
  expect(await call("delivery.change.close", { id: change.id, note: "Not now" })).toMatchObject({ state: "closed", note: "Not now" });
  expect((await call<{ items: Change[] }>("delivery.change.list", { repository: "pushed", open: true })).items).toEqual([]);
});

test("an archived repository can be read and takes nothing; restored, it takes changes again", async () => {
  const base = await create("archived");
  const change = await propose("archived", base, {});
  expect(await call("delivery.repository.archive", { name: "archived", reason: "Nobody needs it." })).toMatchObject({
    archivedAt: expect.any(String),
  });
  // Twice is once.
  await call("delivery.repository.archive", { name: "archived", reason: "Nobody needs it." });
  expect((await server.db.query("select 1 from kernel.event where name = 'delivery.repository.archived'")).rowCount).toBe(1);
  await expect(call("delivery.change.merge", { id: change.id })).rejects.toMatchObject({
    code: "CONFLICT",
    message: "The repository archived is archived: Nobody needs it.",
  });
  await expect(propose("archived", base, { key: "another", branch: "roadbed/y" })).rejects.toMatchObject({ code: "CONFLICT" });
  const ask = (service: string): Promise<Response> =>
    fetch(`${server.url}/git/archived.git/info/refs?service=git-${service}`, {
      headers: { authorization: `Basic ${Buffer.from("ada:writer").toString("base64")}` },
    });
  expect((await ask("upload-pack")).status).toBe(200);
  expect((await ask("receive-pack")).status).toBe(403);
  expect(await call("delivery.repository.restore", { name: "archived" })).not.toHaveProperty("archivedAt");
  expect((await ask("receive-pack")).status).toBe(200);
  expect(await call("delivery.change.merge", { id: change.id })).toMatchObject({ state: "merged" });
});

test("what was made under a key is taken back: removed as long as nobody worked in it, else archived; never what another key made", async () => {
  const takeBack = (name: string, commit: string, key = name): Promise<string> =>
    server.runtime.write(callAs(), pushRepository, {}, undefined, (ctx) =>
      server.delivery.takeBackRepository(ctx, { name, key, commit, why: "Taken back." }),
    );
  const plain = await create("taken");
  await expect(takeBack("taken", plain, "another")).rejects.toMatchObject({ code: "CONFLICT" });
  expect(await takeBack("taken", plain)).toBe("removed");
  expect(await takeBack("taken", plain)).toBe("removed");
  expect(await server.repositories.exists("taken")).toBe(false);
  const worked = await create("worked");
  await pushed("worked", "main", [{ path: "own.txt", content: "mine\n" }]);
  expect(await takeBack("worked", worked)).toBe("archived");
  expect(await server.repositories.exists("worked")).toBe(true);
});

async function create(name: string): Promise<string> {
  const files = [
    { path: "a.txt", content: "a\n" },
    { path: "b.txt", content: "b\n" },
  ];
  const input = { name, description: "", branch: "main", files, message: "first", author, key: name };
  const made = await server.runtime.write(callAs(), pushRepository, {}, undefined, (ctx) => server.delivery.createRepository(ctx, input));
  return made.commit;
}

function propose(repository: string, base: string, over: Partial<NewChange>): Promise<Change> {
  const change = {
    repository,
    branch: "roadbed/x",
    title: "Upgrade",
    body: "Why.",
    base,
    files: [{ path: "a.txt", content: "n\n" }],
    removed: [],
    conflicts: [],
    author,
    key: `upgrade:${repository}`,
    ...over,
  };
  return server.runtime.write(callAs(), pushRepository, {}, undefined, (ctx) => server.delivery.proposeChange(ctx, change));
}

/** A push to any branch, announced as the host does it, and heard. */
async function pushed(repository: string, branch: string, files: readonly { path: string; content: string }[]): Promise<void> {
  const before = (await server.repositories.head(repository, branch)) ?? "";
  const { hash } = await server.repositories.commitFiles(repository, { branch, files, message: "push", author });
  await server.runtime.write(callAs(), pushRepository, {}, undefined, async (ctx) => {
    if (branch === "main") await ctx.sql.query("update delivery.repository set head = $2 where name = $1", [repository, hash]);
    ctx.emit(repositoryPushed, repository, { repository, branch, before, after: hash, message: "push", author: "Ada" });
  });
  await eventually(async () => {
    const { rows } = await server.db.query<{ open: boolean }>(
      "select exists (select 1 from kernel.subscription s join kernel.event e on e.name = any(s.events) and e.seq > s.position) open",
    );
    return rows[0]?.open === false;
  });
}

async function call<T>(name: string, input: unknown, as: Partial<Call> = {}): Promise<T> {
  const handler = server.delivery.handlers.find(({ operation }) => operation.name === name);
  if (handler === undefined) throw new Error(`no operation ${name}`);
  return (await perform(server.runtime, handler, callAs(as), input)) as T;
}
