import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { ClickHouseServer } from "@roadbed/clickhouse";

import { quietLog } from "./logs.ts";

export interface EngineAddress {
  readonly url: string;
  readonly password: string;
}

/** Offers one telemetry engine to all test files of a run, started when the first of them asks: most runs never do. */
export async function offerClickHouse(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const path = `/${randomBytes(12).toString("hex")}`;
  let engine: Promise<ClickHouseServer> | undefined;
  const dataDir = mkdtempSync(join(tmpdir(), "roadbed-test-ch-"));
  const server = createServer((request, response) => {
    if (request.url !== path) return void response.writeHead(404).end();
    engine ??= start(dataDir);
    engine.then(
      ({ url, password }) => response.end(JSON.stringify({ url, password } satisfies EngineAddress)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await (await engine?.catch(() => undefined))?.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function start(dataDir: string): Promise<ClickHouseServer> {
  const { startClickHouse } = await import("@roadbed/clickhouse");
  return startClickHouse({ dataDir, log: quietLog });
}
