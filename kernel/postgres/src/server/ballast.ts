import { existsSync, rmSync, statfsSync, writeFileSync } from "node:fs";

import type { Logger } from "@roadbed/core";

const MEGABYTE = 2 ** 20;
/** Two segments of the write-ahead log: what recovery after a crash on a full disk needs to end. */
const BALLAST = 32 * MEGABYTE;
/** Below this a start fails for want of space and not for another reason. */
const FULL = 20 * MEGABYTE;

/**
 * Space that is held back. When the disk fills up while the log is written, Postgres stops itself and cannot recover
 * without room for more log: then this file goes, recovery ends, and reads go on. It is laid down again when there is room.
 */
export function layBallast(file: string, log: Logger): void {
  if (existsSync(file) || freeBytes(file) < 2 * BALLAST) return;
  try {
    writeFileSync(file, Buffer.alloc(BALLAST), { mode: 0o600 });
  } catch (error) {
    rmSync(file, { force: true });
    log.warn("no space is held back for recovery on a full disk", { error: (error as Error).message });
  }
}

/** True when there was ballast and the disk is full: it is gone now, and a start may be tried again. */
export function dropBallast(file: string, log: Logger): boolean {
  if (!existsSync(file) || freeBytes(file) > FULL) return false;
  rmSync(file);
  log.warn("the disk is full: the space that was held back is given to the database's recovery", { bytes: BALLAST });
  return true;
}

function freeBytes(file: string): number {
  const { bavail, bsize } = statfsSync(file.slice(0, file.lastIndexOf("/")) || "/");
  return bavail * bsize;
}
