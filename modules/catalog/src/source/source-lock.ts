import { setTimeout as pause } from "node:timers/promises";

import { TooManyError, type Sql } from "@roadbed/core";
import type { Database } from "@roadbed/postgres";

/** How long whoever asks waits for a run that another began. */
const PATIENCE_MS = 30_000;
const LOOK_MS = 50;

/**
 * Lets this transaction be the only one, of all processes, that reads a source or decides about it, until it ends. It looks again and
 * again instead of standing in the database's queue: a job's own lock is held by a connection that waits for nothing, so that the
 * database could not see a ring of waits. Take it before the catalogue's lock. Throws `TooManyError` when it takes too long.
 */
export async function lockSource(sql: Sql, sourceId: string, patienceMs: number = PATIENCE_MS): Promise<void> {
  const until = performance.now() + patienceMs;
  while (!(await tryLock(sql, sourceId))) {
    if (performance.now() > until) throw new TooManyError("The source is being read at this moment.", 5);
    await pause(LOOK_MS);
  }
}

/** Runs `work` under the lock, which is held by a connection of its own and ends with the process, however that ends. */
export async function withSourceLock<T>(db: Database, sourceId: string, work: () => Promise<T>): Promise<T> {
  return db.transaction(async (sql) => {
    await lockSource(sql, sourceId, LONG_PATIENCE_MS);
    return work();
  });
}

/** A job waits for the other process's run: a large source takes its time. */
const LONG_PATIENCE_MS = 10 * 60_000;

async function tryLock(sql: Sql, sourceId: string): Promise<boolean> {
  const { rows } = await sql.query<{ locked: boolean }>("select pg_try_advisory_xact_lock(hashtextextended($1, 7623010)) as locked", [
    `catalog.source:${sourceId}`,
  ]);
  return rows[0]!.locked;
}
