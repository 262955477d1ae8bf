/** The real server for benchmarks: started as a user starts it, asked over HTTP, its cost read off its processes. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { request, type IncomingMessage } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { text as readText } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";

import { commandOf, cpuMs, processTree, pssMb } from "./process-tree.ts";

export interface RunningServer {
  readonly url: string;
  readonly dataDir: string;
  /** From the command to the first page with every store ready. */
  readonly seconds: number;
  readonly token: string;
  /** Asks with the administrator's token; throws unless the answer is good. */
  ask<T>(path: string, init?: { readonly method?: string; readonly body?: unknown }): Promise<T>;
  /** Everything that runs for it: server, database, telemetry engine. */
  pids(): number[];
  /** The server alone. */
  serverPid(): number;
  stop(): Promise<void>;
}

export async function startServer(o: {
  readonly clone: string;
  readonly folder: string;
  readonly data: string;
  readonly args?: readonly string[];
}): Promise<RunningServer> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const dataDir = join(o.folder, o.data);
  const tokenFile = join(o.folder, `${o.data}.token`);
  const began = performance.now();
  const child = spawn(
    "npm",
    ["start", "--silent", "--", "--port", String(port), "--data", dataDir, "--no-open", "--admin-token-file", tokenFile, ...(o.args ?? [])],
    { cwd: o.clone, stdio: ["ignore", "ignore", "inherit"] },
  );
  await isReady(child, url);
  const seconds = (performance.now() - began) / 1000;
  const token = readFileSync(tokenFile, "utf8").trim();
  return {
    url,
    dataDir,
    seconds,
    token,
    ask: async (path, { method = "GET", body } = {}) => {
      const headers = { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { "content-type": "application/json" }) };
      const { status, text } = await send(`${url}${path}`, { method, headers }, body === undefined ? undefined : JSON.stringify(body));
      if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text.slice(0, 500)}`);
      return JSON.parse(text) as never;
    },
    pids: () => processTree(child.pid ?? 0, dataDir),
    serverPid: () => pidOf(dataDir),
    stop: async () => {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      process.kill(pidOf(dataDir), "SIGTERM");
      await ended;
    },
  };
}

/** Waits as long as it takes: `fetch` gives up after five minutes, in which a million entities may not be there yet. */
async function send(url: string, o: { readonly method: string; readonly headers: Readonly<Record<string, string>> }, body?: string) {
  const asked = request(url, o);
  asked.end(body);
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  return { status: answer.statusCode ?? 0, text: await readText(answer) };
}

/** Processor time over a quiet while, in percent of one core. */
export async function idlePercent(pids: () => readonly number[], seconds: number): Promise<number> {
  // The same processes before and after: a connection of the database that ends takes its time with it.
  const quiet = pids();
  const before = new Map(quiet.map((pid) => [pid, cpuMs([pid])]));
  await pause(seconds * 1000);
  const spent = quiet.reduce((sum, pid) => sum + Math.max(0, cpuMs([pid]) - before.get(pid)!), 0);
  return (spent / (seconds * 1000)) * 100;
}

export function tellMemory(pids: readonly number[]): void {
  for (const pid of pids) console.log(`    ${pssMb([pid]).toFixed(0).padStart(5)} MB  ${commandOf(pid).slice(0, 100)}`);
}

async function isReady(child: ChildProcess, url: string): Promise<void> {
  for (;;) {
    const answers = await Promise.all([fetch(`${url}/readyz`), fetch(url, { headers: { accept: "text/html" } })]).catch(() => []);
    if (answers.length === 2 && answers.every(({ status }) => status === 200)) return;
    if (child.exitCode !== null) throw new Error(`the start ended with ${child.exitCode}`);
    await pause(20);
  }
}

function pidOf(dataDir: string): number {
  return (JSON.parse(readFileSync(join(dataDir, "server.json"), "utf8")) as { pid: number }).pid;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
