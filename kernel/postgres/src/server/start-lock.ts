import { setTimeout as delay } from "node:timers/promises";

import { UnavailableError } from "@roadbed/core";

import { clearDeadNote, readNote, removeNote, takeNote } from "./note.ts";

const PATIENCE_MS = 150_000;

/** Runs `work` while no other process of this machine does so under the same lock file. A lock of a dead process is taken over. */
export async function withStartLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  await acquire(file);
  try {
    return await work();
  } finally {
    removeNote(file);
  }
}

async function acquire(file: string): Promise<void> {
  for (const until = Date.now() + PATIENCE_MS; Date.now() < until; await delay(50)) {
    if (takeNote(file)) return;
    if (readNote(file) === undefined) clearDeadNote(file);
  }
  throw new UnavailableError("Another process has been starting the database for too long.", { mend: `If none is, remove ${file}.` });
}
