import { join } from "node:path";

import { openClickHouse, startClickHouse, type ClickHouse, type ClickHouseHealth } from "@roadbed/clickhouse";
import { UnavailableError, type Logger } from "@roadbed/core";
import { openDatabase, startPostgres } from "@roadbed/postgres";

import type { ServerOptions } from "./options.ts";

export interface PostgresStore {
  readonly url: string;
  stop(): Promise<void>;
}

export interface ClickHouseStore {
  readonly client: ClickHouse;
  health(): Promise<Pick<ClickHouseHealth, "ok" | "detail">>;
  stop(): Promise<void>;
}

/** The system of record: the one at DATABASE_URL, else the embedded one under the data folder. */
export async function openPostgresStore({ databaseUrl, dataDir }: ServerOptions, log: Logger): Promise<PostgresStore> {
  if (databaseUrl !== undefined) {
    await checkDatabase(databaseUrl, log);
    return { url: databaseUrl, stop: async () => {} };
  }
  return startPostgres({ dataDir: join(dataDir, "postgres"), log });
}

/** The telemetry store: the cluster at CLICKHOUSE_URL, else the embedded engine under the data folder. */
export async function openClickHouseStore({ clickhouse: external, dataDir }: ServerOptions, log: Logger): Promise<ClickHouseStore> {
  if (external !== undefined) {
    const client = openClickHouse({ ...external, log });
    return {
      client,
      health: async () => ((await client.ping()) ? { ok: true } : { ok: false, detail: `${external.url} does not answer` }),
      stop: () => client.close(),
    };
  }
  const server = await startClickHouse({ dataDir: join(dataDir, "clickhouse"), log });
  const client = openClickHouse({ url: server.url, password: server.password, database: "roadbed", log });
  return {
    client,
    health: () => server.health(),
    async stop() {
      await client.close();
      await server.stop();
    },
  };
}

/** Says what is wrong with a database of one's own before anything is built on it; never with the password in the address. */
async function checkDatabase(url: string, log: Logger): Promise<void> {
  const db = openDatabase({ url, log, max: 1 });
  try {
    await db.query("select 1");
  } catch (error) {
    const reason = error instanceof Error ? (error.cause instanceof Error ? error.cause : error).message : String(error);
    throw new UnavailableError(`The database at ${URL.parse(url)?.host ?? "DATABASE_URL"} cannot be used: ${reason}`, {
      mend: "Correct DATABASE_URL (postgres://user:password@host:port/database), or leave it out for the embedded one.",
      cause: error,
    });
  } finally {
    await db.close();
  }
}
