/** A new version of a path reaches what older ones made: real Git host, real database, and a server that is killed on the way. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import type { Change } from "@roadbed/contracts/delivery/changes";
import type { Run } from "@roadbed/contracts/paths";
import type { LedgerDetail, LedgerEntry } from "@roadbed/contracts/paths/ledger";
import type { Upgrade, UpgradeFile, UpgradeItem } from "@roadbed/contracts/paths/upgrades";
import { migrations as deliveryTables } from "@roadbed/delivery";
import { migrations as pathsTables } from "@roadbed/paths";
import { createTestDatabase, eventually, type TestDatabase } from "@roadbed/testkit";
import { WORKFLOW_TABLES } from "@roadbed/workflows/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { startPathsServer, type PathsServer } from "./lib/start-paths-server.ts";

const TEMPLATE = (version: string, more = ""): string => `
apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: { name: service, title: Service }
spec:
  type: service
  version: ${version}
  managed: ["**", "!src/**"]
  parameters:
    required: [name${more}]
    properties:
      name: { type: string }
      port: { type: number, default: 8080 }
      team: { type: string }
      key: { type: string, ui:widget: password }
  steps:
    - { id: fetch, action: "fetch:template", input: { url: ./skeleton, values: "\${{ parameters }}" } }
    - { id: publish, action: "publish:git", input: { name: "\${{ parameters.name }}" } }
`;
const long = (first: string, last: string): string => [first, "2", "3", "4", "5", last, ""].join("\n");
const OLD = {
  "config.txt": `port=\${{ values.port }}\n${long("one", "six")}`,
  Dockerfile: "FROM old\n",
  "ci.yml": long("steps: old", "end"),
  "gone.txt": "was here\n",
  "secret.env": "KEY=${{ values.key }}\n",
  "src/main.js": "// begin\n",
};
const { "gone.txt": _gone, "ci.yml": ci, ...KEPT } = OLD;
const NEW = {
  ...KEPT,
  "config.txt": `port=\${{ values.port }}\n${long("ONE", "six")}`,
  Dockerfile: "FROM new\n",
  "build/ci.yml": ci,
  "added.txt": "for ${{ values.name }}\n",
};

let home: string;
let database: TestDatabase;
let server: PathsServer;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "upgrades-"));
  database = await createTestDatabase([deliveryTables, pathsTables], { prepare: WORKFLOW_TABLES });
  await writePath("1.0.0", OLD);
  server = await startPathsServer(database.url, join(home, "data"), join(home, "paths"));
});
afterAll(async () => {
  await server.kill();
  await database.drop();
  await rm(home, { recursive: true, force: true });
});

const names = [
  "plain",
  "edited",
  "marked",
  "deleted",
  "renamed",
  "secret",
  "deviating",
  ...Array.from({ length: 5 }, (_, n) => `more-${n}`),
];

test("one change per repository: answers kept, local changes kept, conflicts explained; killed on the way, nothing twice", async () => {
  for (const name of names) await make(name);
  await push("edited", { "config.txt": `port=8080\n${long("one", "SIX")}`, "src/main.js": "// mine\n" });
  await push("marked", { "config.txt": `port=8080\n${long("uno", "six")}`, "gone.txt": "still needed\n" });
  await push("deleted", {}, ["Dockerfile", "gone.txt"]);
  await push("renamed", { "settings.txt": `port=8080\n${long("one", "SIX")}` }, ["config.txt"]);
  await writePath("2.0.0", NEW);
  await eventually(async () => (await list("older")).length + (await list("drifted")).length === names.length);

  const preview = await server.call<{ files: UpgradeFile[] }>("paths.upgrade.preview", { thing: (await entryOf("edited")).id });
  expect(preview.files.map(({ path, outcome }) => `${outcome} ${path}`)).toEqual([
    "taken Dockerfile",
    "taken added.txt",
    "taken build/ci.yml",
    "removed ci.yml",
    "merged config.txt",
    "removed gone.txt",
  ]);

  const started = await server.call<Upgrade>("paths.upgrade.start", { path: "service", waveSize: 7, waitFor: "nothing" });
  expect(started).toMatchObject({ state: "running", waves: 2, toVersion: "2.0.0" });
  await expect(server.call("paths.upgrade.start", { path: "service" })).rejects.toThrow(/under way/);
  for (const ms of [300, 500, 400]) {
    await sleep(ms);
    await server.kill();
    server = await startPathsServer(database.url, join(home, "data"), join(home, "paths"));
  }
  await eventually(async () => (await upgrade(started.id)).counts.waiting === 0, 90_000);
  const items = (await server.call<{ items: UpgradeItem[] }>("paths.upgrade.items", { id: started.id, limit: 100 })).items;
  const changes = (await server.call<{ items: Change[] }>("delivery.change.list", { limit: 200 })).items;
  expect(changes.map(({ repository }) => repository).sort()).toEqual([...names].sort());
  expect(items.filter(({ state }) => state === "conflicting").map(({ repository }) => repository)).toEqual(["marked", "deleted"]);

  const edited = await merged(items, "edited");
  expect(await read("edited", "config.txt")).toBe(`port=8080\n${long("ONE", "SIX")}`);
  expect(await read("edited", "src/main.js")).toBe("// mine\n");
  expect([await read("edited", "added.txt"), await read("edited", "gone.txt")]).toEqual(["for edited\n", undefined]);
  expect(edited).toMatchObject({ version: "2.0.0", older: false, state: "drifted", drifted: 1 });
  expect(await merged(items, "plain")).toMatchObject({ version: "2.0.0", state: "current" });
  expect(await read("plain", "build/ci.yml")).toBe(ci);
  await merged(items, "renamed");
  expect([await read("renamed", "settings.txt"), await read("renamed", "config.txt")]).toEqual([
    `port=8080\n${long("ONE", "SIX")}`,
    undefined,
  ]);
  await merged(items, "secret");
  expect(await read("secret", "secret.env")).toBe("KEY=s3cret-of-secret\n");
}, 240_000);

describe("a change in conflict", () => {
  test("is not merged until each file is settled", async () => {
    const change = await changeOf("marked");
    expect(change.conflicts.map(({ path, marked }) => [path, marked])).toEqual([
      ["config.txt", true],
      ["gone.txt", false],
    ]);
    await expect(server.call("delivery.change.merge", { id: change.id })).rejects.toThrow(/in conflict in config.txt, gone.txt/);
    await server.call("delivery.change.resolve", { id: change.id, path: "gone.txt", take: "theirs" });
    await server.call("delivery.change.resolve", { id: change.id, path: "config.txt", take: "ours" });
    await server.call("delivery.change.merge", { id: change.id });
    expect(await read("marked", "config.txt")).toBe(`port=8080\n${long("uno", "six")}`);
    expect(await read("marked", "gone.txt")).toBeUndefined();
    await eventually(async () => (await entryOf("marked")).version === "2.0.0");
  });

  test("of which the repository has moved on is made anew", async () => {
    const change = await changeOf("deviating");
    await push("deviating", { "own.txt": "mine\n" });
    await eventually(async () => (await changeOf("deviating")).state === "behind");
    await expect(server.call("delivery.change.merge", { id: change.id })).rejects.toThrow(/has moved on/);
    const id = (await server.call<{ items: Upgrade[] }>("paths.upgrade.list", {})).items[0]?.id ?? "";
    await server.call("paths.upgrade.refresh", { id, thing: (await entryOf("deviating")).id });
    expect(await changeOf("deviating")).toMatchObject({ id: change.id, state: "ready" });
  });
});

test("waves wait until the one before is settled, can be paused, and what needs an answer is refused with the reason", async () => {
  const id = (await server.call<{ items: Upgrade[] }>("paths.upgrade.list", {})).items[0]?.id ?? "";
  await server.call("paths.upgrade.cancel", { id });
  await writePath("3.0.0", { ...NEW, Dockerfile: "FROM three\n" }, ", team");
  await eventually(async () => (await entryOf("plain")).older);
  const things = await Promise.all(["plain", "more-0", "more-1"].map(async (name) => (await entryOf(name)).id));
  const refused = await server.call<Upgrade>("paths.upgrade.start", { path: "service", things, waveSize: 2 });
  await eventually(async () => (await upgrade(refused.id)).state === "done");
  const items = (await server.call<{ items: UpgradeItem[] }>("paths.upgrade.items", { id: refused.id })).items;
  expect(items.map(({ state, reason }) => [state, reason?.includes("team is needed")])).toEqual(Array(3).fill(["refused", true]));

  await writePath("3.0.1", { ...NEW, Dockerfile: "FROM three\n" });
  await sleep(3_100);
  const waves = await server.call<Upgrade>("paths.upgrade.start", { path: "service", things, waveSize: 1 });
  await eventually(async () => (await upgrade(waves.id)).counts.open === 1);
  await server.call("paths.upgrade.pause", { id: waves.id });
  const first = (await server.call<{ items: UpgradeItem[] }>("paths.upgrade.items", { id: waves.id })).items[0];
  await server.call("delivery.change.close", { id: first?.change, note: "Not this one" });
  await eventually(async () => (await upgrade(waves.id)).counts.closed === 1);
  await sleep(500);
  expect((await upgrade(waves.id)).counts).toMatchObject({ closed: 1, waiting: 2, open: 0 });
  await server.call("paths.upgrade.resume", { id: waves.id });
  await eventually(async () => (await upgrade(waves.id)).counts.open === 1);
  await server.call("paths.upgrade.go", { id: waves.id });
  await eventually(async () => (await upgrade(waves.id)).counts.open === 2);
}, 120_000);

async function writePath(version: string, skeleton: Record<string, string>, more = ""): Promise<void> {
  await rm(join(home, "paths"), { recursive: true, force: true });
  const files = {
    "service/template.yaml": TEMPLATE(version, more),
    ...Object.fromEntries(Object.entries(skeleton).map(([path, text]) => [`service/skeleton/${path}`, text])),
  };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(home, "paths", path)), { recursive: true });
    await writeFile(join(home, "paths", path), text);
  }
}

async function make(name: string): Promise<void> {
  const values = { name, ...(name === "secret" ? { key: `s3cret-of-${name}` } : {}) };
  const { id } = await server.call<Run>("paths.path.run", { path: "service", values });
  await eventually(async () => {
    const run = await server.call<Run>("paths.run.get", { id });
    if (run.endedAt === undefined) return false;
    expect(run).toMatchObject({ status: "succeeded" });
    return true;
  }, 60_000);
}

const push = (repository: string, files: Record<string, string>, removed: string[] = []): Promise<string> =>
  server.call("test.push", { repository, files, removed });
const read = (repository: string, path: string): Promise<string | undefined> => server.call("test.read", { repository, path });
const upgrade = (id: string): Promise<Upgrade> => server.call("paths.upgrade.show", { id });
const list = async (state: string): Promise<LedgerEntry[]> =>
  (await server.call<{ items: LedgerEntry[] }>("paths.ledger.list", { state, limit: 100 })).items;

async function entryOf(repository: string): Promise<LedgerEntry> {
  const { items } = await server.call<{ items: LedgerEntry[] }>("paths.ledger.list", { q: repository, limit: 100 });
  const found = items.find((entry) => entry.repository === repository);
  if (found === undefined) throw new Error(`nothing of ${repository}`);
  return found;
}

async function changeOf(repository: string): Promise<Change> {
  const { items } = await server.call<{ items: Change[] }>("delivery.change.list", { repository, open: true });
  if (items[0] === undefined) throw new Error(`no open change of ${repository}`);
  return items[0];
}

/** Merges a repository's change and waits until the ledger has heard of it. */
async function merged(items: readonly UpgradeItem[], repository: string): Promise<LedgerDetail> {
  const item = items.find((one) => one.repository === repository);
  await server.call("delivery.change.merge", { id: item?.change });
  return eventually(async () => {
    const made = await server.call<LedgerDetail>("paths.ledger.show", { thing: item?.thing });
    if (made.version !== "2.0.0") throw new Error(`still on ${made.version}`);
    return made;
  });
}
