import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { UnavailableError } from "@roadbed/core";
import { eventually, quietLog, recordingLog } from "@roadbed/testkit";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import { openDatabase, type Database } from "../database/open-database.ts";
import { isAlive } from "./process-identity.ts";
import { startPostgres, type EmbeddedPostgres } from "./start-postgres.ts";

const asRoot = process.getuid?.() === 0;
const MAIN = fileURLToPath(new URL("../fixtures/supervisor-process.ts", import.meta.url));
const cleanUps: (() => unknown)[] = [];

let made: string;
beforeAll(async () => {
  made = mkdtempSync(join(tmpdir(), "roadbed-supervise-"));
  await (await startPostgres({ dataDir: made, log: quietLog })).stop();
});
afterAll(() => rmSync(made, { recursive: true, force: true }));

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

function newFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), "roadbed-supervise-"));
  cleanUps.push(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A data folder whose cluster was made before: initdb takes most of a start, and only the tests that make one are about it. */
function folderWithCluster(home = newFolder()): string {
  mkdirSync(home, { recursive: true });
  expect(spawnSync("cp", ["-a", join(made, "cluster"), join(home, "cluster")]).status).toBe(0);
  return home;
}

async function start(dataDir: string, settings: Record<string, string> = {}): Promise<EmbeddedPostgres> {
  const server = await startPostgres({ dataDir, log: quietLog, settings });
  cleanUps.push(server.stop);
  return server;
}

function open(url: string): Database {
  const db = openDatabase({ url, log: quietLog, max: 6, patienceMs: 15_000 });
  cleanUps.push(() => db.close());
  return db;
}

interface Other {
  readonly process: ChildProcess;
  readonly pid: number;
  readonly url: string;
  readonly adopted: boolean;
}

/** Another Roadbed process on the same folder. */
async function startOther(dataDir: string, as: { uid?: number; gid?: number } = {}): Promise<Other> {
  // Another user cannot pass through a private folder to the Node that runs this test.
  const node = as.uid === undefined ? process.execPath : copyOfNode();
  const child = spawn(node, [MAIN, dataDir], { stdio: ["ignore", "pipe", "inherit"], ...as });
  cleanUps.push(() => child.kill("SIGKILL"));
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  return { process: child, ...(JSON.parse(line) as Omit<Other, "process">) };
}

function copyOfNode(): string {
  const folder = newFolder();
  chmodSync(folder, 0o755);
  const copy = join(folder, "node");
  copyFileSync(process.execPath, copy);
  chmodSync(copy, 0o755);
  return copy;
}

async function end(other: Other, signal: NodeJS.Signals): Promise<void> {
  const exit = once(other.process, "exit");
  other.process.kill(signal);
  await exit;
}

describe("a server of our own", () => {
  test("can be reached only through its socket, keeps commits and does not run as root", async () => {
    const server = await start(newFolder());
    const db = open(server.url);
    const { rows } = await db.query(
      "select current_setting('listen_addresses') as tcp, current_setting('synchronous_commit') as sync, current_setting('fsync') as fsync",
    );
    expect(rows).toEqual([{ tcp: "", sync: "on", fsync: "on" }]);
    const socketDir = new URL(server.url).searchParams.get("host") ?? "";
    expect(statSync(socketDir).mode & 0o777).toBe(0o700);
    expect(statSync(`/proc/${server.pid}`).uid).not.toBe(0);
  });

  test("keeps its data over a stop, and stops whole", async () => {
    const dataDir = folderWithCluster();
    const first = await start(dataDir);
    const db = open(first.url);
    await db.query("create table note as select 1 as n");
    await db.close();
    await first.stop();
    expect(isAlive(first.pid)).toBe(false);
    const second = await start(dataDir);
    expect(second.adopted).toBe(false);
    expect((await open(second.url).query("select n from note")).rows).toEqual([{ n: 1 }]);
  });

  test("puts the socket into a short folder when the data folder's path is long", async () => {
    const dataDir = folderWithCluster(join(newFolder(), "a-folder-with-a-rather-long-name".repeat(3), "postgres"));
    const server = await start(dataDir);
    const socketDir = new URL(server.url).searchParams.get("host") ?? "";
    cleanUps.unshift(() => rmSync(socketDir, { recursive: true, force: true }));
    expect(socketDir.length).toBeLessThan(80);
    expect((await open(server.url).query("select 1 as n")).rows).toEqual([{ n: 1 }]);
    await server.stop();
    expect((await start(dataDir)).url).toBe(server.url);
  });
});

describe("the end of the postmaster", () => {
  test("kill -9 while writing: it comes back, and every acknowledged commit is there", async () => {
    const server = await start(folderWithCluster());
    const db = open(server.url);
    await db.query("create table written (n int primary key)");
    let lost = 0;
    server.onLost(() => lost++);
    const acknowledged: number[] = [];
    let next = 0;
    let writing = true;
    const writer = async (): Promise<void> => {
      while (writing) {
        const n = next++;
        await db.query("insert into written values ($1)", [n]).then(
          () => acknowledged.push(n),
          () => {},
        );
      }
    };
    const writers = [writer(), writer(), writer(), writer()];

    for (let round = 1; round <= 2; round++) {
      const before = acknowledged.length;
      await eventually(() => acknowledged.length > before + 200);
      const pid = server.pid;
      expect(await db.ping()).toBe(true);
      process.kill(pid, "SIGKILL");
      await eventually(async () => !(await db.ping()) || server.pid !== pid);
      await eventually(() => server.pid !== pid, 30_000);
      expect(lost).toBe(round);
    }
    const after = acknowledged.length;
    await eventually(() => acknowledged.length > after + 50);
    writing = false;
    await Promise.all(writers);

    const { rows } = await db.query<{ n: number }>("select n from written");
    const there = new Set(rows.map(({ n }) => n));
    expect(acknowledged.filter((n) => !there.has(n))).toEqual([]);
  });

  test("a single backend that is killed costs its own connection only", async () => {
    const server = await start(folderWithCluster());
    const db = open(server.url);
    const { rows } = await db.query<{ pid: number }>("select pg_backend_pid() as pid");
    process.kill(rows[0]?.pid ?? 0, "SIGKILL");
    await eventually(async () => (await db.query("select 1 as n")).rowCount === 1);
    expect(isAlive(server.pid)).toBe(true);
  });
});

describe("a stale lock file", () => {
  test("that names a living stranger of the same account is removed", async () => {
    const dataDir = folderWithCluster();
    const first = await start(dataDir);
    const account = statSync(join(dataDir, "cluster"));
    await first.stop();
    const stranger = spawn("sleep", ["60"], asRoot ? { uid: account.uid, gid: account.gid } : {});
    cleanUps.push(() => stranger.kill("SIGKILL"));
    const lock = join(dataDir, "cluster", "postmaster.pid");
    writeFileSync(lock, `${stranger.pid}\n${join(dataDir, "cluster")}\n1700000000\n5432\n${join(dataDir, "run")}\n\n  5432001 1\nready\n`);
    const second = await start(dataDir);
    expect(second.pid).not.toBe(stranger.pid);
    expect(isAlive(stranger.pid ?? 0)).toBe(true);
  });

  test("that names a dead process does not matter", async () => {
    const dataDir = folderWithCluster();
    const first = await start(dataDir);
    process.kill(first.pid, "SIGSTOP");
    process.kill(first.pid, "SIGCONT");
    await first.stop();
    const dead = spawnSync("true").pid;
    writeFileSync(
      join(dataDir, "cluster", "postmaster.pid"),
      `${dead}\n${join(dataDir, "cluster")}\n1700000000\n5432\n${join(dataDir, "run")}\n\n`,
    );
    expect(isAlive((await start(dataDir)).pid)).toBe(true);
  });
});

describe("several processes on one folder", () => {
  test("after the owner's kill -9 the server lives on; the successor adopts it and stops it when it leaves", async () => {
    const dataDir = folderWithCluster();
    const owner = await startOther(dataDir);
    const db = open(owner.url);
    await db.query("create table kept as select 7 as n");
    await end(owner, "SIGKILL");
    expect(isAlive(owner.pid)).toBe(true);

    const successor = await start(dataDir);
    expect(successor.adopted).toBe(true);
    expect(successor.pid).toBe(owner.pid);
    expect((await db.query("select n from kept")).rows).toEqual([{ n: 7 }]);
    await db.close();
    await successor.stop();
    expect(isAlive(owner.pid)).toBe(false);
  });

  test("who is not the owner leaves it running; an owner who leaves first passes it on", async () => {
    const dataDir = folderWithCluster();
    const owner = await startOther(dataDir);
    const guest = await start(dataDir);
    await guest.stop();
    expect(isAlive(owner.pid)).toBe(true);

    const last = await start(dataDir);
    await end(owner, "SIGTERM");
    expect(isAlive(owner.pid)).toBe(true);
    await last.stop();
    expect(isAlive(owner.pid)).toBe(false);
  });

  test("two that start at once on an empty folder share one server", async () => {
    const dataDir = newFolder();
    const [one, two] = await Promise.all([startOther(dataDir), startOther(dataDir)]);
    expect(one.pid).toBe(two.pid);
    expect(one.adopted).not.toBe(two.adopted);
    await end(one, "SIGTERM");
    await end(two, "SIGTERM");
    expect(isAlive(one.pid)).toBe(false);
  });

  test("when the postmaster dies, both go on with the one that is started anew", async () => {
    const dataDir = folderWithCluster();
    const other = await startOther(dataDir);
    const mine = await start(dataDir);
    process.kill(mine.pid, "SIGKILL");
    await eventually(() => mine.pid !== other.pid, 30_000);
    const db = open(mine.url);
    expect((await db.query("select 1 as n")).rowCount).toBe(1);
    await db.close();
    await end(other, "SIGTERM");
    await mine.stop();
    expect(isAlive(mine.pid)).toBe(false);
  });
});

describe.runIf(asRoot)("accounts", () => {
  test("a user id without a name makes and runs a database", async () => {
    const dataDir = newFolder();
    spawnSync("chown", ["61500:61500", dataDir]);
    const server = await startOther(dataDir, { uid: 61_500, gid: 61_500 });
    expect(statSync(`/proc/${server.pid}`).uid).toBe(61_500);
    const db = open(server.url);
    const { rows } = await db.query(
      "select count(*)::int as n, lower('ÄÖ') as low, to_tsvector('english', 'running')::text as stem from information_schema.tables",
    );
    expect(rows).toEqual([{ n: expect.any(Number), low: "äö", stem: "'run':1" }]);
    await db.query("create extension pg_trgm");
    await db.close();
    await end(server, "SIGTERM");
    expect(isAlive(server.pid)).toBe(false);
  });

  test("root passes through closed folders by the right to pass alone", async () => {
    const closed = newFolder();
    chmodSync(closed, 0o700);
    const log = recordingLog();
    const server = await startPostgres({ dataDir: folderWithCluster(join(closed, "postgres")), log });
    cleanUps.push(server.stop);
    expect(statSync(closed).mode & 0o777).toBe(0o701);
    expect(log.lines.filter(({ level }) => level === "warn").map(({ fields }) => fields["folder"])).toEqual([closed]);
  });
});

const canMount = asRoot && spawnSync("unshare", ["-m", "true"]).status === 0 && tryMount();
function tryMount(): boolean {
  const dir = mkdtempSync(join(tmpdir(), "roadbed-mount-"));
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", dir]).status === 0;
  if (mounted) spawnSync("umount", [dir]);
  rmSync(dir, { recursive: true, force: true });
  return mounted;
}

describe.runIf(canMount)("a full disk", () => {
  test("writes are refused with a mend, reads go on, and freed space is used at once", async () => {
    const disk = newFolder();
    expect(spawnSync("mount", ["-t", "tmpfs", "-o", "size=140m,mode=0755", "tmpfs", disk]).status).toBe(0);
    cleanUps.push(() => spawnSync("umount", ["-l", disk]));
    const server = await start(join(disk, "postgres"), { max_wal_size: "48MB", min_wal_size: "32MB" });
    const db = open(server.url);
    await db.query("create table filler (t text)");
    await db.query("insert into filler values ('kept')");
    const fill = (): Promise<unknown> => db.query("insert into filler select repeat(md5(i::text), 30) from generate_series(1, 200000) i");
    const error = await fill()
      .then(() => fill())
      .then(() => fill())
      .then(
        () => undefined,
        (refusal: unknown) => refusal,
      );
    expect(error).toBeInstanceOf(UnavailableError);
    expect(error).toMatchObject({ code: "UNAVAILABLE", mend: expect.stringContaining("Free space") });
    await eventually(async () => (await db.query("select 1 from filler where t = 'kept'")).rowCount === 1);
    expect(existsSync(join(disk, "postgres", "cluster", "PG_VERSION"))).toBe(true);
  });
});
