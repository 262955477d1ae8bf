/**
 * What a newcomer waits for and what the machine pays: bare clone to a usable page, second start, memory and idle CPU
 * with the sample estate, idle CPU at 11,670 entities, and the weight of the first pages.
 * `npm run bench -- start [--skip-install]`.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { cpuMs, pssMb } from "./lib/process-tree.ts";
import { idlePercent, startServer, tellMemory, type RunningServer } from "./lib/running-server.ts";

const ROOT = join(import.meta.dirname, "..");
const QUIET_S = 30;
const figures: Record<string, number> = {};
const folder = mkdtempSync(join(tmpdir(), "roadbed-bench-"));

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

  const first = await startServer({ clone, folder, data: "data" });
  note(skipInstall ? "first_start_s" : "bare_clone_to_page_s", first.seconds, "s");
  await sampleFigures(first);
  await first.stop();

  const second = await startServer({ clone, folder, data: "data" });
  note("second_start_s", second.seconds, "s");
  await second.stop();

  const large = await startServer({ clone, folder, data: "large", args: ["--empty"] });
  await loadEstate(large);
  note("by_name_cpu_ms_per_request", await byNameCpu(large), "ms of server and database, over HTTP");
  note("idle_cpu_percent_at_11670", await quiet(large), "% of a core");
  note("memory_pss_mb_at_11670", pssMb(large.pids()), "MB");
  await large.stop();
}

async function sampleFigures(running: RunningServer): Promise<void> {
  const told = performance.now();
  while (!historyIsTold(running.dataDir)) await pause(1_000);
  note("history_told_s", (performance.now() - told) / 1000, "s, in the background");
  await pause(60_000); // merges and collectors come to rest
  note("memory_pss_mb_sample_idle", pssMb(running.pids()), "MB");
  tellMemory(running.pids());
  note("idle_cpu_percent_sample", await quiet(running), "% of a core");
}

async function quiet(running: RunningServer): Promise<number> {
  await pause(5_000);
  return idlePercent(() => running.pids(), QUIET_S);
}

async function loadEstate(running: RunningServer): Promise<void> {
  const { writeEstate } = await import("./lib/generate-estate.ts");
  const estate = join(folder, "estate");
  writeEstate(estate, 10_000);
  const { durationMs } = await running.ask<{ durationMs: number }>("/api/v1/import", {
    method: "POST",
    body: { target: estate, watch: false },
  });
  note("import_11670_through_http_ms", durationMs, "ms");
}

/** Random entities by name over ten connections; what the whole process tree spent per answer. */
async function byNameCpu(running: RunningServer): Promise<number> {
  const read = async (count: number): Promise<void> => {
    const one = async (): Promise<void> => {
      for (let i = 0; i < count / 10; i++) {
        const name = `svc-${String(Math.floor(Math.random() * 10_000)).padStart(6, "0")}`;
        await running.ask(`/api/v1/entities/component:default%2F${name}`);
      }
    };
    await Promise.all(Array.from({ length: 10 }, one));
  };
  await read(5_000);
  const before = cpuMs(running.pids());
  await read(20_000);
  return (cpuMs(running.pids()) - before) / 20_000;
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
