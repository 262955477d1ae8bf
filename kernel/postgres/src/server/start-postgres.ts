import { setTimeout as delay } from "node:timers/promises";

import type { Logger } from "@roadbed/core";
import pg from "pg";

import { bringUp } from "./bring-up.ts";
import { layOut, portOf, urlOf, type Layout } from "./layout.ts";
import { yieldOwnership } from "./owner.ts";
import { livePostmaster, shutDown } from "./postmaster.ts";
import { withStartLock } from "./start-lock.ts";

export interface EmbeddedPostgres {
  /** Of the database `roadbed`, over a unix socket. */
  readonly url: string;
  /** True when a living server was found and taken over instead of started. */
  readonly adopted: boolean;
  /** Where it listens by TCP, if it was asked to. */
  readonly port: number | undefined;
  /** The postmaster's process id now; another one after a restart. */
  readonly pid: number;
  readonly dataDir: string;
  /** Stops supervising, and the server too if we own it and nobody else is connected. */
  readonly stop: () => Promise<void>;
  /** Called each time the server was lost; it is being restarted then. */
  readonly onLost: (listener: () => void) => void;
}

export interface StartOptions {
  readonly dataDir: string;
  readonly log: Logger;
  /** Overrides single server settings (`postgresql.conf` names). */
  readonly settings?: Readonly<Record<string, string>>;
  /**
   * Also listen at 127.0.0.1, on a port that stays the same where it can: whoever comes in there gives a password (SCRAM), reaches only the
   * database named like its role, and is never the superuser.
   */
  readonly tcp?: boolean;
}

const DATABASE = "roadbed";
const SUPERVISOR = "roadbed-supervisor";
const LONGEST_PAUSE_MS = 10_000;

/**
 * Brings up the embedded server on a data folder, or adopts the one that already runs there, and keeps it up.
 *
 * The server outlives the process that started it: a killed Roadbed loses nothing and its successor adopts. Several
 * processes may supervise one folder; a lock file makes them decide one after the other. One of them is the owner
 * (the note `owner`); the owner stops the server when it leaves last, and a dead owner's place is taken by whoever comes.
 */
export async function startPostgres(o: StartOptions): Promise<EmbeddedPostgres> {
  const layout = layOut(o.dataDir, { tcp: o.tcp === true });
  let state = await bringUp(layout, o);
  await ensureDatabase(layout);
  const adopted = state.adopted;

  const listeners = new Set<() => void>();
  const stopping = new AbortController();
  let keeper = await openKeeper(layout);
  const supervised = supervise();

  return {
    url: urlOf(layout, DATABASE),
    adopted,
    get pid() {
      return state.pid;
    },
    get port() {
      return portOf(layout);
    },
    dataDir: layout.home,
    onLost: (listener) => void listeners.add(listener),
    stop: async () => {
      if (stopping.signal.aborted) return supervised;
      stopping.abort();
      await keeper.close();
      await supervised;
      await withStartLock(layout.lockFile, () => leave(layout, o.log));
    },
  };

  /** The keeper's connection ends the moment the server does; then the server is brought up again, and again, with growing pauses. */
  async function supervise(): Promise<void> {
    for (;;) {
      await keeper.ended;
      if (stopping.signal.aborted) return;
      o.log.error("the database was lost; bringing it up again", { pid: state.pid });
      for (const listener of listeners) listener();
      await bringUpAgain();
    }
  }

  async function bringUpAgain(): Promise<void> {
    for (let failures = 0; !stopping.signal.aborted;) {
      try {
        state = await bringUp(layout, o);
        keeper = await openKeeper(layout);
        if (stopping.signal.aborted) await keeper.close();
        return;
      } catch (error) {
        failures++;
        o.log.error("the database could not be brought up", { error: (error as Error).message, failures });
        await delay(Math.min(100 * 2 ** failures, LONGEST_PAUSE_MS), undefined, { signal: stopping.signal }).catch(() => {});
      }
    }
  }
}

/** One idle connection of the supervisor: it notices the server's end, and shows others that somebody still needs it. */
async function openKeeper(layout: Layout): Promise<{ readonly ended: Promise<void>; readonly close: () => Promise<void> }> {
  const client = new pg.Client({ connectionString: urlOf(layout, "postgres"), application_name: SUPERVISOR, keepAlive: true });
  const ended = new Promise<void>((resolve) => client.once("end", () => resolve()));
  client.on("error", () => {});
  await client.connect();
  return { ended, close: () => client.end().catch(() => {}) };
}

/** The last to leave turns off the light; an owner who is not the last leaves the ownership to the others. */
async function leave(layout: Layout, log: Logger): Promise<void> {
  if (!yieldOwnership(layout.ownerFile)) return;
  const pid = livePostmaster(layout);
  if (pid === undefined) return;
  const others = await countOthers(layout);
  if (others > 0) return log.info("left the database running: others are connected", { clients: others });
  if (!(await shutDown(pid))) log.warn("the database did not stop within 30 s; left it", { pid });
}

/** Counted again for two seconds: connections that we just closed take a moment to vanish. */
async function countOthers(layout: Layout): Promise<number> {
  return withAdmin(layout, async (client) => {
    for (let tries = 0; ; tries++) {
      const { rows } = await client.query<{ n: number }>(
        "select count(*)::int as n from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()",
      );
      const n = rows[0]?.n ?? 0;
      if (n === 0 || tries >= 20) return n;
      await delay(100);
    }
  }).catch(() => 0);
}

async function ensureDatabase(layout: Layout): Promise<void> {
  await withAdmin(layout, async (client) => {
    const { rowCount } = await client.query("select 1 from pg_database where datname = $1", [DATABASE]);
    if (rowCount === 0) await client.query(`create database ${DATABASE}`);
  }).catch((error: unknown) => {
    // 42P04, 23505: another process made it at the same time.
    if (!["42P04", "23505"].includes((error as { code?: string }).code ?? "")) throw error;
  });
}

async function withAdmin<T>(layout: Layout, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: urlOf(layout, "postgres"), application_name: SUPERVISOR });
  client.on("error", () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
