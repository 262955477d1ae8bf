/** What a set of processes costs, read from /proc (Linux). */
import { readdirSync, readFileSync } from "node:fs";

/** All processes below `pid`, and all that name `mark` on their command line with those below them (a detached database). */
export function processTree(pid: number, mark: string): number[] {
  const pids = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  const parents = new Map(pids.map((id) => [id, parentOf(id)]));
  const roots = new Set(pids.filter((id) => id === pid || (id !== process.pid && commandOf(id).includes(mark))));
  const belongs = (id: number | undefined): boolean => id !== undefined && id > 1 && (roots.has(id) || belongs(parents.get(id)));
  return pids.filter(belongs);
}

/** Proportional memory in MB: shared pages count by share, so the sum over processes is honest. */
export function pssMb(pids: readonly number[]): number {
  return pids.reduce((sum, id) => sum + Number(/^Pss:\s+(\d+)/m.exec(read(`/proc/${id}/smaps_rollup`))?.[1] ?? 0) / 1024, 0);
}

/** The most memory that a process ever had, in MB. */
export function peakMb(pid: number): number {
  return Number(/^VmHWM:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) / 1024;
}

/** User and system time in milliseconds so far. */
export function cpuMs(pids: readonly number[]): number {
  return pids.reduce((sum, id) => {
    const fields = read(`/proc/${id}/stat`).split(") ")[1]?.split(" ") ?? [];
    return sum + (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * 10;
  }, 0);
}

export function commandOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`).replaceAll("\0", " ");
}

function parentOf(pid: number): number | undefined {
  const text = read(`/proc/${pid}/stat`).split(") ")[1]?.split(" ")[1];
  return text === undefined ? undefined : Number(text);
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // it ended meanwhile
  }
}
