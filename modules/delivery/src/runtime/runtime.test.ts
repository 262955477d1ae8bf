import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { eventually, quietLog } from "@roadbed/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { openLogFile, readLogFiles } from "./log-file.ts";
import { identityOf } from "./process-identity.ts";
import { openLedger } from "./process-ledger.ts";
import { nextRestart } from "./restart-rule.ts";
import { runProcess } from "./run-process.ts";

let home: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "runtime-"));
});
afterAll(() => rm(home, { recursive: true, force: true }));

describe("nextRestart", () => {
  test("pauses longer each time, up to a minute, and calls the fifth crash a loop", () => {
    const crashes: number[] = [];
    const pauses = Array.from({ length: 9 }, (_, n) => {
      crashes.push(n * 1_000);
      return nextRestart(crashes, n * 1_000, 500);
    });
    expect(pauses.map(({ pauseMs }) => pauseMs)).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
    expect(pauses.map(({ looping }) => looping)).toEqual([false, false, false, false, true, true, true, true, true]);
  });

  test("forgets what is long past", () => {
    expect(nextRestart([0, 1, 2, 3, 4, 400_000], 400_000, 500)).toEqual({ pauseMs: 500, looping: false, count: 1 });
  });
});

describe("a log file", () => {
  test("numbers its lines, goes on after a restart, and survives a torn line", async () => {
    const dir = join(home, "log-restart");
    const first = await openLogFile({ dir });
    for (const n of [1, 2, 3]) first.write("stdout", `line ${n}`);
    await first.flushed();
    const [file = ""] = await readdir(dir);
    await appendFile(join(dir, file), '{"seq":4,"at":"2026-');
    const second = await openLogFile({ dir });
    second.write("roadbed", "line 4");
    await second.flushed();
    const third = await openLogFile({ dir });
    const { items, next } = await third.read({ after: 1, limit: 10 });
    expect(items.map(({ seq, message }) => [seq, message])).toEqual([
      [2, "line 2"],
      [3, "line 3"],
      [4, "line 4"],
    ]);
    expect(next).toBe(4);
    expect(third.tail(5)).toEqual(["line 1", "line 2", "line 3"]);
  });

  test("a part's tail holds only what went through it, and the file holds everything", async () => {
    const log = await openLogFile({ dir: join(home, "log-part"), redact: (message) => message.replace("hunter2", "***") });
    const part = log.part();
    log.write("stdout", "the old version speaks");
    part.write("stderr", "the new one fails with hunter2");
    expect(part.tail(5)).toEqual(["the new one fails with ***"]);
    expect((await log.read({ after: 0, limit: 10 })).items.map(({ message }) => message)).toEqual([
      "the old version speaks",
      "the new one fails with ***",
    ]);
  });

  test("whatever is printed before the disk takes the first of it, no more is kept than files may hold, and the newest", async () => {
    const dir = join(home, "log-flood");
    const log = await openLogFile({ dir, maxFileBytes: 20_000, maxFiles: 3 });
    for (let n = 1; n <= 20_000; n++) log.write("stdout", `line ${n}`);
    await log.flushed();
    const sizes = await Promise.all((await readdir(dir)).map(async (name) => (await stat(join(dir, name))).size));
    expect(sizes.length).toBeLessThanOrEqual(3);
    expect(Math.max(...sizes)).toBeLessThan(20_200);
    expect((await readLogFiles(dir, 0, 20_000)).at(-1)).toMatchObject({ seq: 20_000, message: "line 20000" });
  });

  test("rotates, drops the oldest and is read across files", async () => {
    const dir = join(home, "log-rotate");
    const log = await openLogFile({ dir, maxFileBytes: 20_000, maxFiles: 3 });
    for (let n = 1; n <= 5_000; n++) {
      log.write("stdout", `line ${n}`);
      if (n % 50 === 0) await log.flushed();
    }
    expect((await readdir(dir)).length).toBeLessThanOrEqual(3);
    const seen: number[] = [];
    for (let after = 0; ;) {
      const { items, next } = await log.read({ after, limit: 100 });
      if (items.length === 0) break;
      seen.push(...items.map(({ seq }) => seq));
      after = next;
    }
    expect(seen.at(-1)).toBe(5_000);
    expect(seen).toEqual(Array.from({ length: seen.length }, (_, n) => seen[0]! + n));
    expect(seen[0]).toBeGreaterThan(1);
  });

  test("waits for a new line, and no longer than it was told", async () => {
    const log = await openLogFile({ dir: join(home, "log-wait") });
    const waiting = log.read({ after: 0, limit: 10, waitMs: 10_000 });
    log.write("stderr", "now");
    expect((await waiting).items).toMatchObject([{ stream: "stderr", message: "now" }]);
    expect(await log.read({ after: 1, limit: 10, waitMs: 20 })).toEqual({ items: [], next: 1 });
  });

  test("keeps no secret and no endless line", async () => {
    const log = await openLogFile({ dir: join(home, "log-secret"), redact: (text) => text.replaceAll("s3cret", "***") });
    log.write("stdout", `token s3cret ${"x".repeat(20_000)}`);
    const [line] = (await log.read({ after: 0, limit: 1 })).items;
    expect(line?.message).toMatch(/^token \*\*\* x+$/);
    expect(line?.message.length).toBe(8_000);
  });
});

