import { readlinkSync, renameSync, rmSync, symlinkSync } from "node:fs";

import { isAlive, startTimeOf } from "./process-identity.ts";

/**
 * A file that names a process: a symbolic link whose target is the name. It appears whole or not at all, only one process can
 * make it, and it takes no block of a full disk. Made by `takeNote` for this process; false when there is one already.
 */
export function takeNote(file: string): boolean {
  try {
    symlinkSync(nameOf(process.pid), file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** The living process that the note names; a note of a dead process is as good as none. */
export function readNote(file: string): number | undefined {
  try {
    const name = readlinkSync(file);
    const pid = Number(name.split("-")[0]);
    return isAlive(pid) && nameOf(pid) === name ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Clears a dead process's note. Taken aside first, so that a note made by a faster process in this instant is seen and put back. */
export function clearDeadNote(file: string): void {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
    if (readNote(aside) === undefined) removeNote(aside);
    else renameSync(aside, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

export function removeNote(file: string): void {
  rmSync(file, { force: true });
}

/** With its start time, since numbers of processes come again. */
function nameOf(pid: number): string {
  return `${pid}-${startTimeOf(pid)}`;
}
