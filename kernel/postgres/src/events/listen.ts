import { setTimeout as delay } from "node:timers/promises";

import type { Logger } from "@roadbed/core";
import pg from "pg";

/** Says "look again" whenever events were committed, and every `pollMs` in any case: a notification is a hint, never the only way. */
export function listenForEvents(o: { readonly url: string; readonly log: Logger; readonly pollMs: number; readonly onWake: () => void }): {
  readonly ready: Promise<void>;
  close(): Promise<void>;
} {
  const ready = Promise.withResolvers<void>();
  const closing = new AbortController();
  let client: pg.Client | undefined;
  const timer = setInterval(o.onWake, o.pollMs);
  timer.unref();
  const finished = keepListening();

  return {
    ready: ready.promise,
    close: async () => {
      closing.abort();
      clearInterval(timer);
      await client?.end().catch(() => {});
      await finished;
    },
  };

  async function keepListening(): Promise<void> {
    for (let failures = 0; !closing.signal.aborted;) {
      try {
        const { ended } = await connect();
        failures = 0;
        ready.resolve();
        o.onWake();
        await ended;
      } catch (error) {
        failures++;
        o.log.debug("listening for events: no connection yet", { error: (error as Error).message });
      }
      ready.resolve();
      await delay(Math.min(50 * 2 ** failures, 5_000), undefined, { signal: closing.signal }).catch(() => {});
    }
  }

  async function connect(): Promise<{ ended: Promise<void> }> {
    const opened = new pg.Client({ connectionString: o.url, keepAlive: true, application_name: `roadbed:${process.pid}` });
    const ended = new Promise<void>((resolve) => opened.once("end", () => resolve()));
    opened.on("error", () => {});
    opened.on("notification", o.onWake);
    client = opened;
    await opened.connect();
    await opened.query("listen roadbed_event");
    return { ended };
  }
}
