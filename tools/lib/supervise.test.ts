import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { nextPause } from "./supervise.mjs";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "roadbed-supervise-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A process that supervises `server`, which finds its how-manieth start in `start` and may `say` a line. */
function supervised(server: string): { output: () => string; signal: (name: NodeJS.Signals) => void; ended: Promise<number | null> } {
  writeFileSync(join(folder, "starts"), "");
  writeFileSync(
    join(folder, "server.mjs"),
    `import { appendFileSync, readFileSync } from "node:fs";
     const file = ${JSON.stringify(join(folder, "starts"))}; appendFileSync(file, ".");
     const start = readFileSync(file, "utf8").length; const say = (text) => process.stdout.write(text + "\\n");
     ${server}`,
  );
  writeFileSync(
    join(folder, "main.mjs"),
    `import { supervise } from ${JSON.stringify(new URL("supervise.mjs", import.meta.url).href)};
     process.exitCode = await supervise(process.execPath, [${JSON.stringify(join(folder, "server.mjs"))}], {
       env: process.env, again: { AGAIN: "yes" }, say: (line) => process.stdout.write(line + "\\n") });`,
  );
  const child = spawn(process.execPath, [join(folder, "main.mjs")], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return {
    output: () => output,
    signal: (name) => void child.kill(name),
    ended: new Promise((resolve) => child.once("close", resolve)),
  };
}

const starts = (): number => readFileSync(join(folder, "starts"), "utf8").length;

test("pauses double up to half a minute, and begin anew after a steady minute", () => {
  const pauses = [undefined, 250, 500, 1000].map((pause) => nextPause(pause, 100));
  expect(pauses).toEqual([250, 500, 1000, 2000]);
  expect(nextPause(25_000, 100)).toBe(30_000);
  expect(nextPause(30_000, 61_000)).toBe(250);
});

test("a server that asks for it is started again; any other exit code is ours", async () => {
  const run = supervised(`say("again: " + process.env.AGAIN); process.exit(start < 3 ? 75 : 7);`);
  expect(await run.ended).toBe(7);
  expect(starts()).toBe(3);
  expect(run.output()).toMatch(/again: undefined[^]*The database was lost; starting again[^]*again: yes/);
});

test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)("%s to us alone stops the server, which ends with 0", async (signal) => {
  const run = supervised(`process.on("SIGTERM", () => { say("stopped"); process.exit(0); }); setInterval(() => {}, 1000); say("up");`);
  await expect.poll(run.output).toContain("up");
  run.signal(signal);
  expect(await run.ended).toBe(0);
  expect(run.output()).toContain("stopped");
});

test("one request that arrives twice does not force; a second Ctrl-C does", async () => {
  const run = supervised(
    `process.on("SIGTERM", () => say("asked")); process.on("SIGINT", () => process.exit(130)); setInterval(() => {}, 1000); say("up");`,
  );
  await expect.poll(run.output).toContain("up");
  run.signal("SIGINT");
  run.signal("SIGINT");
  await expect.poll(run.output).toContain("asked");
  await new Promise((resolve) => setTimeout(resolve, 500));
  run.signal("SIGINT");
  expect(await run.ended).toBe(130);
});

test("a request to stop during the pause is heeded: nothing is started any more", async () => {
  const run = supervised(`process.exit(75);`);
  await expect.poll(run.output, { timeout: 10_000 }).toContain("starting again in 1 s");
  run.signal("SIGTERM");
  expect(await run.ended).toBe(0);
  const before = starts();
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  expect(starts()).toBe(before);
});

test("a server that was killed is told by its signal, one that was asked too early for an answer is fine", async () => {
  expect(await supervised(`process.kill(process.pid, "SIGKILL");`).ended).toBe(137);
  const early = supervised(`say("up"); setInterval(() => {}, 1000);`);
  await expect.poll(early.output).toContain("up");
  early.signal("SIGTERM");
  expect(await early.ended).toBe(0);
});
