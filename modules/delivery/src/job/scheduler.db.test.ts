/** Schedules over a real table and real processes: what is skipped, replaced, too late, missed or lost is said. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Execution } from "@roadbed/contracts/delivery/executions";
import { createTestDatabase, eventually, quietLog, type TestDatabase } from "@roadbed/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";

import { migrations } from "../index.ts";
import type { Observation, WorkloadSpec } from "../runtime/local-runtime.ts";
import { openLogFile, type LogFile } from "../runtime/log-file.ts";
import { openLedger } from "../runtime/process-ledger.ts";
import { parseManifest } from "../workload/manifest.ts";
import { insertExecution, listExecutionRecords, readFollowed, writeFollowed } from "./execution-store.ts";
import { createScheduler, type Scheduler } from "./scheduler.ts";

let database: TestDatabase;
let dir: string;
let log: LogFile;
const running = new Map<string, WorkloadSpec>();
const seen = new Map<string, Observation>();
let scheduler: Scheduler;

beforeAll(async () => {
  database = await createTestDatabase([migrations]);
  dir = await mkdtemp(join(tmpdir(), "scheduler-"));
  log = await openLogFile({ dir: join(dir, "log") });
  scheduler = make();
});
afterAll(async () => {
  await scheduler.endAll();
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});

test("what was due while nothing ran it is one line that says how often, and is not made up for", async () => {
  await add("report", "cron: '0 * * * *'", "process.exit(0)", hoursAgo(5));
  const [said] = await timesOf("report", 1);
  expect(said).toMatchObject({ status: "missed", missed: expect.toSatisfy((n: number) => n === 4 || n === 5 || n === 6) });
  expect(said?.detail).toMatch(/^\d times were missed because nothing ran it; it was not made up for\.$/);
  expect(new Date((await readFollowed(database.db, refOf("report"), "dev"))?.until ?? 0).getTime()).toBeGreaterThan(Date.now() - 3_700_000);
});

test("or is made up for once, where the schedule says so; another schedule has missed nothing", async () => {
  await add("billing", "cron: '0 * * * *'\n  catchUp: true", "console.log('billed')", hoursAgo(3));
  const times = await timesOf("billing", 2);
  expect(times.map(({ trigger, status }) => `${trigger} ${status}`)).toEqual(["catch-up succeeded", "schedule missed"]);
  await add("fresh", "cron: '30 * * * *'", "process.exit(0)", hoursAgo(50), "0 0 * * *");
  expect(await listOf("fresh")).toEqual([]);
});

test("while one still runs, the next is skipped, or takes its place", async () => {
  await add("slow", "cron: '0 0 1 1 *'", "setTimeout(() => {}, 60_000)");
  await begin("slow");
  await begin("slow");
  expect((await timesOf("slow", 2)).map(({ status }) => status)).toEqual(["skipped", "running"]);
  await add("eager", "cron: '0 0 1 1 *'\n  concurrency: replace", "setTimeout(() => {}, 60_000)");
  await begin("eager");
  await begin("eager");
  const times = await eventually(async () => (await listOf("eager")).at(-1)?.status === "replaced" && listOf("eager"));
  expect((times as Execution[]).map(({ status }) => status)).toEqual(["running", "replaced"]);
});

test("one that takes too long is ended, one that fails says why, and the job is unhealthy by that", async () => {
  await add("late", "cron: '0 0 1 1 *'\n  deadlineSeconds: 1", "setTimeout(() => {}, 60_000)");
  await begin("late");
  expect(await ended("late")).toMatchObject({ status: "timed-out", detail: "It took longer than 1 s and was ended." });
  await add("broken", "cron: '0 0 1 1 *'", "console.error('no disk'); process.exit(3)");
  await begin("broken");
  expect(await ended("broken")).toMatchObject({ status: "failed", exitCode: 3, detail: "It ended with exit code 3.\nno disk" });
  await eventually(() => expect(seen.get("broken")).toMatchObject({ health: "unhealthy" }));
});

test("what a stop ends is said, and nothing is missed while it is stopped", async () => {
  running.delete("slow");
  scheduler.follow(keyOf("slow"));
  expect(await ended("slow", "running")).toMatchObject({ status: "stopped" });
  await eventually(async () => expect(await readFollowed(database.db, refOf("slow"), "dev")).toBeUndefined());
});

test("what a server that is gone has left running is lost", async () => {
  await insertExecution(database.db, {
    id: "exe_0",
    entityRef: refOf("gone"),
    environment: "dev",
    trigger: "hand",
    status: "running",
    dueAt: new Date(),
  });
  await make().mournLost();
  expect(await listOf("gone")).toMatchObject([{ status: "lost", detail: "Roadbed stopped while it ran." }]);
});

test("a time of a schedule is there once, whatever is done twice", async () => {
  const time = { entityRef: refOf("twice"), environment: "dev", trigger: "schedule", status: "running", dueAt: new Date(60_000) } as const;
  expect(await insertExecution(database.db, { ...time, id: "exe_1" })).toBe(true);
  expect(await insertExecution(database.db, { ...time, id: "exe_2" })).toBe(false);
});

function make(): Scheduler {
  return createScheduler({
    log: quietLog,
    db: database.db,
    runtime: database.runtime,
    ledger: openLedger(join(dir, "ledger"), quietLog),
    graceMs: 500,
    running: ({ name }) => running.get(name),
    logOf: async () => log,
    homeOf: ({ name }) => join(dir, name),
    environmentOf: async () => ({ env: { PATH: process.env["PATH"] ?? "" }, secrets: [] }),
    see: ({ name }, observation) => void seen.set(name, observation),
  });
}

async function add(name: string, schedule: string, script: string, followed?: Date, before?: string): Promise<void> {
  const manifest = parseManifest(`kind: job\nstart: [${process.execPath}, -e, ${JSON.stringify(script)}]\nschedule:\n  ${schedule}\n`);
  await database.db.query(
    `insert into delivery.workload (entity_ref, environment, name, kind, desired, health) values ($1, 'dev', $2, 'job', 'running', 'healthy')`,
    [refOf(name), name],
  );
  const cron = before ?? manifest.schedule!.cron;
  if (followed) await writeFollowed(database.db, refOf(name), "dev", { cron, timeZone: "UTC", until: followed.toISOString() });
  running.set(name, { key: keyOf(name), commit: "c".repeat(40), deploymentId: "dep_1", manifest, dir });
  scheduler.follow(keyOf(name));
  await eventually(async () => (await readFollowed(database.db, refOf(name), "dev")) !== undefined);
}

async function begin(name: string): Promise<void> {
  const id = `exe_${String(Date.now()).padStart(16, "0")}${++count}`;
  await insertExecution(database.db, {
    id,
    entityRef: refOf(name),
    environment: "dev",
    trigger: "hand",
    status: "queued",
    dueAt: new Date(),
  });
  await scheduler.begin(id);
}
let count = 0;

/** The newest once it has ended. */
function ended(name: string, was?: string): Promise<Execution> {
  return eventually(async () => {
    const found = (await listOf(name)).find(({ status }) => was === undefined || status !== "skipped");
    return found?.endedAt !== undefined && found;
  }) as Promise<Execution>;
}

function timesOf(name: string, many: number): Promise<Execution[]> {
  return eventually(async () => {
    const found = await listOf(name);
    return (
      found.length === many &&
      found.every(({ status }) => status !== "queued") &&
      (name !== "billing" || found.every(({ endedAt }) => endedAt)) &&
      found
    );
  }) as Promise<Execution[]>;
}

function listOf(name: string): Promise<Execution[]> {
  return listExecutionRecords(database.db, { entityRef: refOf(name), limit: 10, hidden: [] });
}

function refOf(name: string): string {
  return `component:default/${name}`;
}

function keyOf(name: string): { entityRef: string; environment: string; name: string } {
  return { entityRef: refOf(name), environment: "dev", name };
}

function hoursAgo(hours: number): Date {
  return new Date(Date.now() - hours * 3_600_000);
}