describe("a process", () => {
  test("ends with everything that it started", async () => {
    const { log, ledger } = await tools("tree");
    const script = `const c = require("child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]); console.log(c.pid); setInterval(() => {}, 1000);`;
    const child = await runProcess({ command: [process.execPath, "-e", script], cwd: home, env: {}, log, ledger, what: "tree" });
    const { items } = await log.read({ after: 0, limit: 1, waitMs: 10_000 });
    const grandchild = Number(items[0]?.message);
    expect(await identityOf(grandchild)).toBeDefined();
    await child.stop(2_000);
    await eventually(async () => (await identityOf(grandchild)) === undefined);
    expect(await readdir(join(home, "tree", "ledger"))).toEqual([]);
  });

  test("that does not listen to SIGTERM is killed", async () => {
    const { log, ledger } = await tools("deaf");
    const script = `process.on("SIGTERM", () => {}); console.log("deaf"); setInterval(() => {}, 1000);`;
    const child = await runProcess({ command: [process.execPath, "-e", script], cwd: home, env: {}, log, ledger, what: "deaf" });
    await log.read({ after: 0, limit: 1, waitMs: 10_000 });
    expect(await child.stop(200)).toEqual({ code: null, signal: "SIGKILL" });
  });

  test.skipIf(process.platform !== "linux")("cannot take memory without end", async () => {
    const { log, ledger } = await tools("hungry");
    // Taken, but not touched: the machine that runs this test needs its memory.
    const script = `const kept = []; setInterval(() => { kept.push(Buffer.allocUnsafe(256 * 2 ** 20)); console.log(kept.length); }, 1);`;
    const child = await runProcess({
      command: [process.execPath, "-e", script],
      cwd: home,
      env: {},
      memoryMb: 64,
      log,
      ledger,
      what: "hungry",
    });
    const exit = await child.exited;
    expect(exit.code).not.toBe(0);
    expect(log.tail(100).filter((line) => /^\d+$/.test(line)).length).toBeLessThan(10);
  });

  test("that cannot be started is told so", async () => {
    const { log, ledger } = await tools("missing");
    await expect(runProcess({ command: ["no-such-program"], cwd: home, env: {}, log, ledger, what: "x" })).rejects.toMatchObject({
      code: "INVALID",
    });
  });

  test("left behind by a killed server is found and ended, a stranger with its number is not", async () => {
    const { ledger, dir } = await tools("ledger");
    const orphan = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { detached: true, stdio: "ignore" });
    const stranger = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { detached: true, stdio: "ignore" });
    const exit = once(orphan, "exit");
    await ledger.enter(orphan.pid!, "orphan");
    await writeFile(join(dir, `${stranger.pid}.json`), JSON.stringify({ pid: stranger.pid, identity: "an earlier one", what: "gone" }));
    expect(await openLedger(dir, quietLog).endForgotten(2_000)).toBe(1);
    await exit;
    expect(stranger.exitCode).toBeNull();
    expect(await identityOf(stranger.pid!)).toBeDefined();
    stranger.kill("SIGKILL");
    await once(stranger, "exit");
    expect(await readdir(dir)).toEqual([]);
  });
});

async function tools(name: string) {
  const dir = join(home, name, "ledger");
  return {
    dir,
    ledger: openLedger(dir, quietLog),
    log: await openLogFile({ dir: join(home, name, "log") }),
    read: (file: string) => readFile(file, "utf8"),
  };
}
