import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import type { Logger } from "@roadbed/core";

import { identityOf } from "./process-identity.ts";

/** Every process group that this server has started and that has not ended, written down so that a later server finds what a killed one left. */
export interface ProcessLedger {
  enter(pid: number, what: string): Promise<void>;
  leave(pid: number): Promise<void>;
  /** Ends every process that is written down and still the same; answers how many there were. */
  endForgotten(graceMs: number): Promise<number>;
}

export function openLedger(dir: string, log: Logger): ProcessLedger {
  const fileOf = (pid: number): string => join(dir, `${pid}.json`);
  return {
    async enter(pid, what) {
      await mkdir(dir, { recursive: true });
      await writeFile(fileOf(pid), JSON.stringify({ pid, identity: await identityOf(pid), what }));
    },
    leave: (pid) => rm(fileOf(pid), { force: true }),
    async endForgotten(graceMs) {
      const names = (await readdir(dir).catch(() => [])).filter((name) => /^\d+\.json$/.test(name));
      const ended = await Promise.all(names.map((name) => endForgotten(join(dir, name), graceMs, log)));
      return ended.filter(Boolean).length;
    },
  };
}

async function endForgotten(file: string, graceMs: number, log: Logger): Promise<boolean> {
  const entry = await readEntry(file);
  const same = entry?.identity !== undefined && (await identityOf(entry.pid)) === entry.identity;
  if (entry !== undefined && same) {
    log.info("ending a process that an earlier server left behind", { pid: entry.pid, what: entry.what });
    await endGroup(entry.pid, graceMs, async () => (await identityOf(entry.pid)) !== entry.identity);
  }
  await rm(file, { force: true });
  return same;
}

/** SIGTERM to the whole group, then, if the leader is still there after `graceMs`, SIGKILL. */
export async function endGroup(pid: number, graceMs: number, isGone: () => boolean | Promise<boolean>): Promise<void> {
  signalGroup(pid, "SIGTERM");
  for (const until = Date.now() + graceMs; Date.now() < until && !(await isGone());) await delay(25);
  // Also when the leader has gone in time: what it started may not have.
  signalGroup(pid, "SIGKILL");
}

export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody is left in it.
  }
}

async function readEntry(file: string): Promise<{ pid: number; identity?: string; what: string } | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as { pid: number; identity?: string; what: string };
  } catch {
    return undefined;
  }
}
