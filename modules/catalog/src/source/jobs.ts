import type { Logger } from "@roadbed/core";

/** Whoever asked may still be about to commit what the job is to see. */
const LINGER_MS = 50;

export interface Jobs {
  /** A job that waits already is not added again; one that runs is followed by another. */
  add(key: string, run: () => Promise<void>): void;
  stop(): Promise<void>;
}

/** Runs jobs, a few at once, never two of one key. */
export function createJobs(log: Logger, atOnce: number): Jobs {
  const waiting = new Map<string, () => Promise<void>>();
  const running = new Map<string, Promise<void>>();
  let linger: NodeJS.Timeout | undefined;
  let stopped = false;

  return {
    add: (key, run) => {
      if (stopped) return;
      waiting.set(key, run);
      linger ??= setTimeout(() => {
        linger = undefined;
        pump();
      }, LINGER_MS);
    },
    stop: async () => {
      stopped = true;
      clearTimeout(linger);
      waiting.clear();
      await Promise.all(running.values());
    },
  };

  function pump(): void {
    for (const [key, run] of waiting) {
      if (running.size >= atOnce) return;
      if (running.has(key)) continue;
      waiting.delete(key);
      const job = run()
        .catch((error: unknown) => log.warn("a source could not be read", { source: key, error: String(error) }))
        .finally(() => {
          running.delete(key);
          pump();
        });
      running.set(key, job);
    }
  }
}
