import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import type { ProvisionedResource, ResourceDetail } from "@roadbed/contracts/paths/resources";
import { openDatabase, type Database } from "@roadbed/postgres";
import { eventually, quietLog } from "@roadbed/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";

import { ORDERS, startResourceWorld, type ResourceWorld } from "../../../testing/resource-world.suite.ts";

let world: ResourceWorld;
let made: ResourceDetail;
let queue: Database;
const open = (vars: Record<string, string>): Database => openDatabase({ url: vars["QUEUE_URL"]!, log: quietLog, max: 6, patienceMs: 0 });

beforeAll(async () => {
  world = await startResourceWorld();
  await saveClass({ messages: 5, visibilitySeconds: 2, attempts: 2 });
  made = await world.settled((await world.request({ type: "queue", class: "tiny", name: "orders-jobs", consumer: ORDERS })).id);
  expect(made.error).toBeUndefined();
  queue = open(await world.credentials(made.id));
}, 120_000);
afterAll(async () => {
  await queue?.close();
  await world.close();
});

async function saveClass(inputs: object): Promise<void> {
  const spec = { type: "queue", class: "tiny", modules: [{ environments: ["*"], provisioner: "embedded-queue", inputs }] };
  const yaml = stringify({ apiVersion: "roadbed.dev/v1", kind: "ResourceClass", metadata: { name: "queue-tiny", title: "Tiny" }, spec });
  await world.call("paths.resource-class.save", { folder: [{ path: "class.yaml", base64: Buffer.from(yaml).toString("base64") }] });
}

interface Message extends Record<string, unknown> {
  readonly id: string;
  readonly receipt: string;
  readonly body: unknown;
  readonly attempts: number;
}
const send = async (body: unknown, delay = 0, key: string | null = null): Promise<string> =>
  (await queue.query<{ id: string }>("select queue.send($1, $2, $3)::text as id", [JSON.stringify(body), delay, key])).rows[0]!.id;
const receive = async (most = 1): Promise<readonly Message[]> =>
  (await queue.query<Message>("select * from queue.receive($1)", [most])).rows;
const ack = async ({ id, receipt }: Message): Promise<unknown> =>
  (await queue.query("select queue.ack($1, $2) as done", [id, receipt])).rows[0]?.["done"];
const visible = async ({ id, receipt }: Message, seconds: number): Promise<unknown> =>
  (await queue.query("select queue.visibility($1, $2, $3) as done", [id, receipt, seconds])).rows[0]?.["done"];
const stats = async (): Promise<object> =>
  (await queue.query("select waiting::int, delayed::int, in_work::int, dead::int from queue.stats()")).rows[0]!;

test("a queue is made and given to its consumer", async () => {
  expect(made).toMatchObject({
    state: "ready",
    seen: "present",
    seenWords: "0 waiting, 0 in work, 0 set aside",
    drift: [],
    variables: ["QUEUE_URL"],
    facts: { database: "orders_jobs__dev", messages: 0 },
  });
  expect(Object.keys(await world.call<object>("variablesFor", { entityRef: ORDERS, environment: "dev" }))).toEqual(["QUEUE_URL"]);
});

