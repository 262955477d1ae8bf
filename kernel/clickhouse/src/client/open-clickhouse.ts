import { ClickHouseLogLevel, createClient, type ClickHouseSettings } from "@clickhouse/client";
import type { Logger } from "@roadbed/core";

import { renderSql } from "../migrations/render-sql.ts";
import { toDomainError } from "./errors.ts";
import { createPoster } from "./post.ts";
import { isBroken, isUnreached, retrying } from "./retry.ts";

export interface ClickHouseOptions {
  /** The embedded face or a server, e.g. `http://127.0.0.1:8123`; a name and password in it are used. */
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  readonly database: string;
  readonly log: Logger;
  /** Name of the cluster whose tables are replicated; absent for one node and for the embedded engine. */
  readonly cluster?: string;
  /** How long an insert is tried again while nothing answers. Default 20 s. */
  readonly insertRetryMs?: number;
}

export interface QueryOptions {
  /** Values of `{name:Type}` placeholders. */
  readonly params?: Record<string, unknown>;
  readonly settings?: ClickHouseSettings;
  readonly signal?: AbortSignal;
  /** Who asks, e.g. an operation's name: stands in front of the SQL in the engine's lists. */
  readonly who?: string;
  /** SQL written by a user: read only, with limits, one statement, and no way to files or the network. */
  readonly user?: boolean;
}

export interface InsertBlockOptions {
  /** The same token never inserts twice, however often it is sent. */
  readonly token: string;
  readonly rows: number;
}

/** The telemetry store. Errors are `DomainError`s, except for faults in our own SQL, which stay `ClickHouseError`. */
export interface ClickHouse {
  readonly database: string;
  readonly cluster: string | undefined;
  /** Rows of a query, read as JSON: 64-bit integers are numbers unless the SQL makes them text. */
  query<R>(sql: string, o?: QueryOptions): Promise<R[]>;
  /** A statement without rows. `{{r}}`, `{{on_cluster}}` and `{{local}}` are filled in. */
  command(sql: string, o?: QueryOptions): Promise<void>;
  insertRows(table: string, rows: readonly object[], o?: { readonly token?: string; readonly columns?: readonly string[] }): Promise<void>;
  /** Inserts RowBinary. One block (up to a million rows or 256 MB) makes one part per partition, whole or not at all. */
  insertBlock(table: string, columns: readonly string[], body: Uint8Array, o: InsertBlockOptions): Promise<void>;
  createDatabase(): Promise<void>;
  ping(): Promise<boolean>;
  close(): Promise<void>;
}

const READ_RETRY_MS = 5_000;
const INSERT_RETRY_MS = 20_000;
const REQUEST_MS = 310_000;
/** Tables behind materialised views drop a repeated block too, so counts made by them stay right. */
const DEDUPLICATE = { insert_deduplicate: "1", deduplicate_blocks_in_dependent_materialized_views: "1" };
const USER_LIMITS: ClickHouseSettings = {
  max_execution_time: 30,
  max_result_rows: "10000",
  max_memory_usage: "1000000000",
  readonly: "1",
};

/**
 * Opens the store. What breaks while the embedded engine is being replaced is tried again: reads always, inserts
 * under their deduplication token, other statements only when they cannot have arrived.
 */
