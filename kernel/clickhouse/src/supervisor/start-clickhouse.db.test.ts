import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { UnavailableError } from "@roadbed/core";
import { afterEach, expect, test } from "vitest";

import { openClickHouse } from "../client/open-clickhouse.ts";
import { quiet } from "../fixtures/start-test-engine.ts";
import { migrateClickHouse } from "../migrations/migrate-clickhouse.ts";
import { startClickHouse } from "./start-clickhouse.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function scratch(): string {
  const dir = mkdtempSync(join(tmpdir(), "roadbed-clickhouse-"));
  cleanups.push(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

async function start(dataDir: string) {
  const server = await startClickHouse({ dataDir, log: quiet });
  cleanups.push(() => server.stop());
  const ch = openClickHouse({ url: server.url, password: server.password, database: "test", log: quiet });
  cleanups.push(() => ch.close());
  await ch.createDatabase();
  return { server, ch };
}

/** Waits until the engine works on the statement that sleeps, however long a busy machine takes to get there. */
async function underWay(ch: ReturnType<typeof openClickHouse>): Promise<void> {
  const sleeping = "select count() as n from system.processes where query like '%sleepEachRow%' and query not like '%system.processes%'";
  await expect.poll(async () => Number((await ch.query<{ n: number }>(sleeping))[0]?.n)).toBe(1);
}

test("kill -9 during inserts: nothing acknowledged is lost, nothing is partial, nothing is there twice", async () => {
  const { server, ch } = await start(scratch());
  const deduplicating = "settings non_replicated_deduplication_window = 1000";
  await ch.command(`create table row (block UInt32, n UInt32) engine = MergeTree order by block ${deduplicating}`);
  await ch.command(`create table counted (block UInt32, rows UInt64) engine = SummingMergeTree order by block ${deduplicating}`);
  await ch.command("create materialized view counting to counted as select block, count() as rows from row group by block");

  const rows = 2_000;
  let acknowledged = 0;
  let over = false;
  let block = 0;
  const write = async () => {
    while (!over) {
      const mine = block++;
      const body = new Uint32Array(rows * 2).map((_, i) => (i % 2 === 0 ? mine : i));
      await ch.insertBlock("row", ["block", "n"], new Uint8Array(body.buffer), { token: `block-${mine}`, rows });
      acknowledged++;
    }
  };
  const writers = [write(), write(), write(), write()];
  for (let i = 0; i < 4; i++) {
    const before = acknowledged;
    await expect.poll(() => acknowledged, { timeout: 15_000 }).toBeGreaterThan(before + 10);
    await delay(Math.random() * 50);
    process.kill(server.pid() ?? 0, "SIGKILL");
    await expect.poll(async () => (await server.health()).restarts, { timeout: 15_000 }).toBe(i + 1);
  }
  over = true;
  await Promise.all(writers);

  const [stored] = await ch.query(
    "select count() as n, uniqExact(block) as blocks, countIf(c != 2000) as torn from (select block, count() as c from row group by block) array join range(c)",
  );
  expect(stored).toEqual({ n: acknowledged * rows, blocks: acknowledged, torn: 0 });
  const [view] = await ch.query("select sum(rows) as n, uniqExact(block) as blocks from counted");
  expect(view).toEqual({ n: acknowledged * rows, blocks: acknowledged });
  expect(await server.health()).toMatchObject({ ok: true, state: "ready", restarts: 4 });
});

test("health says what is: starting, ready, gone, silent", async () => {
  const { server, ch } = await start(scratch());
  await expect.poll(() => server.health()).toEqual({ ok: true, state: "ready", restarts: 0 });
  process.kill(server.pid() ?? 0, "SIGSTOP");
  expect(await server.health()).toMatchObject({ ok: false, detail: expect.stringContaining("timeout") });
  process.kill(server.pid() ?? 0, "SIGKILL");
  await expect.poll(() => server.health()).toMatchObject({ ok: false, state: "restarting", detail: expect.stringContaining("SIGKILL") });
  await expect.poll(() => server.health(), { timeout: 10_000 }).toEqual({ ok: true, state: "ready", restarts: 1 });
  expect(await ch.ping()).toBe(true);
  await server.stop();
  expect(await server.health()).toMatchObject({ ok: false, state: "stopped" });
});

test("a read that was under way when the child died is asked again", async () => {
  const { server, ch } = await start(scratch());
  const slow = ch.query("select sum(sleepEachRow(0.1)) as s from numbers(10) settings max_block_size = 1");
  await underWay(ch);
  process.kill(server.pid() ?? 0, "SIGKILL");
  expect(await slow).toEqual([{ s: 0 }]);
});

test("stopping lets running statements end, and does not wait for idle connections", async () => {
  const { server, ch } = await start(scratch());
  expect(await ch.ping()).toBe(true);
  const running = ch.query("select sum(sleepEachRow(0.1)) as s from numbers(10) settings max_block_size = 1");
  await underWay(ch);
  const stopped = server.stop();
  expect(await running).toEqual([{ s: 0 }]);
  const forced = delay(7_500, "the child was forced", { ref: false });
  expect(await Promise.race([stopped, forced])).toBeUndefined();
});

test("what was spooled before is deleted, and data is there after a clean stop", async () => {
  const dataDir = scratch();
  mkdirSync(join(dataDir, "spool"), { recursive: true });
  writeFileSync(join(dataDir, "spool", "7.gz"), "left over");
  const first = await start(dataDir);
  expect(await first.ch.ping()).toBe(true);
  expect(readdirSync(join(dataDir, "spool"))).toEqual([]);
  await first.ch.command("create table kept (a UInt8) engine = MergeTree order by a");
  await first.ch.insertRows("kept", [{ a: 1 }]);
  await first.server.stop();
  expect(existsSync(join(dataDir, "child.json"))).toBe(false);
  const second = await start(dataDir);
  expect(await second.ch.query("select a from kept")).toEqual([{ a: 1 }]);
});

/** A server process of its own, which tells its child's pid and then waits to be killed. */
async function startElsewhere(dataDir: string): Promise<{ parent: number; child: number }> {
  const module = fileURLToPath(new URL("./start-clickhouse.ts", import.meta.url));
  const code = `
    const { startClickHouse } = await import(${JSON.stringify(module)});
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    const server = await startClickHouse({ dataDir: ${JSON.stringify(dataDir)}, log });
    while (!(await server.health()).ok) await new Promise((done) => setTimeout(done, 20));
    console.log(server.pid());`;
  const parent = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  cleanups.push(() => parent.kill("SIGKILL"));
  const [text] = (await once(parent.stdout, "data")) as [Buffer];
  return { parent: parent.pid ?? 0, child: Number(text.toString()) };
}

const lives = (pid: number) => existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));

