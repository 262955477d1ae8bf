import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { UnavailableError, type Logger } from "@roadbed/core";

/** Which child holds a data directory: written when it starts, so that the next start can find one that was left behind. */
interface ChildRecord {
  readonly pid: number;
  /** When the process began, as the system tells it: a pid alone may belong to somebody else by now. */
  readonly born: string;
  readonly parent: number;
}

const FILE = "child.json";
const END_MS = 5_000;

export function writeRecord(dataDir: string, pid: number): void {
  const born = processOf(pid)?.born;
  if (born === undefined) return;
  const record: ChildRecord = { pid, born, parent: process.pid };
  writeFileSync(join(dataDir, FILE), JSON.stringify(record), { mode: 0o600 });
}

export function removeRecord(dataDir: string): void {
  rmSync(join(dataDir, FILE), { force: true });
}

/**
 * Ends the child of a server that is gone. Throws `UnavailableError` when that server still lives: two must not
 * share a data directory.
 */
export async function endLeftover(dataDir: string, log: Logger): Promise<void> {
  const record = readRecord(dataDir);
  const found = record && processOf(record.pid);
  if (record === undefined || found === undefined || found.born !== record.born) return removeRecord(dataDir);
  if (found.parent === record.parent && processOf(record.parent) !== undefined) {
    throw new UnavailableError(`${dataDir} is in use by another running Roadbed (process ${record.parent}).`, {
      mend: "Stop it, or start with another data folder.",
    });
  }
  log.warn("ending a telemetry store that was left behind", { pid: record.pid });
  await end(record);
  removeRecord(dataDir);
}

async function end(record: ChildRecord): Promise<void> {
  signal(record.pid, "SIGTERM");
  const deadline = Date.now() + END_MS;
  while (processOf(record.pid)?.born === record.born) {
    if (Date.now() > deadline) signal(record.pid, "SIGKILL");
    await delay(50);
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended between the look and the signal.
  }
}

function readRecord(dataDir: string): ChildRecord | undefined {
  try {
    const { pid, born, parent } = JSON.parse(readFileSync(join(dataDir, FILE), "utf8")) as Partial<ChildRecord>;
    return typeof pid === "number" && typeof born === "string" && typeof parent === "number" ? { pid, born, parent } : undefined;
  } catch {
    return undefined;
  }
}

/** Birth and parent of a living process; undefined for one that is gone or a zombie. */
function processOf(pid: number): { born: string; parent: number } | undefined {
  if (process.platform !== "linux") return processByPs(pid);
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in brackets may hold spaces; the fields after it are numbered from 3.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : { born: fields[19] ?? "", parent: Number(fields[1]) };
  } catch {
    return undefined;
  }
}

function processByPs(pid: number): { born: string; parent: number } | undefined {
  const { stdout } = spawnSync("ps", ["-o", "ppid=,lstart=", "-p", String(pid)], { encoding: "utf8" });
  const [, parent, born] = /^\s*(\d+)\s+(.+?)\s*$/.exec(stdout ?? "") ?? [];
  return parent === undefined || born === undefined ? undefined : { born, parent: Number(parent) };
}
