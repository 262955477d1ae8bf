import { spawnSync } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";

/** True while a process of that id lives (a dead one that nobody has reaped yet does not). */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  return !/^\d+ \(.*\) Z/s.test(readStat(pid));
}

/** Tells one process from a later one that got the same id: its start time in clock ticks, where the system tells it. */
export function startTimeOf(pid: number): string {
  return (
    readStat(pid)
      .replace(/^.*\) /s, "")
      .split(" ")[19] ?? ""
  );
}

/** True when the process is a postmaster that works in `cluster`. Outside Linux its name alone is known, which has to do. */
export function worksIn(pid: number, cluster: string): boolean {
  if (process.platform !== "linux")
    return /postgres/.test(spawnSync("ps", ["-o", "comm=", "-p", String(pid)], { encoding: "utf8" }).stdout ?? "");
  try {
    const exe = basename(readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, ""));
    return exe === "postgres" && readlinkSync(`/proc/${pid}/cwd`) === cluster;
  } catch {
    // Another account's process: the server of our own data folder runs under an account that we may look at.
    return false;
  }
}

function readStat(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return "";
  }
}
