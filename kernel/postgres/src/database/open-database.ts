import { setTimeout as delay } from "node:timers/promises";

import type { Logger, Sql } from "@roadbed/core";
import pg from "pg";

import { isConnectionLost, toDatabaseError } from "./database-error.ts";

/** A pool of connections. `query` runs on any of them; `transaction` on one. */
export interface Database extends Sql {
  readonly url: string;
  readonly pool: pg.Pool;
  /** Commits when `work` resolves, rolls back when it rejects. Errors are `DomainError`s where the platform has a word for them. */
  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
  /** Whether the server answers now: no patience, two seconds at most. For health checks. */
  readonly ping: () => Promise<boolean>;
  readonly close: () => Promise<void>;
}

/** Opens a pool on any Postgres. While the server is away, a new connection is tried for `patienceMs` before `UnavailableError`. */
export function openDatabase(o: {
  readonly url: string;
  readonly log: Logger;
  readonly max?: number;
  readonly patienceMs?: number;
}): Database {
  const pool = new pg.Pool({
    connectionString: o.url,
    max: o.max ?? 10,
    idleTimeoutMillis: 30_000,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    application_name: `roadbed:${process.pid}`,
  });
  // Without a listener, a connection that dies while idle would end the process.
  pool.on("error", (error) => o.log.warn("an idle database connection was lost", { error: error.message }));
  // The same while it is in use, between two statements; the next statement tells its caller.
  pool.on("connect", (client) => void client.on("error", () => {}));
  const connect = (): Promise<pg.PoolClient> => connectPatiently(pool, o.patienceMs ?? 5_000);
  let closing: Promise<void> | undefined;

  return {
    url: o.url,
    pool,
    query: async (text, values) => {
      const client = await connect();
      return queryAndRelease(client, text, values);
    },
    transaction: async (work) => inTransaction(await connect(), work),
    ping: () => answersNow(o.url),
    close: () => (closing ??= pool.end()),
  };
}

/** On a connection of its own: a pool that is busy is no sign of a server that is away. */
async function answersNow(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000, query_timeout: 2_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query("select 1");
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

/** Only connecting is tried again: then nothing was sent, so nothing can be done twice. */
async function connectPatiently(pool: pg.Pool, patienceMs: number): Promise<pg.PoolClient> {
  const until = Date.now() + patienceMs;
  for (let wait = 25; ; wait = Math.min(wait * 2, 400)) {
    try {
      return await pool.connect();
    } catch (error) {
      if (!isConnectionLost(error) || Date.now() + wait > until) throw toDatabaseError(error);
      await delay(wait);
    }
  }
}

async function queryAndRelease<R extends pg.QueryResultRow>(
  client: pg.PoolClient,
  text: string,
  values: readonly unknown[] | undefined,
): Promise<{ rows: R[]; rowCount: number }> {
  let broken = false;
  try {
    return await run<R>(client, text, values);
  } catch (error) {
    broken = isConnectionLost(error);
    throw toDatabaseError(error);
  } finally {
    client.release(broken);
  }
}

async function inTransaction<T>(client: pg.PoolClient, work: (sql: Sql) => Promise<T>): Promise<T> {
  let broken = false;
  const sql: Sql = {
    query: async (text, values) => {
      try {
        return await run(client, text, values);
      } catch (error) {
        throw toDatabaseError(error);
      }
    },
  };
  try {
    await client.query("begin");
    const result = await work(sql);
    await client.query("commit");
    return result;
  } catch (error) {
    if (isConnectionLost(error)) broken = true;
    await client.query("rollback").catch(() => void (broken = true));
    throw toDatabaseError(error);
  } finally {
    client.release(broken);
  }
}

async function run<R extends pg.QueryResultRow>(
  client: pg.PoolClient,
  text: string,
  values: readonly unknown[] | undefined,
): Promise<{ rows: R[]; rowCount: number }> {
  const { rows, rowCount } = await client.query<R>(text, values === undefined ? undefined : [...values]);
  return { rows, rowCount: rowCount ?? 0 };
}
