import type { Logger, Sql } from "@roadbed/core";

import { forgetOldTombstones } from "./tombstone-store.ts";

/** Forgets what is kept for some time only, now and then. */
export interface Keeper {
  start(): void;
  stop(): void;
  /** At once. */
  run(): Promise<void>;
}

/** A little more than a year, so that a year can be compared with the one before. */
const HAPPENINGS_DAYS = 400;
const FIRST_MS = 60_000;
const EVERY_MS = 3_600_000;

export function createKeeper({ db, log }: { readonly db: Sql; readonly log: Logger }): Keeper {
  let first: NodeJS.Timeout | undefined;
  let timer: NodeJS.Timeout | undefined;
  const quietly = (): void =>
    void run().catch((error: unknown) => log.debug("old tombstones could not be removed now", { error: String(error) }));
  return {
    start: () => {
      first = setTimeout(quietly, FIRST_MS).unref();
      timer = setInterval(quietly, EVERY_MS).unref();
    },
    stop: () => {
      clearTimeout(first);
      clearInterval(timer);
    },
    run,
  };

  async function run(): Promise<void> {
    const tombstones = await forgetOldTombstones(db);
    await db.query(`delete from catalog.happening where at < now() - interval '${HAPPENINGS_DAYS} days'`);
    if (tombstones > 0) log.info("old tombstones were removed", { tombstones });
  }
}
