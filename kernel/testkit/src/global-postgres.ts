import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { startPostgres } from "@roadbed/postgres";

import { offerClickHouse } from "./lazy-clickhouse.ts";
import { quietLog } from "./logs.ts";

const PREFIX = "roadbed-test-pg-";

/** vitest's global setup: one Postgres for all test files, and a telemetry engine for those that ask, told by the environment. It dies with the run, or with the next one. */
export default async function setup(): Promise<() => Promise<void>> {
  await removeForgotten();
  const dataDir = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
  const server = await startPostgres({
    dataDir,
    log: quietLog,
    // Tests kill processes, never the power: nothing they prove needs a disk that was waited for.
    settings: { fsync: "off", max_connections: "200", shared_buffers: "64MB" },
  });
  const engine = await offerClickHouse();
  process.env["ROADBED_TEST_POSTGRES"] = server.url;
  process.env["ROADBED_TEST_CLICKHOUSE"] = engine.url;
  return async () => {
    await engine.close();
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
}

/** A run that was killed leaves its server behind; its folder bears the run's process id. */
async function removeForgotten(): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(PREFIX))) {
    const pid = Number(name.slice(PREFIX.length).split("-")[0]);
    if (isAlive(pid)) continue;
    const dataDir = join(tmpdir(), name);
    const server = await startPostgres({ dataDir, log: quietLog }).catch(() => undefined);
    await server?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
