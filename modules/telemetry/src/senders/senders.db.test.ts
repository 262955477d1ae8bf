import { limitSender, listSenders } from "@roadbed/contracts/telemetry/senders";
import { listMetrics } from "@roadbed/contracts/telemetry";
import { beforeEach, describe, expect, test } from "vitest";

import { decodeMessage, encodeMessage } from "../fixtures/otlp-messages.ts";
import { tracesOf } from "../fixtures/spans-of.ts";
import { useTelemetry } from "../fixtures/use-telemetry.suite.ts";

const it = useTelemetry();
const { call, rows, send } = it;

const sender = { id: "service:shop", name: "shop's collector" };
const nanos = () => String(BigInt(Date.now()) * 1_000_000n);
const YEARS_10 = 10 * 365 * 86_400_000;

function metricsOf(users: readonly string[], exemplars: object[] = []) {
  const dataPoints = users.map((user) => ({
    timeUnixNano: nanos(),
    asDouble: 1,
    attributes: [{ key: "user.id", value: { stringValue: user } }],
    exemplars,
  }));
  return encodeMessage("ExportMetricsServiceRequest", {
    resourceMetrics: [
      {
        resource: { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] },
        scopeMetrics: [{ metrics: [{ name: "requests", gauge: { dataPoints } }] }],
      },
    ],
  });
}

async function senderNow() {
  await it.telemetry.readSettings();
  const { items } = await call(listSenders, {});
  return items.find((each) => each.sender === sender.id);
}

describe("senders", () => {
  beforeEach(async () => {
    await it.telemetry.readSettings();
    await it.database.db.query("delete from telemetry.sender");
    await it.telemetry.readSettings();
  });

  test("are listed with what was taken and what was refused of each, and why", async () => {
    const at = Date.now();
    await send(
      tracesOf({
        shop: [
          { id: 1, at },
          { id: 2, at: at - YEARS_10 },
          { id: 3, at: at + YEARS_10 },
        ],
      }),
      { sender },
    );
    await expect(send(Buffer.from([255]), { sender })).rejects.toMatchObject({ code: "INVALID" });
    const logs = encodeMessage("ExportLogsServiceRequest", {
      resourceLogs: [{ scopeLogs: [{ logRecords: [{ timeUnixNano: nanos(), body: { stringValue: "x" } }] }] }],
    });
    await expect(send(logs, { sender })).rejects.toMatchObject({ message: expect.stringContaining("send them to /v1/logs") });
    const listed = await senderNow();
    expect(listed).toMatchObject({ name: sender.name, requests: 1, rows: 1, refusedRequests: 2, refusedRows: 2, ownLimits: false });
    const reasons = listed?.refusals.map(({ reason }) => reason) ?? [];
    expect(reasons).toEqual(
      expect.arrayContaining([expect.stringContaining("the end of the retention"), expect.stringContaining("send them to /v1/logs")]),
    );
  });

  test("what comes twice is counted once", async () => {
    const body = tracesOf({ shop: [{ id: 1, at: Date.now() }] });
    await send(body, { sender });
    await send(body, { sender });
    expect(await senderNow()).toMatchObject({ requests: 2, rows: 1 });
  });

  test("a label with too many values is capped, named to the sender and on the list, and what is known goes on", async () => {
    await send(metricsOf(["a"]), { signal: "metrics", sender });
    await senderNow();
    await call(limitSender, { sender: sender.id, labelValues: 3 });
    await it.telemetry.readSettings();
    const answer = await send(metricsOf(Array.from({ length: 50 }, (_, i) => `u${i}`)), { signal: "metrics", sender });
    expect(answer).toMatchObject({ accepted: 2, rejected: 48 });
    expect(decodeMessage("ExportMetricsServiceResponse", answer.body)).toEqual({
      partialSuccess: {
        rejectedDataPoints: "48",
        errorMessage: expect.stringContaining("label user.id of metric requests has more than 3 values"),
      },
    });
    expect(await send(metricsOf(["u0", "u1", "a"]), { signal: "metrics", sender })).toMatchObject({ accepted: 3, rejected: 0 });
    expect((await senderNow())?.labels).toMatchObject([{ metric: "requests", label: "user.id", refusedRows: 48 }]);
  });

  test("a sender that may send little is told to come back, and may send again when the limit is lifted", async () => {
    const traces = (id: number) =>
      tracesOf({
        shop: [
          { id, at: Date.now() },
          { id: id + 1, at: Date.now() },
        ],
      });
    await send(traces(1), { sender });
    await senderNow();
    expect(await call(limitSender, { sender: sender.id, rowsPerMinute: 1 })).toMatchObject({
      ownLimits: true,
      limits: { rowsPerMinute: 1 },
    });
    await it.telemetry.readSettings();
    await send(traces(11), { sender });
    await expect(send(traces(21), { sender })).rejects.toMatchObject({ code: "TOO_MANY", retryAfterSeconds: expect.any(Number) });
    expect(await send(traces(31), { sender: { id: "service:other", name: "other" } })).toMatchObject({ accepted: 2 });
    expect((await senderNow())?.refusals).toMatchObject([{ requests: 1, reason: expect.stringContaining("1 rows a minute") }]);
  });

  test("nobody can limit whom nobody knows", async () => {
    await expect(call(limitSender, { sender: "service:nobody", rowsPerMinute: 5 })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("exemplars are kept, and lead from a metric to a trace", async () => {
    const trace = Buffer.alloc(16, 7);
    await send(metricsOf(["a"], [{ timeUnixNano: nanos(), asDouble: 3, traceId: trace, spanId: Buffer.alloc(8, 1) }]), {
      signal: "metrics",
    });
    expect(await rows("select exemplar_value from metric_points")).toEqual([{ exemplar_value: [3] }]);
    const { items } = await call(listMetrics, { service: "shop" });
    expect(items).toMatchObject([{ name: "requests", exemplar: { traceId: trace.toString("hex"), value: 3 } }]);
  });
});
