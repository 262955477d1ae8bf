import { createHash, randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";

import { DomainError, type Logger, type Sql } from "@roadbed/core";

import { SOURCE_COLUMNS, type SourceRow } from "../source/source-store.ts";
import type { Connectors } from "./connectors.ts";

/** How often it is looked which sources there are, and how long a process that says nothing keeps one. */
const LOOK_MS = 5_000;
const LEASE = "20 seconds";
/** After a connection that broke; doubled with each that follows. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 10 * 60_000;
/** A connection that stood so long was a good one. */
const GOOD_MS = 60_000;

/** Holds the connections over which systems tell of changes. What they tell is only that there are some: the source is read then. */
export interface Follower {
  start(): void;
  stop(): Promise<void>;
}

export function createFollower(deps: {
  readonly db: Sql;
  readonly log: Logger;
  readonly connectors: Connectors;
  /** Reads a source soon. */
  readonly schedule: (sourceId: string) => void;
  /** Default 5 s. */
  readonly lookMs?: number;
}): Follower {
  const { db, log, connectors, schedule } = deps;
  const me = randomUUID();
  const kinds = connectors.all.filter((one) => one.watch !== undefined).map(({ kind }) => kind);
  const held = new Map<string, { readonly mark: string; readonly ended: AbortController; readonly done: Promise<void> }>();
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;
  let stopped = false;

  return {
    start: () => {
      if (kinds.length === 0) return;
      timer = setInterval(wake, deps.lookMs ?? LOOK_MS).unref();
      wake();
    },
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      await looking;
      const all = [...held.values()];
      for (const { ended } of all) ended.abort();
      await Promise.all(all.map(({ done }) => done));
      await db.query("update catalog.source set followed_by = null, followed_until = null where followed_by = $1", [me]).catch(() => {});
    },
  };

  function wake(): void {
    if (stopped) return;
    looking ??= look()
      .catch((error: unknown) => log.warn("the sources to be followed could not be read", { error: String(error) }))
      .finally(() => (looking = undefined));
  }

  async function look(): Promise<void> {
    const { rows } = await db.query<Record<string, unknown>>(
      `update catalog.source set followed_by = $1, followed_until = now() + interval '${LEASE}'
       where kind = 'connector' and watch and paused_at is null and connector = any($2)
         and (followed_by = $1 or followed_by is null or followed_until < now())
       returning ${SOURCE_COLUMNS}`,
      [me, kinds],
    );
    const mine = new Map((rows as unknown as SourceRow[]).map((row) => [row.id, row]));
    for (const [id, one] of held) {
      const row = mine.get(id);
      if (row && markOf(row) === one.mark) continue;
      one.ended.abort();
      held.delete(id);
    }
    for (const [id, row] of mine) {
      if (held.has(id) || stopped) continue;
      const ended = new AbortController();
      held.set(id, { mark: markOf(row), ended, done: follow(row, ended.signal) });
    }
  }

  async function follow(source: SourceRow, signal: AbortSignal): Promise<void> {
    const connector = connectors.get(source.connector!);
    let wait = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      const began = Date.now();
      try {
        const settings = await connectors.settingsOf(source);
        const call = connectors.call({ state: {}, signal, now: () => new Date(), hours: 24 });
        for await (const _ of connector.watch!(settings, call)) {
          if (signal.aborted) return;
          schedule(source.id);
        }
      } catch (error) {
        if (signal.aborted) return;
        const said = error instanceof DomainError ? error.message : String(error);
        log.warn("a source cannot be followed; it is read by its schedule", { source: source.id, error: said });
      }
      wait = Date.now() - began > GOOD_MS ? FIRST_PAUSE_MS : Math.min(LONGEST_PAUSE_MS, wait * 2);
      await pause(wait, undefined, { signal, ref: false }).catch(() => {});
    }
  }
}

/** Differs when it has to be begun anew. */
function markOf({ settings, secrets }: SourceRow): string {
  return createHash("sha256")
    .update(JSON.stringify(settings))
    .update(secrets ?? "")
    .digest("hex");
}
