import type { DomainEvent, Logger } from "@roadbed/core";

import type { Database } from "../database/open-database.ts";
import { readEvents, readHead } from "./event-row.ts";
import { listenForEvents } from "./listen.ts";

export interface EventWatch {
  /** Calls `listener` with every event committed from now on, in order. Answers the function that ends it. */
  subscribe(listener: (event: DomainEvent) => void): () => void;
  /** Resolves when the position is known: every event committed after that is told. */
  readonly ready: Promise<void>;
  readonly close: () => Promise<void>;
}

/** Every new event once per process, for live screens. Keeps no position: who was away reads the log. */
export function watchEvents(o: { readonly db: Database; readonly log: Logger; readonly pollMs?: number }): EventWatch {
  const listeners = new Set<(event: DomainEvent) => void>();
  let position: bigint | undefined;
  let running: Promise<void> | undefined;
  let again = false;
  const known = Promise.withResolvers<void>();
  const listening = listenForEvents({ url: o.db.url, log: o.log, pollMs: o.pollMs ?? 2_000, onWake: wake });

  return {
    ready: known.promise,
    subscribe: (listener) => {
      listeners.add(listener);
      wake();
      return () => void listeners.delete(listener);
    },
    close: async () => {
      listeners.clear();
      await listening.close();
      await running;
    },
  };

  function wake(): void {
    again = true;
    running ??= readAll().finally(() => (running = undefined));
  }

  async function readAll(): Promise<void> {
    try {
      while (again) {
        again = false;
        await readNew();
      }
    } catch (error) {
      o.log.debug("new events could not be read yet", { error: (error as Error).message });
    }
  }

  async function readNew(): Promise<void> {
    position ??= await readHead(o.db);
    known.resolve();
    for (;;) {
      const events = await readEvents(o.db, { after: position, limit: 500 });
      for (const event of events) {
        position = event.seq;
        for (const listener of listeners) tell(listener, event);
      }
      if (events.length < 500) return;
    }
  }

  function tell(listener: (event: DomainEvent) => void, event: DomainEvent): void {
    try {
      listener(event);
    } catch (error) {
      o.log.error("a listener to events failed", { event: event.name, error: String(error) });
    }
  }
}
