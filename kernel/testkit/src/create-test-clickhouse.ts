import { randomBytes } from "node:crypto";

import type { ClickHouse } from "@roadbed/clickhouse";

import type { EngineAddress } from "./lazy-clickhouse.ts";
import { quietLog } from "./logs.ts";

export interface TestClickHouse {
  readonly url: string;
  readonly password: string;
  readonly client: ClickHouse;
  /** Closes the client and removes the database. */
  readonly close: () => Promise<void>;
}

/** An empty database of its own in the run's one telemetry engine. */
export async function createTestClickHouse(): Promise<TestClickHouse> {
  const offer = process.env["ROADBED_TEST_CLICKHOUSE"];
  if (offer === undefined) throw new Error("No test engine: name the file *.db.test.ts, so that it runs in the suite that has one.");
  const response = await fetch(offer);
  if (!response.ok) throw new Error(`The test engine did not start: ${await response.text()}`);
  const { url, password } = (await response.json()) as EngineAddress;
  const { openClickHouse } = await import("@roadbed/clickhouse");
  const client = openClickHouse({ url, password, database: `test_${randomBytes(6).toString("hex")}`, log: quietLog });
  await client.createDatabase();
  return {
    url,
    password,
    client,
    close: async () => {
      await client.command(`drop database if exists ${client.database}`);
      await client.close();
    },
  };
}
