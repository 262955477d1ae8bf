import type { Logger } from "@roadbed/core";
import pg from "pg";

/** The server ends a lease that was silent this long. It must exceed the longest pause of the event loop: a million entities come into memory at once. */
export const TTL_MS = 30_000;
const BEATS_PER_TTL = 5;
/** Names the family of locks; the slot's number is the second half of the lock's key. */
const FAMILY = "roadbed-executor";
const CHANNEL = "roadbed_workflows";
const SLOTS = 256;

/** A place among the executors, held by a Postgres advisory lock on a connection of its own. */
export interface Lease {
  readonly slot: number;
  release(): Promise<void>;
}

export interface LeaseOptions {
  readonly url: string;
  readonly log: Logger;
  /** Called once, when the lock is no longer surely ours. The process must end: another one recovers its work. */
  readonly onLost: (reason: string) => void;
  /** A message that any process sent by `NOTIFY roadbed_workflows`. */
  readonly onMessage: (payload: string) => void;
  /** Runs on each beat, on the lease's own connection; its queries keep the lease alive. */
  readonly onBeat: (query: (text: string, values: unknown[]) => Promise<pg.QueryResult>) => Promise<void>;
  /** Default 30 000. */
  readonly ttlMs?: number | undefined;
}

/**
 * Takes the first free slot. The lock alone would be no lease, because a paused process keeps its connection: so the server
 * closes the connection when it hears nothing for the time to live, and whoever finds its connection closed must exit.
 */
export async function acquireLease(options: LeaseOptions): Promise<Lease> {
  const ttlMs = options.ttlMs ?? TTL_MS;
  const client = new pg.Client({ connectionString: options.url, keepAlive: true, application_name: "roadbed:lease" });
  let ended = false;
  const lose = (reason: string): void => {
    if (ended) return;
    ended = true;
    clearTimeout(timer);
    options.onLost(reason);
  };
  client.on("error", (error) => lose(error.message));
  client.on("end", () => lose("the connection was closed"));
  client.on("notification", ({ payload }) => options.onMessage(payload ?? ""));
  let timer: NodeJS.Timeout | undefined;
  await client.connect();
  await client.query(`set idle_session_timeout = ${ttlMs}; listen ${CHANNEL}`);
  const slot = await takeSlot(client);

  const beat = async (): Promise<void> => {
    const answered = options.onBeat((text, values) => client.query(text, values));
    // A server that is there but does not answer is as bad as one that is gone: its view of us is the one that counts.
    const late = setTimeout(() => lose(`the database did not answer for ${ttlMs} ms`), ttlMs);
    try {
      await answered;
    } catch (error) {
      options.log.warn("a beat of the workflow lease failed", { error: String(error) });
    } finally {
      clearTimeout(late);
    }
    schedule();
  };
  const schedule = (): void => {
    if (!ended) timer = setTimeout(() => void beat(), jitter(ttlMs / BEATS_PER_TTL));
  };
  schedule();

  return {
    slot,
    release: async () => {
      ended = true;
      clearTimeout(timer);
      await client.end().catch(() => {});
    },
  };
}

/** Tells every process something; cheap. */
export const NOTIFY = `select pg_notify('${CHANNEL}', $1)`;

async function takeSlot(client: pg.Client): Promise<number> {
  for (let slot = 0; slot < SLOTS; slot++) {
    const { rows } = await client.query<{ taken: boolean }>("select pg_try_advisory_lock(hashtext($1), $2) as taken", [FAMILY, slot]);
    if (rows[0]?.taken === true) return slot;
  }
  throw new Error(`all ${SLOTS} executor slots are taken`);
}

/** Runs `work` while holding a dead executor's lock; false when it is alive, or somebody else is at it. */
export async function takeOver(slot: number, work: () => Promise<void>, connect: () => Promise<pg.PoolClient>): Promise<boolean> {
  const client = await connect();
  try {
    await client.query("begin");
    const { rows } = await client.query<{ free: boolean }>("select pg_try_advisory_xact_lock(hashtext($1), $2) as free", [FAMILY, slot]);
    const free = rows[0]?.free === true;
    if (free) await work();
    await client.query("commit");
    client.release();
    return free;
  } catch (error) {
    client.release(true);
    throw error;
  }
}

/** ± 20 %, so that several processes do not beat together. */
function jitter(ms: number): number {
  return ms * (0.8 + Math.random() * 0.4);
}
