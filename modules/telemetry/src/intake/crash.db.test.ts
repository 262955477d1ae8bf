import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { migrateClickHouse, openClickHouse, startClickHouse } from "@roadbed/clickhouse";
import { quietLog } from "@roadbed/testkit";
import { expect, test } from "vitest";

import { encodeMessage } from "../fixtures/otlp-messages.ts";
import { clickhouseMigrations, createTelemetry } from "../index.ts";

const SPANS = 50;

test("kill -9 of the store while telemetry comes in: what was acknowledged is there, once, and counted once", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "roadbed-telemetry-"));
  const engine = await startClickHouse({ dataDir, log: quietLog });
  const clickhouse = openClickHouse({ url: engine.url, password: engine.password, database: "t", log: quietLog });
  try {
    await migrateClickHouse(clickhouse, [clickhouseMigrations]);
    const telemetry = createTelemetry({ clickhouse, log: quietLog });
    let over = false;
    let request = 0;
    let acknowledged = 0;
    const sendOn = async () => {
      while (!over) {
        const body = requestOf(request++);
        const answer = await telemetry.intake.ingest({
          signal: "traces",
          contentType: "application/x-protobuf",
          contentEncoding: undefined,
          body,
        });
        acknowledged += answer.accepted;
      }
    };
    const senders = Array.from({ length: 50 }, sendOn);
    for (let kill = 0; kill < 3; kill++) {
      const before = acknowledged;
      await expect.poll(() => acknowledged, { timeout: 20_000 }).toBeGreaterThan(before);
      await delay(Math.random() * 120);
      process.kill(engine.pid() ?? 0, "SIGKILL");
      await expect.poll(async () => (await engine.health()).restarts, { timeout: 20_000 }).toBe(kill + 1);
    }
    over = true;
    await Promise.all(senders);

    expect(acknowledged).toBe(request * SPANS);
    expect(await clickhouse.query("select count() as n, uniqExact(span_id) as ids from spans")).toEqual([
      { n: acknowledged, ids: acknowledged },
    ]);
    expect(
      await clickhouse.query(
        "select sum(requests) as n, quantilesTDigestMerge(0.5, 0.95, 0.99)(durations)[1] > 0 as timed from red_minute",
      ),
    ).toEqual([{ n: acknowledged, timed: 1 }]);
    await telemetry.stop();
  } finally {
    await clickhouse.close();
    await engine.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
});

function requestOf(n: number): Uint8Array {
  const now = BigInt(Date.now()) * 1_000_000n;
  const spans = Array.from({ length: SPANS }, (_, i) => {
    const spanId = Buffer.alloc(8);
    spanId.writeUInt32BE(n * SPANS + i + 1, 4);
    const traceId = Buffer.concat([spanId, spanId]);
    return { traceId, spanId, name: `op${i % 5}`, kind: 2, startTimeUnixNano: String(now), endTimeUnixNano: String(now + 3_000_000n) };
  });
  return encodeMessage("ExportTraceServiceRequest", { resourceSpans: [{ scopeSpans: [{ spans }] }] });
}