export function openClickHouse(o: ClickHouseOptions): ClickHouse {
  const { url, username, password } = readAddress(o);
  const connection = { url, username, password };
  const client = createClient({
    ...connection,
    database: o.database,
    request_timeout: REQUEST_MS,
    max_open_connections: 16,
    keep_alive: { enabled: true, idle_socket_ttl: 2_500 },
    application: "roadbed",
    log: { level: ClickHouseLogLevel.OFF },
  });
  const poster = createPoster({ ...connection, timeoutMs: REQUEST_MS });

  async function read<R>(sql: string, { params, settings, signal, who, user }: QueryOptions = {}): Promise<R[]> {
    const ask = async () => {
      const result = await client.query({
        query: tagged(sql, who),
        format: "JSONEachRow",
        query_params: params ?? {},
        clickhouse_settings: {
          output_format_json_quote_64bit_integers: 0,
          ...settings,
          wait_end_of_query: 1,
          ...(user === true ? USER_LIMITS : {}),
        },
        ...(signal === undefined ? {} : { abort_signal: signal }),
      });
      return result.json<R>();
    };
    return retrying(ask, { forMs: READ_RETRY_MS, signal, when: isBroken }).catch((error: unknown) => {
      throw toDomainError(error, signal);
    });
  }

  async function send(params: Record<string, string>, body: Uint8Array): Promise<void> {
    const forMs = o.insertRetryMs ?? INSERT_RETRY_MS;
    // In a cluster the answer must not come before the row is on its node.
    const whole = o.cluster === undefined ? {} : { distributed_foreground_insert: "1" };
    const attempt = () => poster.post({ database: o.database, ...DEDUPLICATE, ...whole, ...params }, body);
    await retrying(attempt, { forMs, when: isBroken }).catch((error: unknown) => {
      throw toDomainError(error);
    });
  }

  return {
    database: o.database,
    cluster: o.cluster,
    query: read,
    async command(sql, { params, settings, signal, who } = {}) {
      const query = tagged(renderSql(sql, o.cluster), who);
      const run = () =>
        client.command({
          query,
          query_params: params ?? {},
          clickhouse_settings: { ...settings },
          ...(signal === undefined ? {} : { abort_signal: signal }),
        });
      await retrying(run, { forMs: READ_RETRY_MS, signal, when: isUnreached }).catch((error: unknown) => {
        throw toDomainError(error, signal);
      });
    },
    async insertRows(table, rows, { token = crypto.randomUUID(), columns } = {}) {
      if (rows.length === 0) return;
      const text = rows.map((row) => JSON.stringify(row)).join("\n");
      const query = `INSERT INTO ${table}${listOf(columns)} FORMAT JSONEachRow`;
      await send({ query, insert_deduplication_token: token, date_time_input_format: "best_effort" }, Buffer.from(`${text}\n`));
    },
    async insertBlock(table, columns, body, { token, rows }) {
      if (rows === 0) return;
      await send({ query: `INSERT INTO ${table}${listOf(columns)} FORMAT RowBinary`, insert_deduplication_token: token }, body);
    },
    async createDatabase() {
      const on = renderSql("{{on_cluster}}", o.cluster);
      const query = `CREATE DATABASE IF NOT EXISTS \`${o.database.replaceAll("`", "\\`")}\` ${on}`;
      await retrying(() => poster.post({}, Buffer.from(query)), { forMs: INSERT_RETRY_MS, when: isBroken }).catch((error: unknown) => {
        throw toDomainError(error);
      });
    },
    async ping() {
      const rows = await read<{ one: number }>("select 1 as one").catch((error: unknown) => {
        o.log.debug("telemetry store does not answer", { error: String(error) });
        return [];
      });
      return rows[0]?.one === 1;
    },
    async close() {
      poster.close();
      await client.close();
    },
  };
}

function listOf(columns: readonly string[] | undefined): string {
  return columns === undefined ? "" : ` (${columns.join(", ")})`;
}

/** Without stars and slashes a name cannot end the comment. */
function tagged(sql: string, who: string | undefined): string {
  return who === undefined ? sql : `/* ${who.replaceAll(/[*/]/g, "_")} */ ${sql}`;
}

function readAddress({ url, username, password }: ClickHouseOptions): { url: string; username: string; password: string } {
  const address = new URL(url);
  const named = { username: decodeURIComponent(address.username), password: decodeURIComponent(address.password) };
  address.username = "";
  address.password = "";
  return {
    url: address.toString(),
    username: username ?? (named.username || "default"),
    password: password ?? named.password,
  };
}
