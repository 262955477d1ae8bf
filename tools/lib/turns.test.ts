import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { birthOf, isAlive } from "./process-birth.mjs";
import { takeTurns } from "./turns.mjs";

let folder: string;
let file: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "roadbed-turns-"));
  file = join(folder, "prepare.lock");
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

const nobody = { waiting: () => {} };

/** A process that evaluates `code`, with `takeTurns` and `file` at hand. */
function other(code: string): ChildProcess & { readonly pid: number } {
  const child = spawn(
    process.execPath,
    [
      "--input-type=module",
      "-e",
      `import { takeTurns } from ${JSON.stringify(new URL("turns.mjs", import.meta.url).href)};
       import { appendFileSync } from "node:fs"; import { spawn } from "node:child_process";
       const file = ${JSON.stringify(file)}; const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms)); ${code}`,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  children.push(child);
  return child as ChildProcess & { readonly pid: number };
}

const exitOf = (child: ChildProcess): Promise<number | null> =>
  child.exitCode === null && child.signalCode === null
    ? new Promise((resolve) => child.once("exit", resolve))
    : Promise.resolve(child.exitCode);
const lineOf = (child: ChildProcess): Promise<string> =>
  new Promise((resolve) => child.stdout?.once("data", (chunk: Buffer) => resolve(String(chunk).trim())));

test("many at once work one after the other, also over a lock that somebody left", async () => {
  writeFileSync(file, JSON.stringify({ pid: 2 ** 30, children: [] }));
  const log = join(folder, "log");
  const all = Array.from({ length: 5 }, () =>
    other(`await takeTurns(file, { waiting() {} }, async () => {
      appendFileSync(${JSON.stringify(log)}, "in\\n"); await sleep(60); appendFileSync(${JSON.stringify(log)}, "out\\n");
    });`),
  );
  expect(await Promise.all(all.map(exitOf))).toEqual([0, 0, 0, 0, 0]);
  expect(readFileSync(log, "utf8")).toBe("in\nout\n".repeat(5));
  expect(existsSync(file)).toBe(false);
});

test("who waits is told for whom, once, and goes on when that one is killed", async () => {
  const holder = other(`await takeTurns(file, { waiting() {} }, async () => { console.log("mine"); await sleep(60_000); });`);
  expect(await lineOf(holder)).toBe("mine");
  const told: number[] = [];
  const mine = takeTurns(file, { waiting: (pid: number) => told.push(pid) }, async () => "done");
  await expect.poll(() => told).toEqual([holder.pid]);
  holder.kill("SIGKILL");
  expect(await mine).toBe("done");
  expect(told).toHaveLength(1);
});

test("the children of a start that was killed are ended before the next one works", async () => {
  const holder = other(`await takeTurns(file, { waiting() {} }, async (noteChildren) => {
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
    noteChildren([child.pid]); console.log(child.pid); await sleep(60_000);
  });`);
  const orphan = Number(await lineOf(holder));
  expect(isAlive({ pid: orphan, birth: undefined })).toBe(true);
  holder.kill("SIGKILL");
  await exitOf(holder);
  await takeTurns(file, nobody, async () => expect(isAlive({ pid: orphan, birth: undefined })).toBe(false));
});

test.each([
  ["of a process that is gone", () => JSON.stringify({ pid: 2 ** 30, birth: "1", children: [] })],
  ["of a number that another process has now", () => JSON.stringify({ pid: process.pid, birth: "not mine", children: [] })],
  ["that is empty", () => ""],
  ["of an older form", () => "12"],
])("a lock %s is taken over", async (_name, text) => {
  writeFileSync(file, text());
  expect(await takeTurns(file, nobody, async () => "done")).toBe("done");
});

test("the lock goes when the work fails", async () => {
  await expect(takeTurns(file, nobody, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(existsSync(file)).toBe(false);
});

test("a process is known by its number and its time of birth", () => {
  expect(birthOf(process.pid)).toBe(birthOf(process.pid));
  expect(isAlive({ pid: process.pid, birth: birthOf(process.pid) })).toBe(true);
  expect(isAlive({ pid: process.pid, birth: "another" })).toBe(false);
  for (const pid of [2 ** 30, 0, -1, Number.NaN]) expect(birthOf(pid)).toBeUndefined();
});
