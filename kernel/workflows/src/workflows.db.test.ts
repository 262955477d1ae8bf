import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";

import { createTestDatabase, eventually, type TestDatabase } from "@roadbed/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { WORKFLOW_TABLES } from "./testing/index.ts";
import type { WorkflowStatus, WorkflowStep } from "./workflows.ts";

interface Executor {
  readonly child: ChildProcess;
  readonly launchedMs: number;
  call<T = unknown>(op: string, ...args: unknown[]): Promise<T>;
}

let database: TestDatabase;
let executors: Executor[] = [];

beforeEach(async () => {
  database = await createTestDatabase([], { prepare: WORKFLOW_TABLES });
  await makeNotes();
});
async function makeNotes(): Promise<void> {
  await database.db.query(`
    create table run (n serial, workflow text, step text, pid int, at timestamptz default now());
    create table effect (n serial, key text unique, workflow text, step text, pid int)`);
}
afterEach(async () => {
  await Promise.all(executors.map(({ child }) => kill(child)));
  executors = [];
  await database.drop();
});

describe("a run", () => {
  test("records its steps, answers its output and starts once per id", async () => {
    const one = await execute();
    await Promise.all([1, 2, 3].map(() => one.call("start", "five", 0, { id: "w1" })));
    const status = await ended(one, "w1");
    expect(status).toMatchObject({ state: "succeeded", output: "done", name: "five", input: 0, attempts: 1 });
    const steps = await one.call<WorkflowStep[]>("steps", "w1");
    expect(steps.map(({ name, error }) => [name, error])).toEqual(["a", "b", "c", "d", "e"].map((name) => [name, undefined]));
    expect(await count("run")).toBe(5);
    await expect(one.call("start", "nap", 0, { id: "w1" })).rejects.toMatchObject({ code: "CONFLICT" });
    expect(await one.call("get", "unknown")).toBeUndefined();
  });

  test("is unique by its dedupe key while it has not ended", async () => {
    const one = await execute();
    await one.call("start", "five", 200, { id: "w1", dedupe: "orders" });
    await expect(one.call("start", "five", 0, { id: "w2", dedupe: "orders" })).rejects.toMatchObject({ code: "CONFLICT" });
    await ended(one, "w1");
    await one.call("start", "five", 0, { id: "w3", dedupe: "orders" });
    await ended(one, "w3");
  });

  test("waits on its queue for a place", async () => {
    const one = await execute();
    await Promise.all([1, 2, 3, 4, 5, 6].map((n) => one.call("start", "narrow", 200, { id: `n${n}` })));
    const busiest: number[] = [];
    await eventually(async () => {
      const running = await one.call<WorkflowStatus[]>("list", { name: "narrow", state: "running" });
      busiest.push(running.length);
      return (await count("effect")) === 6;
    });
    expect(Math.max(...busiest)).toBe(2);
    expect(await one.call<unknown[]>("list", { idPrefix: "n", limit: 4 })).toHaveLength(4);
  });

  test("tries a failing step again, but not one that cannot be mended so", async () => {
    const one = await execute();
    await one.call("start", "flaky", 2, { id: "mends" });
    await one.call("start", "flaky", 9, { id: "fails" });
    await one.call("start", "denied", "mended", { id: "denied" });
    expect(await ended(one, "mends")).toMatchObject({ state: "succeeded", output: 3 });
    expect(await ended(one, "fails")).toMatchObject({ state: "failed", error: { message: "attempt 3 failed" } });
    expect(await ended(one, "denied")).toMatchObject({
      state: "failed",
      error: { code: "DENIED", message: "denied at attempt 1", problems: [{ at: "owner", reason: "is missing" }] },
    });
  });

  test("retried after failing keeps what was done and goes on", async () => {
    const one = await execute();
    await one.call("start", "denied", "mended", { id: "w1" });
    await ended(one, "w1");
    await database.db.query("insert into effect (key) values ('mended')");
    await one.call("retry", "w1");
    expect(await ended(one, "w1")).toMatchObject({ state: "succeeded", output: "passed" });
    const { rows } = await database.db.query("select step from run order by n");
    expect(rows.map(({ step }) => step)).toEqual(["before", "gate", "gate", "after"]);
    await expect(one.call("retry", "w1")).rejects.toMatchObject({ code: "CONFLICT" });
    await expect(one.call("retry", "unknown")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("cancelled stops, tells the running step, and goes on when retried", async () => {
    const one = await execute();
    await one.call("start", "cancellable", null, { id: "long" });
    await one.call("start", "five", 400, { id: "w1" });
    await eventually(async () => (await count("run")) >= 2);
    await one.call("cancel", "long");
    await one.call("cancel", "w1");
    expect(await ended(one, "w1")).toMatchObject({ state: "cancelled" });
    await quiet(700);
    const effects = await count("effect");
    expect(effects).toBeLessThan(5);
    await one.call("retry", "w1");
    expect(await ended(one, "w1")).toMatchObject({ state: "succeeded" });
    expect(await count("effect")).toBe(5);
    expect(await ended(one, "long")).toMatchObject({ state: "cancelled" });
  });

  test("may start another one from a step", async () => {
    const one = await execute();
    await one.call("start", "parent", null, { id: "p" });
    await ended(one, "p");
    await ended(one, "child of p:0");
    expect(await count("effect")).toBe(5);
  });

  test("whose ownership was taken writes nothing more", async () => {
    const one = await execute();
    await one.call("start", "fenced", null, { id: "w1" });
    await quiet(1_000);
    expect(await count("effect")).toBe(0);
    expect(await one.call("steps", "w1")).toEqual([]);
  });
});

describe("a crash", () => {
  test("of the only process: the next one goes on, each effect once", async () => {
    const first = await execute();
    await Promise.all(ids(20).map((id) => first.call("start", "five", 60, { id })));
    await eventually(async () => (await count("effect")) > 15);
    await kill(first.child);
    const before = await count("effect");
    expect(before).toBeLessThan(100);
    const second = await execute();
    await Promise.all(ids(20).map((id) => ended(second, id)));
    await expectEachEffectOnce(20);
    const { rows } = await database.db.query("select workflow, step from run group by 1, 2 having count(*) > 2");
    expect(rows).toEqual([]);
  });

  test("of one of two: the living one recovers the dead one's work by itself", async () => {
    const one = await execute(2_000);
    await Promise.all(ids(30).map((id) => one.call("start", "five", 150, { id })));
    await eventually(async () => (await runsOf(one)) > 0);
    const two = await execute(2_000);
    await eventually(async () => (await count("effect")) > 20);
    await kill(one.child);
    await Promise.all(ids(30).map((id) => ended(two, id)));
    await expectEachEffectOnce(30);
  });

  test("errors are the same after a restart as before", async () => {
    const first = await execute();
    await first.call("start", "caught", null, { id: "w1" });
    await eventually(async () => (await count("run")) === 1);
    await kill(first.child);
    const second = await execute();
    const told = "DENIED dec_1 x";
    expect((await ended(second, "w1")).output).toEqual([told, told]);
  });

  test("loses no signal, and delivers the same key once", async () => {
    const first = await execute();
    await first.call("start", "approval", 60_000, { id: "w1" });
    await eventually(async () => (await count("effect")) === 1);
    await kill(first.child);
    const second = await execute();
    await second.call("signal", "w1", "approve", "by ada", "k1");
    await second.call("signal", "w1", "approve", "by ada", "k1");
    expect(await ended(second, "w1")).toMatchObject({ state: "succeeded", output: "by ada" });
    await expect(second.call("signal", "unknown", "approve", "x", "k2")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("does not lengthen a sleep", async () => {
    const first = await execute();
    await first.call("start", "nap", 3_000, { id: "w1" });
    await eventually(async () => (await count("effect")) === 1);
    await quiet(500);
    await kill(first.child);
    const second = await execute();
    const slept = (await ended(second, "w1")).output as number;
    expect(slept).toBeGreaterThanOrEqual(2_990);
    expect(slept).toBeLessThan(6_000);
  });

  test("a wait that nobody answers ends by itself", async () => {
    const one = await execute();
    await one.call("start", "approval", 300, { id: "w1" });
    expect(await ended(one, "w1")).toMatchObject({ state: "succeeded", output: null });
  });

  test("between old code and new: runs from before skip the new step, later ones have it", async () => {
    const old = await execute(10_000, "old");
    await old.call("start", "patched", 400, { id: "before" });
    await eventually(async () => (await runs("before")).includes("c"));
    await kill(old.child);
    const young = await execute(10_000, "new");
    await young.call("start", "patched", 0, { id: "after" });
    await Promise.all([ended(young, "before"), ended(young, "after")]);
    expect(await effects("before")).toEqual(["a", "b", "c"]);
    expect(await effects("after")).toEqual(["a", "x", "b", "c"]);
  });
});

describe("the lease", () => {
  test("lost, ends the process with 75, and another goes on", async () => {
    const one = await execute(2_000);
    await Promise.all(ids(10).map((id) => one.call("start", "five", 200, { id })));
    await eventually(async () => (await runsOf(one)) > 0);
    const two = await execute(2_000);
    const exit = once(one.child, "exit");
    await database.db.query(`
      select pg_terminate_backend(l.pid) from pg_locks l join pg_stat_activity a using (pid)
      where l.locktype = 'advisory' and l.objid = 0 and a.datname = current_database()`);
    expect(await exit).toEqual([75, null]);
    await Promise.all(ids(10).map((id) => ended(two, id)));
    await expectEachEffectOnce(10);
  });

  test("of a paused process passes on, and the process ends when it wakes", async () => {
    const one = await execute(5_000);
    await one.call("start", "five", 300, { id: "w0" });
    await one.call("start", "five", 300, { id: "w1" });
    await one.call("start", "five", 300, { id: "w2" });
    await eventually(async () => (await runsOf(one)) === 3);
    const exit = once(one.child, "exit");
    // Before the other starts: on a slow machine its start takes longer than the runs, and there would be nothing left to take over.
    one.child.kill("SIGSTOP");
    const two = await execute(5_000);
    await Promise.all(ids(3).map((id) => ended(two, id)));
    one.child.kill("SIGCONT");
    expect(await exit).toEqual([75, null]);
    await expectEachEffectOnce(3);
  });
});

test("processes that start together on a new database all start", async () => {
  await database.drop();
  database = await createTestDatabase();
  await makeNotes();
  const started = await Promise.all([execute(), execute(), execute()]);
  await Promise.all(started.map((one, n) => one.call("start", "five", 0, { id: `w${n}` })));
  for (const n of started.keys()) expect(await ended(started[0]!, `w${n}`)).toMatchObject({ state: "succeeded" });
});

test("a schedule fires once per time in all processes together", async () => {
  const [one, two] = [await execute(), await execute()];
  await one.call("schedule");
  await two.call("schedule");
  await eventually(async () => (await count("effect")) >= 4);
  await kill(one.child);
  const before = await count("effect");
  await eventually(async () => (await count("effect")) >= before + 2);
  const { rows } = await database.db.query<{ key: string }>("select key from effect order by key");
  const seconds = rows.map(({ key }) => Date.parse(key) / 1_000);
  expect(new Set(seconds).size).toBe(seconds.length);
});

test("draining lets a step end, begins no other, and the next process goes on without a repeat", async () => {
  const first = await execute();
  await first.call("start", "five", 400, { id: "w1" });
  await eventually(async () => (await count("run")) === 2);
  await first.call("drain", 5_000);
  expect(await count("run")).toBe(2);
  expect(await count("effect")).toBe(2);
  const second = await execute();
  expect(await ended(second, "w1")).toMatchObject({ state: "succeeded" });
  expect(await count("run")).toBe(5);
});

async function execute(ttlMs = 10_000, generation = "old"): Promise<Executor> {
  const child = fork(new URL("fixtures/executor.ts", import.meta.url), [database.url, String(ttlMs), generation], {
    execArgv: ["--disable-warning=ExperimentalWarning"],
    serialization: "advanced",
  });
  const pending = new Map<number, { resolve: (value: never) => void; reject: (error: unknown) => void }>();
  let n = 0;
  child.on("message", (message: { n: number; value?: unknown; error?: { message: string } }) => {
    const waiter = pending.get(message.n);
    if (message.error) waiter?.reject(Object.assign(new Error(message.error.message), message.error));
    else waiter?.resolve(message.value as never);
  });
  const [first] = (await Promise.race([
    once(child, "message"),
    once(child, "exit").then(([code]) => Promise.reject(new Error(`exit ${code}`))),
  ])) as [{ launchedMs: number }];
  const executor: Executor = {
    child,
    launchedMs: first.launchedMs,
    call: (op, ...args) =>
      new Promise((resolve, reject) => {
        pending.set(++n, { resolve: resolve as never, reject });
        child.send({ n, op, args });
      }),
  };
  executors.push(executor);
  return executor;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}

function ended(executor: Executor, id: string): Promise<WorkflowStatus> {
  return eventually(async () => {
    const status = await executor.call<WorkflowStatus | undefined>("get", id);
    return status !== undefined && status.state !== "queued" && status.state !== "running" ? status : false;
  }, 40_000) as Promise<WorkflowStatus>;
}

async function expectEachEffectOnce(workflows: number): Promise<void> {
  const { rows } = await database.db.query("select workflow, string_agg(step, '' order by n) steps from effect group by 1 order by 1");
  expect(rows).toEqual(
    ids(workflows)
      .sort()
      .map((workflow) => ({ workflow, steps: "abcde" })),
  );
}

function ids(n: number): string[] {
  return Array.from({ length: n }, (_, index) => `w${index}`);
}

async function count(table: "run" | "effect"): Promise<number> {
  const { rows } = await database.db.query<{ n: number }>(`select count(*)::int n from ${table}`);
  return rows[0]!.n;
}

async function runsOf({ child }: Executor): Promise<number> {
  const { rows } = await database.db.query<{ n: number }>("select count(*)::int n from run where pid = $1", [child.pid]);
  return rows[0]!.n;
}

async function runs(workflow: string): Promise<string[]> {
  const { rows } = await database.db.query<{ step: string }>("select step from run where workflow = $1 order by n", [workflow]);
  return rows.map(({ step }) => step);
}

async function effects(workflow: string): Promise<string[]> {
  const { rows } = await database.db.query<{ step: string }>("select step from effect where workflow = $1 order by n", [workflow]);
  return rows.map(({ step }) => step);
}

function quiet(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