test("the child ends by itself when its server was killed", async () => {
  const { parent, child } = await startElsewhere(scratch());
  process.kill(parent, "SIGKILL");
  await expect.poll(() => lives(child), { timeout: 10_000 }).toBe(false);
});

test("a second server is refused while the first lives; one that was left behind is ended", async () => {
  const dataDir = scratch();
  const { parent, child } = await startElsewhere(dataDir);
  await expect(startClickHouse({ dataDir, log: quiet })).rejects.toThrow(UnavailableError);
  expect(lives(child)).toBe(true);
  process.kill(child, "SIGSTOP");
  process.kill(parent, "SIGKILL");
  await expect.poll(() => lives(parent)).toBe(false);
  const { ch } = await start(dataDir);
  expect(lives(child)).toBe(false);
  expect(await ch.ping()).toBe(true);
});

test("a record that names somebody else's process ends nobody", async () => {
  const dataDir = scratch();
  const stranger = spawn("sleep", ["60"]);
  cleanups.push(() => stranger.kill());
  writeFileSync(join(dataDir, "child.json"), JSON.stringify({ pid: stranger.pid, born: "12", parent: 1 }));
  const { ch } = await start(dataDir);
  expect(await ch.ping()).toBe(true);
  expect(lives(stranger.pid ?? 0)).toBe(true);
});

test("migrations run once, in order, and one that was changed afterwards is refused", async () => {
  const { ch } = await start(scratch());
  const dir = scratch();
  const put = (name: string, sql: string) => writeFileSync(join(dir, name), sql);
  const run = () => migrateClickHouse(ch, [{ module: "demo", dir: new URL(`file://${dir}/`) }]);
  put(
    "0001-first.sql",
    "create table if not exists log{{local}} {{on_cluster}} (n UInt8) engine = {{r}}MergeTree order by n;\n-- distributed: log by n\n",
  );
  put("0002-second.sql", "insert into log select 1; -- ;\n");
  await run();
  await run();
  put("0003-third.sql", "insert into log select 3;");
  await run();
  expect(await ch.query("select groupArray(n) as n from (select n from log order by n)")).toEqual([{ n: [1, 3] }]);
  put("0002-second.sql", "insert into log select 2;");
  await expect(run()).rejects.toThrow("demo/0002-second.sql was changed");
});