describe("a message", () => {
  test("is received by one at a time, and is gone when that acknowledges it", async () => {
    await send({ order: 1 });
    await send({ order: 2 });
    const [one] = await receive();
    expect(one).toMatchObject({ body: { order: 1 }, attempts: 1 });
    const [two] = await receive();
    expect(two).toMatchObject({ body: { order: 2 } });
    expect(await receive()).toEqual([]);
    expect(await stats()).toEqual({ waiting: 0, delayed: 0, in_work: 2, dead: 0 });
    expect(await ack({ ...one!, receipt: two!.receipt })).toBe(false);
    expect([await ack(one!), await ack(one!), await ack(two!)]).toEqual([true, false, true]);
    expect(await stats()).toEqual({ waiting: 0, delayed: 0, in_work: 0, dead: 0 });
  });

  test("that nobody acknowledged comes again, then is set aside, and can be brought back", async () => {
    const id = await send("twice");
    const [first] = await receive();
    expect(await visible(first!, 0)).toBe(true);
    const [second] = await receive();
    expect(second).toMatchObject({ id, attempts: 2 });
    // Who had it before has it no more.
    expect([await ack(first!), await visible(first!, 30)]).toEqual([false, false]);
    await visible(second!, 0);
    expect(await receive()).toEqual([]);
    expect(await stats()).toMatchObject({ waiting: 0, dead: 1 });
    expect((await world.call<ProvisionedResource>("paths.resource.check", { resource: made.id })).seenWords).toBe(
      "0 waiting, 0 in work, 1 set aside",
    );
    await queue.query("select queue.redrive()");
    const [third] = await receive();
    expect(third).toMatchObject({ id, attempts: 1 });
    expect(await ack(third!)).toBe(true);
  });

  test("may wait before it is seen, and is not sent twice under one key", async () => {
    const id = await send("later", 3_600);
    expect(await receive()).toEqual([]);
    expect(await stats()).toMatchObject({ delayed: 1 });
    expect([await send("once", 0, "order-7"), await send("again", 0, "order-7")].every((one, _n, all) => one === all[0])).toBe(true);
    const [once] = await receive(100);
    expect(once).toMatchObject({ body: "once" });
    await ack(once!);
    await expect(ack({ id, receipt: "00000000-0000-0000-0000-000000000000" } as Message)).resolves.toBe(false);
  });

  test("goes to one of many who ask at once", async () => {
    for (let n = 0; n < 4; n++) await send(n);
    const got = (await Promise.all(Array.from({ length: 6 }, () => receive()))).flat();
    expect(got.map(({ body }) => Number(body)).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3]);
    await expect(send("one too many")).rejects.toThrow(/The queue is full: 5 messages/);
    for (const one of got) await ack(one);
    await expect(send("x".repeat(300_000))).rejects.toThrow(/larger than 256 kB/);
    expect(await send("there is room again")).toMatch(/^\d+$/);
  });
});

test("its role calls the functions, and does nothing else", async () => {
  for (const sql of [
    "select * from queue.message",
    "delete from queue.message",
    "update queue.rules set most_messages = 1e9",
    "select queue.count_up(-5)",
    "create table queue.mine (n int)",
    "create temp table mine (n int)",
    "create schema mine",
    "drop function queue.stats()",
    "create role more superuser",
  ]) {
    await expect(queue.query(sql), sql).rejects.toThrow(/permission denied|must be owner/i);
  }
});

test("it becomes one of other rules with what is in it; it goes wholly, not while it is used", async () => {
  await saveClass({ messages: 50, visibilitySeconds: 30, attempts: 3 });
  await world.call("paths.resource.change", { resource: made.id, class: "tiny" });
  expect(await world.settled(made.id)).toMatchObject({ state: "ready", drift: [] });
  const [kept] = await receive();
  expect(kept).toMatchObject({ body: "there is room again" });
  await world.call("paths.resource.change", { resource: made.id, class: "small" });
  expect(await world.settled(made.id)).toMatchObject({ state: "ready", class: "small", drift: [] });
  const destroy = (despite: boolean) => world.call("paths.resource.destroy", { resource: made.id, name: "orders-jobs", despite });
  await expect(destroy(false)).rejects.toMatchObject({ code: "CONFLICT" });
  await destroy(true);
  expect(await world.settled(made.id)).toMatchObject({ state: "destroyed", variables: [] });
  await expect(receive()).rejects.toThrow();
});

test("the server for made databases is killed in the middle of making one: it is made once that is back, once", async () => {
  const home = join(world.dataDir, "resources/databases");
  const note = join(home, "socket-dir");
  const socket = existsSync(note) ? readFileSync(note, "utf8").trim() : join(home, "run");
  const port = readFileSync(join(home, "port"), "utf8").trim();
  const admin = openDatabase({
    url: `postgresql://postgres@localhost:${port}/roadbed?host=${encodeURIComponent(socket)}`,
    log: quietLog,
    max: 1,
  });
  // Whoever makes a role waits for this lock.
  await admin.query("select pg_advisory_lock(7623041)");
  const { id } = await world.request({ type: "queue", name: "survivor" });
  await eventually(async () => {
    const { rowCount } = await admin.query("select 1 from pg_locks where locktype = 'advisory' and not granted");
    expect(rowCount).toBe(1);
  }, 30_000);
  process.kill(Number(readFileSync(join(home, "cluster/postmaster.pid"), "utf8").split("\n")[0]), "SIGKILL");
  await admin.close().catch(() => {});
  const made = await world.settled(id);
  expect([made.state, made.error, made.drift]).toEqual(["ready", undefined, []]);
  expect(made.history.filter(({ words }) => words === "The queue survivor__dev was made.")).toHaveLength(1);
  const own = open(await world.credentials(id));
  expect((await own.query("select queue.send('1') is not null as sent")).rows).toEqual([{ sent: true }]);
  await own.close();
}, 120_000);
