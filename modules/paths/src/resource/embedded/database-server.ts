import type { Logger } from "@roadbed/core";
import { openDatabase, startPostgres, type Database, type EmbeddedPostgres } from "@roadbed/postgres";
import { existsSync } from "node:fs";
import { join } from "node:path";

/**
 * The server for other people's databases: the embedded Postgres once more, as a cluster of its own beside the platform's. So no role
 * of theirs stands in the platform's cluster, and what they use up (connections, log, memory) they use up among themselves.
 */
export interface DatabaseServer {
  /** Begins it if it was used before; else the first `use` does. */
  start(): Promise<void>;
  /** As its superuser, over the socket. */
  use<T>(work: (admin: Database, at: { readonly host: string; readonly port: number }) => Promise<T>): Promise<T>;
  /** As its superuser, inside one of the made databases. */
  inside<T>(database: string, work: (admin: Database) => Promise<T>): Promise<T>;
  /** Whether it was ever used: asking it is not to make it. */
  exists(): boolean;
  /** Where it listens now; undefined while it does not. */
  port(): number | undefined;
  stop(): Promise<void>;
}

/** Small: it stands beside the platform's own on one machine. */
const SETTINGS = {
  shared_buffers: "32MB",
  max_connections: "200",
  work_mem: "4MB",
  maintenance_work_mem: "32MB",
  autovacuum_max_workers: "1",
};
const HOST = "127.0.0.1";

export function createDatabaseServer({ dataDir, log }: { readonly dataDir: string; readonly log: Logger }): DatabaseServer {
  let opening: Promise<{ readonly server: EmbeddedPostgres; readonly admin: Database }> | undefined;

  async function open(): Promise<{ readonly server: EmbeddedPostgres; readonly admin: Database }> {
    const server = await startPostgres({ dataDir, log, settings: SETTINGS, tcp: true });
    return { server, admin: openDatabase({ url: server.url, log, max: 3 }) };
  }
  let port: number | undefined;
  async function opened(): Promise<{ readonly server: EmbeddedPostgres; readonly admin: Database }> {
    opening ??= open().catch((error: unknown) => ((opening = undefined), Promise.reject(error)));
    const both = await opening;
    port = both.server.port;
    return both;
  }

  return {
    async start() {
      if (this.exists()) await opened();
    },
    async use(work) {
      const { admin, server } = await opened();
      return work(admin, { host: HOST, port: server.port ?? 0 });
    },
    async inside(database, work) {
      const { server } = await opened();
      const url = new URL(server.url);
      url.pathname = `/${database}`;
      const db = openDatabase({ url: url.href, log, max: 1 });
      try {
        return await work(db);
      } finally {
        await db.close();
      }
    },
    exists: () => existsSync(join(dataDir, "cluster", "PG_VERSION")),
    port: () => port,
    async stop() {
      const both = await opening?.catch(() => undefined);
      opening = undefined;
      await both?.admin.close();
      await both?.server.stop();
    },
  };
}
