import * as contract from "@roadbed/contracts/telemetry";
import { callAs } from "@roadbed/testkit";
import { describe, expect, test } from "vitest";

import { minutesAgo, tracesOf, windowAround } from "../fixtures/spans-of.ts";
import { useTelemetry } from "../fixtures/use-telemetry.suite.ts";
import { createRowWriter } from "../otlp/row-writer.ts";
import { SPAN_COLUMNS, transcodeTraces } from "../otlp/transcode-traces.ts";

const it = useTelemetry();
const { call, rows, send } = it;

describe("rates, errors and durations", () => {
  test("are exact for a known set: entering spans only, per operation and minute", async () => {
    const at = minutesAgo(5);
    await send(
      tracesOf({
        shop: [
          ...Array.from({ length: 40 }, (_, i) => ({
            id: 100 + i,
            trace: 100 + i,
            at: at + i,
            ms: i + 1,
            failed: i < 4,
            name: i % 4 === 0 ? "POST /buy" : "GET /",
          })),
          ...Array.from({ length: 60 }, (_, i) => ({
            id: 500 + i,
            parent: 100,
            at: at + i,
            kind: 3,
            ms: 900,
            failed: true,
            name: "call stock",
          })),
          { id: 700, at, kind: 1, name: "tick", ms: 5_000 },
        ],
        cron: [
          { id: 800, trace: 9, at, kind: 1, name: "nightly", ms: 7 },
          { id: 801, trace: 9, parent: 800, at, kind: 1, name: "step" },
        ],
      }),
    );
    await send(tracesOf({ shop: [{ id: 900, trace: 3, at: at - 60_000, ms: 20 }] }));

    const shop = await call(contract.getService, { service: "shop", from: new Date(at - 3_600_000).toISOString() });
    expect(shop.summary).toMatchObject({ requests: 41, errors: 4, health: "failing", sample: false });
    expect(shop.series.map(({ at: step, requests, errors }) => ({ at: new Date(step).getTime(), requests, errors }))).toEqual([
      { at: at - 90_000, requests: 1, errors: 0 },
      { at: at - 30_000, requests: 40, errors: 4 },
    ]);
    expect(shop.operations.map(({ operation, requests, errors }) => ({ operation, requests, errors }))).toEqual([
      { operation: "GET /", requests: 31, errors: 3 },
      { operation: "POST /buy", requests: 10, errors: 1 },
    ]);
    const busiest = shop.series[1];
    expect(busiest?.p50Ms).toBeGreaterThanOrEqual(20);
    expect(busiest?.p50Ms).toBeLessThanOrEqual(21);
    expect(busiest?.p95Ms).toBeGreaterThan(36);
    expect(busiest?.p99Ms).toBeLessThanOrEqual(40);
    expect(busiest?.requestsPerSecond).toBeCloseTo(40 / 60);

    const { items } = await call(contract.listServices, {});
    expect(items.map(({ service, requests, health }) => ({ service, requests, health }))).toEqual([
      { service: "cron", requests: 1, health: "ok" },
      { service: "shop", requests: 41, health: "failing" },
    ]);
  });

  test("a short window is counted in seconds, from the spans themselves, and agrees", async () => {
    const at = minutesAgo(3);
    await send(
      tracesOf({ shop: [0, 1, 2, 20].map((second, i) => ({ id: i + 1, trace: i + 1, at: at + second * 1_000, failed: second === 20 })) }),
    );
    const short = await call(contract.getService, { service: "shop", ...windowAround(at) });
    expect(short).toMatchObject({ stepSeconds: 1, summary: { requests: 4, errors: 1 } });
    expect(short.series.map(({ requests }) => requests)).toEqual([1, 1, 1, 1]);
    const long = await call(contract.getService, { service: "shop" });
    expect(long.summary).toMatchObject({ requests: 4, errors: 1 });
  });

  test("the receipt is the query itself", async () => {
    const at = minutesAgo(2);
    await send(tracesOf({ "it's": [{ id: 1, at }] }));
    const { query, series } = await call(contract.getService, { service: "it's" });
    expect(await rows<{ requests: number }>(query)).toMatchObject(series.map(({ requests }) => ({ requests })));
  });

  test("without data is unknown and without figures, not zero per cent and fine", async () => {
    const { summary, series } = await call(contract.getService, { service: "nobody" });
    expect(summary).toMatchObject({ requests: 0, health: "unknown", why: "No telemetry in this time." });
    expect(summary).not.toHaveProperty("errorRate");
    expect(summary).not.toHaveProperty("p50Ms");
    expect(series).toEqual([]);
  });

  test("a block that is sent again under its token counts once, here and in the rates", async () => {
    const at = minutesAgo(4);
    const w = createRowWriter(16);
    transcodeTraces(
      tracesOf({
        shop: [
          { id: 1, at },
          { id: 2, at, failed: true },
        ],
      }),
      w,
      { sample: false, oldest: 0, newest: Date.now() },
    );
    const block = w.bytes.subarray(0, w.pos);
    for (const token of ["a", "a", "b", "a"]) await it.store.client.insertBlock("spans", SPAN_COLUMNS, block, { token, rows: w.rows });
    expect(await rows("select count() as n from spans")).toEqual([{ n: 4 }]);
    expect(await rows("select sum(requests) as n, sum(errors) as e from red_minute")).toEqual([{ n: 4, e: 2 }]);
  });

  test("healthOf answers for those it is asked for, with open incidents", async () => {
    await send(tracesOf({ shop: [{ id: 1, at: Date.now() }], other: [{ id: 2, at: Date.now() }] }));
    await call(contract.openIncident, { title: "down", service: "shop" });
    const health = await it.database.runtime.read(callAs(), (ctx) => it.telemetry.healthOf(ctx, ["shop", "gone"]));
    expect([...health].map(([service, row]) => [service, row.health])).toEqual([
      ["gone", "unknown"],
      ["shop", "degraded"],
    ]);
  });

  test("what was sent is seen within seconds", async () => {
    await send(tracesOf({ fresh: [{ id: 1, at: Date.now() }] }));
    expect(
      (await call(contract.getService, { service: "fresh", from: new Date(Date.now() - 60_000).toISOString() })).summary.requests,
    ).toBe(1);
  });

  test("lists of services go on where they ended", async () => {
    await send(tracesOf(Object.fromEntries(Array.from({ length: 5 }, (_, i) => [`s${i}`, [{ id: i + 1, at: Date.now() }]]))));
    const first = await call(contract.listServices, { limit: 2 });
    const second = await call(contract.listServices, { limit: 2, cursor: first.nextCursor });
    const third = await call(contract.listServices, { limit: 2, cursor: second.nextCursor });
    expect([first, second, third].flatMap(({ items }) => items.map(({ service }) => service))).toEqual(["s0", "s1", "s2", "s3", "s4"]);
    expect(third.nextCursor).toBeUndefined();
  });
});
