import type { Logger } from "@roadbed/core";
import type { Database } from "@roadbed/postgres";

import { foldObservations } from "./fold-observations.ts";
import type { Observations } from "./observations.ts";

/** The job that keeps observed relations up to what the traces tell, minute by minute. */
export interface Observer {
  /** Reads now; `deep` looks at all hours of which traces are kept. Answers when it is stored. */
  fold(o?: { readonly deep?: boolean }): Promise<void>;
  start(): void;
  stop(): Promise<void>;
}

/** After the start of a server there is more urgent work. */
const FIRST_MS = 10_000;
const EVERY_MS = 60_000;
/** While hours are left, as when the first month is read. */
const BUSY_MS = 5_000;
/** Every so many runs all hours are looked at, for what arrived days late. */
const DEEP_EVERY = 10;

export function createObserver(o: {
  readonly db: Database;
  readonly log: Logger;
  readonly observations: Observations | undefined;
  readonly folded: () => void;
  readonly now?: () => Date;
}): Observer {
  const { db, log, observations, folded, now = () => new Date() } = o;
  const stopped = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<boolean> = Promise.resolve(false);
  let runs = 0;

  return {
    fold: async ({ deep = true } = {}) => {
      while (await run(deep)) continue;
    },
    start: () => {
      if (observations) wait(FIRST_MS);
    },
    stop: async () => {
      stopped.abort();
      clearTimeout(timer);
      await running.catch(() => {});
    },
  };

  /** Answers whether there is more to do. */
  async function run(deep: boolean): Promise<boolean> {
    if (!observations || stopped.signal.aborted) return false;
    await running.catch(() => {});
    running = foldObservations({ db, observations, now: now(), signal: stopped.signal, deep }).then(({ more }) => more);
    const more = await running;
    folded();
    return more;
  }

  function wait(ms: number): void {
    timer = setTimeout(() => {
      void run(runs++ % DEEP_EVERY === 0)
        .catch((error: unknown) => {
          if (!stopped.signal.aborted) log.warn("what the traces tell could not be read", { error: String(error) });
          return false;
        })
        .then((more) => {
          // What is left is left of a deep look: the next one is deep again.
          if (more) runs = 0;
          if (!stopped.signal.aborted) wait(more ? BUSY_MS : EVERY_MS);
        });
    }, ms).unref();
  }
}
