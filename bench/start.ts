/**
 * What a newcomer waits for and what the machine pays: bare clone to a usable page, second start, memory and idle CPU
 * with the sample estate, idle CPU at 11,670 entities, and the weight of the first pages.
 * `npm run bench -- start [--skip-install]`.
 */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { commandOf, cpuMs, processTree, pssMb } from "./lib/process-tree.ts";

const ROOT = join(import.meta.dirname, "..");
const QUIET_S = 30;
const figures: Record<string, number> = {};
const folder = mkdtempSync(join(tmpdir(), "roadbed-bench-"));
const tokenFile = join(folder, "token");

try {
  await main();
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
console.log(JSON.stringify({ bench: "start", figures }));

async function main(): Promise<void> {
  const skipInstall = process.argv.includes("--skip-install");
  const clone = skipInstall ? ROOT : join(folder, "clone");
  if (!skipInstall) spawnSync("git", ["clone", "-q", ROOT, clone], { stdio: "inherit" });

  const first = await start(clone, []);
  note(skipInstall ? "first_start_s" : "bare_clone_to_page_s", first.seconds, "s");
  await sampleFigures(first);
  await stop(first);

  const second = await start(clone, []);
  note("second_start_s", second.seconds, "s");
  await stop(second);

  const large = await start(clone, ["--empty"], "large");
  await loadEstate(large.url);
  note("by_name_cpu_ms_per_request", await byNameCpu(large), "ms of server and database, over HTTP");
  note("idle_cpu_percent_at_11670", await idlePercent(large), "% of a core");
  note("memory_pss_mb_at_11670", pssMb(tree(large)), "MB");
  await stop(large);
}

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
  readonly dataDir: string;
  readonly seconds: number;
}

/** From the command to the first page with every store ready. */
async function start(clone: string, args: readonly string[], data = "data"): Promise<Running> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const dataDir = join(folder, data);
  const began = performance.now();
  const child = spawn(
    "npm",
    ["start", "--silent", "--", "--port", String(port), "--data", dataDir, "--no-open", "--admin-token-file", tokenFile, ...args],
    { cwd: clone, stdio: ["ignore", "ignore", "inherit"] },
  );
  for (;;) {
    const answers = await Promise.all([fetch(`${url}/readyz`), fetch(url, { headers: { accept: "text/html" } })]).catch(() => []);
    if (answers.length === 2 && answers.every(({ status }) => status === 200)) break;
    if (child.exitCode !== null) throw new Error(`the start ended with ${child.exitCode}`);
    await pause(20);
  }
  return { child, url, dataDir, seconds: (performance.now() - began) / 1000 };
}

async function sampleFigures(running: Running): Promise<void> {
  const told = performance.now();
  while (!historyIsTold(running.dataDir)) await pause(1_000);
  note("history_told_s", (performance.now() - told) / 1000, "s, in the background");
  await pause(60_000); // merges and collectors come to rest
  note("memory_pss_mb_sample_idle", pssMb(tree(running)), "MB");
  for (const pid of tree(running)) console.log(`    ${pssMb([pid]).toFixed(0).padStart(5)} MB  ${commandOf(pid).slice(0, 100)}`);
  note("idle_cpu_percent_sample", await idlePercent(running), "% of a core");
}

async function idlePercent(running: Running): Promise<number> {
  await pause(5_000);
  const before = cpuMs(tree(running));
  await pause(QUIET_S * 1000);
  return ((cpuMs(tree(running)) - before) / (QUIET_S * 1000)) * 100;
}

async function loadEstate(url: string): Promise<void> {
  const { writeEstate } = await import("./lib/generate-estate.ts");
  const estate = join(folder, "estate");
  writeEstate(estate, 10_000);
  const answer = await fetch(`${url}/api/v1/import`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${readFileSync(tokenFile, "utf8").trim()}` },
    body: JSON.stringify({ target: estate, watch: false }),
  });
  if (!answer.ok) throw new Error(`import: ${answer.status} ${await answer.text()}`);
  const { durationMs } = (await answer.json()) as { durationMs: number };
  note("import_11670_through_http_ms", durationMs, "ms");
}

/** Random entities by name over ten connections; what the whole process tree spent per answer. */
async function byNameCpu(running: Running): Promise<number> {
  const token = readFileSync(tokenFile, "utf8").trim();
  const read = async (count: number): Promise<void> => {
    const one = async (): Promise<void> => {
      for (let i = 0; i < count / 10; i++) {
        const name = `svc-${String(Math.floor(Math.random() * 10_000)).padStart(6, "0")}`;
        const answer = await fetch(`${running.url}/api/v1/entities/component:default%2F${name}`, {
          headers: { authorization: `Bearer ${token}` },
        });
        if (!answer.ok) throw new Error(`by name: ${answer.status} ${await answer.text()}`);
        await answer.arrayBuffer();
      }
    };
    await Promise.all(Array.from({ length: 10 }, one));
  };
  await read(5_000);
  const before = cpuMs(tree(running));
  await read(20_000);
  return (cpuMs(tree(running)) - before) / 20_000;
}

async function stop({ child, dataDir }: Running): Promise<void> {
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const { pid } = JSON.parse(readFileSync(join(dataDir, "server.json"), "utf8")) as { pid: number };
  process.kill(pid, "SIGTERM");
  await ended;
}

function tree({ child, dataDir }: Running): number[] {
  return processTree(child.pid ?? 0, dataDir);
}

function historyIsTold(dataDir: string): boolean {
  try {
    return (JSON.parse(readFileSync(join(dataDir, "simulator.json"), "utf8")) as { gaps: unknown[] }).gaps.length === 0;
  } catch {
    return false;
  }
}

function note(name: string, value: number, unit: string): void {
  figures[name] = Number(value.toFixed(2));
  console.log(`${name.padEnd(34)} ${value.toFixed(2)} ${unit}`);
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
