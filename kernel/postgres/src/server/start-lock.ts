import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

import { UnavailableError } from "@roadbed/core";

import { isAlive, startTimeOf } from "./process-identity.ts";

/** Runs `work` while no other process of this machine does so under the same lock file. A lock of a dead process is taken over. */
export async function withStartLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  await acquire(file);
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

async function acquire(file: string): Promise<void> {
  const mine = `${process.pid} ${startTimeOf(process.pid)}`;
  for (const until = Date.now() + 150_000; Date.now() < until; await delay(50)) {
    try {
      return writeFileSync(file, mine, { flag: "wx" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    if (isAbandoned(file)) rmSync(file, { force: true });
  }
  throw new UnavailableError("Another process has been starting the database for too long.", { mend: `If none is, remove ${file}.` });
}

function isAbandoned(file: string): boolean {
  try {
    const [pid = "", started = ""] = readFileSync(file, "utf8").split(" ");
    // Empty for the instant between its creation and its first byte.
    if (pid === "") return false;
    return !isAlive(Number(pid)) || startTimeOf(Number(pid)) !== started;
  } catch {
    return false;
  }
}
