import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";

import { context, SeverityNumber, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-proto";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { migrateClickHouse } from "@roadbed/clickhouse";
import * as contract from "@roadbed/contracts/telemetry";
import { perform, type InputOf, type Operation, type OutputOf } from "@roadbed/core";
import { callAs, createTestClickHouse, createTestDatabase, quietLog, type TestClickHouse, type TestDatabase } from "@roadbed/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { encodeMessage, decodeMessage } from "./fixtures/otlp-messages.ts";
import { clickhouseMigrations, createTelemetry, migrations, type IngestRequest, type Telemetry } from "./index.ts";

let store: TestClickHouse;
let database: TestDatabase;
let telemetry: Telemetry;
let url: string;
let server: http.Server;

beforeAll(async () => {
  [store, database] = await Promise.all([createTestClickHouse(), createTestDatabase([migrations])]);
  await migrateClickHouse(store.client, [clickhouseMigrations]);
  telemetry = createTelemetry({ clickhouse: store.client, log: quietLog });
  await telemetry.start();
  server = http.createServer((req, res) => void serve(req, res));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server?.close();
  await telemetry?.stop();
  await Promise.all([store?.close(), database?.drop()]);
});
beforeEach(async () => {
  for (const table of ["spans", "logs", "metric_points", "red_minute"]) await store.client.command(`truncate table ${table}`);
  await database.db.query("delete from telemetry.incident");
});

/** The intake behind a plain HTTP server, as any door would mount it. */
async function serve(req: http.IncomingMessage, res: http.ServerResponse): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of req as AsyncIterable<Buffer>) parts.push(part);
  const body = Buffer.concat(parts);
  const { "content-type": contentType, "content-encoding": contentEncoding } = req.headers;
  const signal = (req.url ?? "").slice("/v1/".length) as IngestRequest["signal"];
  try {
    const answer = await telemetry.intake.ingest({ signal, contentType, contentEncoding, body });
    res.writeHead(200, { "content-type": answer.contentType }).end(answer.body);
  } catch (error) {
    const answer = telemetry.intake.errorAnswer(error, contentType);
    res.writeHead(503, { "content-type": answer.contentType }).end(answer.body);
  }
}

function call<O extends Operation>(operation: O, input: InputOf<O>): Promise<OutputOf<O>> {
  const handler = telemetry.handlers.find((each) => each.operation === operation);
  if (handler === undefined) throw new Error(`${operation.name} has no handler`);
  return perform(database.runtime, handler, callAs(), input) as Promise<OutputOf<O>>;
}

const rows = <R>(sql: string) => store.client.query<R>(sql);
const nanos = (ms: number) => String(BigInt(ms) * 1_000_000n);
const hex = (text: string) => Buffer.from(text, "hex").toString("base64");
const idOf = (n: number, size: number) => n.toString(16).padStart(size * 2, "0");

interface SpanFacts {
  readonly id: number;
  readonly trace?: number;
  readonly parent?: number;
  readonly name?: string;
  readonly kind?: number;
  readonly at: number;
  readonly ms?: number;
  readonly failed?: boolean;
  readonly attributes?: Record<string, string>;
}

function spanOf({
  id,
  trace: traceNumber = 1,
  parent,
  name = "GET /",
  kind = 2,
  at,
  ms = 10,
  failed = false,
  attributes = {},
}: SpanFacts): object {
  return {
    traceId: hex(idOf(traceNumber, 16)),
    spanId: hex(idOf(id, 8)),
    ...(parent === undefined ? {} : { parentSpanId: hex(idOf(parent, 8)) }),
    name,
    kind,
    startTimeUnixNano: nanos(at),
    endTimeUnixNano: nanos(at + ms),
    status: { code: failed ? 2 : 0 },
    attributes: Object.entries(attributes).map(([key, stringValue]) => ({ key, value: { stringValue } })),
  };
}

function tracesOf(services: Record<string, SpanFacts[]>, extra: object[] = []): Uint8Array {
  const resourceSpans = Object.entries(services).map(([service, spans]) => ({
    resource: { attributes: [{ key: "service.name", value: { stringValue: service } }, ...extra] },
    scopeSpans: [{ spans: spans.map(spanOf) }],
  }));
  return encodeMessage("ExportTraceServiceRequest", { resourceSpans });
}

const send = (body: Uint8Array, over: Partial<IngestRequest> = {}) =>
  telemetry.intake.ingest({ signal: "traces", contentType: "application/x-protobuf", contentEncoding: undefined, body, ...over });
/** The middle of a minute that is over, so that no test runs into the next. */
const minutesAgo = (n: number) => Math.floor(Date.now() / 60_000 - n) * 60_000 + 30_000;
const windowAround = (at: number) => ({ from: new Date(at - 30_000).toISOString(), to: new Date(at + 30_000).toISOString() });

describe("the official exporters", () => {
  test("spans, logs and metrics arrive with everything they carry", async () => {
    const resource = resourceFromAttributes({ "service.name": "shop", "service.version": "1.2.3" });
    const tracers = new TracerProvider({
      resource,
      spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url: `${url}/v1/traces` }) })],
    });
    const loggers = new LoggerProvider({
      resource,
      processors: [new BatchLogRecordProcessor({ exporter: new OTLPLogExporter({ url: `${url}/v1/logs` }) })],
    });
    const reader = new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter({ url: `${url}/v1/metrics` }) });
    const meters = new MeterProvider({ resource, readers: [reader] });

    const tracer = tracers.getTracer("demo", "0.1");
    const parent = tracer.startSpan("GET /orders", { kind: SpanKind.SERVER });
    const inside = trace.setSpan(context.active(), parent);
    const child = tracer.startSpan(
      "select",
      { kind: SpanKind.CLIENT, attributes: { "db.rows": 7, "db.tables": ["a", "b"], ok: true } },
      inside,
    );
    child.addEvent("fetched", { n: 3 });
    child.end();
    parent.setStatus({ code: SpanStatusCode.ERROR, message: "boom" });
    parent.end();
    loggers.getLogger("demo").emit({ severityNumber: SeverityNumber.WARN, body: "low stock", attributes: { sku: "x1" }, context: inside });
    const meter = meters.getMeter("demo");
    meter.createCounter("orders", { unit: "1" }).add(5);
    meter.createHistogram("latency", { unit: "ms" }).record(12);
    await Promise.all([tracers.shutdown(), loggers.shutdown(), meters.shutdown()]);

    const { traceId } = parent.spanContext();
    const found = await call(contract.getTrace, { traceId });
    expect(found.spans).toMatchObject([
      { name: "GET /orders", kind: "server", service: "shop", status: "error", statusMessage: "boom" },
      {
        name: "select",
        kind: "client",
        parentSpanId: parent.spanContext().spanId,
        attributes: { "db.rows": "7", "db.tables": '["a","b"]', ok: "true" },
        events: [{ name: "fetched", attributes: { n: "3" } }],
      },
    ]);
    const { items: logs } = await call(contract.listLogs, { traceId });
    expect(logs).toMatchObject([
      { service: "shop", severity: "warn", body: "low stock", traceId, spanId: parent.spanContext().spanId, attributes: { sku: "x1" } },
    ]);
    const { items: metrics } = await call(contract.listMetrics, { service: "shop" });
    expect(metrics).toMatchObject([
      { name: "latency", unit: "ms", kind: "histogram", points: 1 },
      { name: "orders", unit: "1", kind: "sum", value: 5, points: 1 },
    ]);
    const [stored] = await rows<{ resource: string }>("select distinct resource from spans");
    expect(JSON.parse(stored?.resource ?? "")).toEqual({ "service.name": "shop", "service.version": "1.2.3" });
  });
});

describe("the door", () => {
  const good = () => tracesOf({ shop: [{ id: 1, at: Date.now() }] });
  const stored = async () => Number((await rows<{ n: number }>("select count() as n from spans"))[0]?.n);

  test("answers in the format of the request, when the rows can be read", async () => {
    const protobuf = await send(good());
    expect(protobuf).toMatchObject({ contentType: "application/x-protobuf", accepted: 1, rejected: 0 });
    expect(await stored()).toBe(1);
    const json = { resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: "hi" } }] }] }] };
    const answer = await send(Buffer.from(JSON.stringify(json)), { signal: "logs", contentType: "application/json; charset=utf-8" });
    expect({ type: answer.contentType, body: Buffer.from(answer.body).toString() }).toEqual({ type: "application/json", body: "{}" });
    expect(await rows("select service, body from logs")).toEqual([{ service: "unknown_service", body: "hi" }]);
  });

  test("takes gzip", async () => {
    expect(await send(gzipSync(good()), { contentEncoding: "gzip" })).toMatchObject({ accepted: 1 });
    expect(await stored()).toBe(1);
  });

  test("tells how many rows it refused, and why, and keeps the rest", async () => {
    const body = tracesOf({
      shop: [
        { id: 1, at: Date.now() },
        { id: 2, at: Date.now() - 40 * 86_400_000 },
        { id: 0, at: Date.now() },
      ],
    });
    const answer = await send(body);
    expect(answer).toMatchObject({ accepted: 1, rejected: 2 });
    expect(decodeMessage("ExportTraceServiceResponse", answer.body)).toEqual({
      partialSuccess: { rejectedSpans: "2", errorMessage: expect.stringContaining("the end of the retention") },
    });
    expect(await stored()).toBe(1);
  });

  test.each<[string, string, () => Partial<IngestRequest>]>([
    ["INVALID", "noise", () => ({ body: Buffer.from("this is not protobuf") })],
    ["INVALID", "a cut message", () => ({ body: good().subarray(0, 40) })],
    ["INVALID", "broken JSON", () => ({ body: Buffer.from("{"), contentType: "application/json" })],
    ["INVALID", "JSON that is not UTF-8", () => ({ body: Buffer.from([0x7b, 0xff, 0x7d]), contentType: "application/json" })],
    ["INVALID", "another content type", () => ({ contentType: "text/plain" })],
    ["INVALID", "no content type", () => ({ contentType: undefined })],
    ["INVALID", "another encoding", () => ({ contentEncoding: "br" })],
    ["INVALID", "gzip that is none", () => ({ contentEncoding: "gzip" })],
    ["TOO_LARGE", "too many bytes", () => ({ body: Buffer.alloc(17 * 1024 * 1024) })],
    ["TOO_LARGE", "a gzip bomb", () => ({ body: gzipSync(Buffer.alloc(400 * 1024 * 1024)), contentEncoding: "gzip" })],
  ])("%s: %s", async (code, _, over) => {
    await expect(send(good(), over())).rejects.toMatchObject({ code });
    expect(await stored()).toBe(0);
    expect(await send(good())).toMatchObject({ accepted: 1 });
    expect(await stored()).toBe(1);
  });

  test("says errors in OTLP's own words", async () => {
    const error = await send(good(), { contentType: "text/plain" }).catch((thrown: unknown) => thrown);
    const protobuf = telemetry.intake.errorAnswer(error, "application/x-protobuf");
    expect(decodeMessage("GoogleRpcStatus", protobuf.body)).toEqual({ code: 3, message: "Content-Type text/plain is not OTLP." });
    const json = telemetry.intake.errorAnswer(new Error("select secret from vault"), "application/json");
    expect(JSON.parse(Buffer.from(json.body).toString())).toEqual({ code: 2, message: expect.not.stringContaining("secret") });
  });

  test("a malformed request does not touch those that share its block", async () => {
    const at = Date.now();
    const all = Array.from({ length: 30 }, (_, i) => {
      const body = tracesOf({
        shop: [
          { id: i + 1, at },
          { id: i + 101, at },
        ],
      });
      return send(i % 3 === 0 ? body.subarray(0, body.length - 3) : body).then(
        () => "stored",
        (error: { code: string }) => error.code,
      );
    });
    expect(Map.groupBy(await Promise.all(all), (end) => end).get("INVALID")).toHaveLength(10);
    const spans = await rows<{ id: string }>("select lower(hex(span_id)) as id from spans order by id");
    const kept = Array.from({ length: 30 }, (_, i) => i).filter((i) => i % 3 !== 0);
    expect(spans.map(({ id }) => Number.parseInt(id, 16))).toEqual([...kept.map((i) => i + 1), ...kept.map((i) => i + 101)]);
  });

  test("when the store is gone, the sender is told to come back, and nothing waits for ever", async () => {
    const { openClickHouse } = await import("@roadbed/clickhouse");
    const nowhere = openClickHouse({ url: "http://127.0.0.1:1", database: "x", log: quietLog, insertRetryMs: 100 });
    const alone = createTelemetry({ clickhouse: nowhere, log: quietLog });
    const request = { signal: "traces", contentType: "application/x-protobuf", contentEncoding: undefined, body: good() } as const;
    await expect(alone.intake.ingest(request)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await alone.stop();
    await expect(alone.intake.ingest(request)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await nowhere.close();
  });

  test("back-pressure: beyond its memory the intake refuses, and takes again when the store has caught up", async () => {
    const narrow = createTelemetry({ clickhouse: store.client, log: quietLog, flush: { maxWaitingBytes: 1_000, afterMs: 300 } });
    const request = () =>
      ({
        signal: "traces",
        contentType: "application/x-protobuf",
        contentEncoding: undefined,
        body: tracesOf({ shop: Array.from({ length: 20 }, (_, i) => ({ id: i + 1, at: Date.now() })) }),
      }) as const;
    const first = narrow.intake.ingest(request());
    await expect
      .poll(() =>
        narrow.intake.ingest(request()).then(
          () => "taken",
          (error: object) => error,
        ),
      )
      .toMatchObject({ code: "TOO_MANY", retryAfterSeconds: 1 });
    expect(await first).toMatchObject({ accepted: 20 });
    expect(await narrow.intake.ingest(request())).toMatchObject({ accepted: 20 });
    await narrow.stop();
  });

  test("stopping stores what waits", async () => {
    const slow = createTelemetry({ clickhouse: store.client, log: quietLog, flush: { afterMs: 60_000 } });
    const sent = slow.intake.ingest({ signal: "traces", contentType: "application/x-protobuf", contentEncoding: undefined, body: good() });
    await new Promise((resolve) => setImmediate(resolve));
    await slow.stop();
    expect(await sent).toMatchObject({ accepted: 1 });
    expect(await stored()).toBe(1);
  });
});

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
    const { SPAN_COLUMNS, transcodeTraces } = await import("./otlp/transcode-traces.ts");
    const { createRowWriter } = await import("./otlp/row-writer.ts");
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
    for (const token of ["a", "a", "b", "a"]) await store.client.insertBlock("spans", SPAN_COLUMNS, block, { token, rows: w.rows });
    expect(await rows("select count() as n from spans")).toEqual([{ n: 4 }]);
    expect(await rows("select sum(requests) as n, sum(errors) as e from red_minute")).toEqual([{ n: 4, e: 2 }]);
  });

  test("healthOf answers for those it is asked for, with open incidents", async () => {
    await send(tracesOf({ shop: [{ id: 1, at: Date.now() }], other: [{ id: 2, at: Date.now() }] }));
    await call(contract.openIncident, { title: "down", service: "shop" });
    const health = await database.runtime.read(callAs(), (ctx) => telemetry.healthOf(ctx, ["shop", "gone"]));
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

describe("traces", () => {
  const at = minutesAgo(10);
  const sendShop = () =>
    send(
      tracesOf({
        front: [
          { id: 1, trace: 1, at, ms: 100, name: "GET /" },
          { id: 2, trace: 1, parent: 1, at: at + 5, ms: 60, kind: 3, name: "call back" },
          { id: 5, trace: 1, parent: 1, at: at + 80, ms: 10, kind: 3, name: "call pay", attributes: { "peer.service": "pay" } },
          { id: 11, trace: 2, at: at + 1_000, ms: 10, name: "GET /" },
          { id: 21, trace: 3, at: at + 2_000, ms: 300, name: "GET /slow" },
        ],
        back: [
          { id: 3, trace: 1, parent: 2, at: at + 10, ms: 50, name: "GET /b", failed: true },
          { id: 4, trace: 1, parent: 3, at: at + 12, ms: 1, kind: 1, name: "inner" },
        ],
      }),
    );
  const window = { from: new Date(at - 60_000).toISOString(), to: new Date(at + 60_000).toISOString() };
  const namesOf = (page: OutputOf<typeof contract.listTraces>) => page.items.map(({ traceId }) => Number.parseInt(traceId, 16));

  test("a waterfall is in order, with times from its beginning", async () => {
    await sendShop();
    const found = await call(contract.getTrace, { traceId: idOf(1, 16), at: new Date(at).toISOString() });
    expect(found.spans.map(({ name, offsetUs, durationUs }) => [name, offsetUs, durationUs])).toEqual([
      ["GET /", 0, 100_000],
      ["call back", 5_000, 60_000],
      ["GET /b", 10_000, 50_000],
      ["inner", 12_000, 1_000],
      ["call pay", 80_000, 10_000],
    ]);
    expect(found).toMatchObject({ at: new Date(at).toISOString(), durationUs: 100_000, truncated: false });
    await expect(call(contract.getTrace, { traceId: idOf(99, 16) })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("are found by service, operation, duration and error, newest or slowest first, page by page", async () => {
    await sendShop();
    const [newest] = (await call(contract.listTraces, { ...window, limit: 1 })).items;
    expect(newest).toMatchObject({
      rootService: "front",
      rootName: "GET /slow",
      durationMs: 300,
      spans: 1,
      errors: 0,
      services: ["front"],
    });
    expect(namesOf(await call(contract.listTraces, window))).toEqual([3, 2, 1]);
    expect(namesOf(await call(contract.listTraces, { ...window, sort: "slowest" }))).toEqual([3, 1, 2]);
    expect(namesOf(await call(contract.listTraces, { ...window, service: "back" }))).toEqual([1]);
    expect(namesOf(await call(contract.listTraces, { ...window, operation: "GET /", service: "front" }))).toEqual([2, 1]);
    expect(namesOf(await call(contract.listTraces, { ...window, minMs: 50 }))).toEqual([3, 1]);
    expect(namesOf(await call(contract.listTraces, { ...window, errors: true }))).toEqual([1]);
    expect((await call(contract.listTraces, { ...window, service: "back" })).items[0]).toMatchObject({
      rootService: "front",
      rootName: "GET /",
      durationMs: 100,
      spans: 5,
      errors: 1,
      services: ["back", "front"],
    });
    const first = await call(contract.listTraces, { ...window, limit: 2 });
    expect(namesOf(await call(contract.listTraces, { ...window, limit: 2, cursor: first.nextCursor }))).toEqual([1]);
  });

  test("tell who calls whom, and who is called though it sends nothing", async () => {
    await sendShop();
    const { items } = await call(contract.listServiceEdges, window);
    expect(items).toMatchObject([
      { from: "front", to: "back", requests: 1, errors: 1, p95Ms: 50 },
      { from: "front", to: "pay", requests: 1, errors: 0, p95Ms: 10 },
    ]);
    expect((await call(contract.listServiceEdges, { ...window, service: "back" })).items).toHaveLength(1);
    expect((await call(contract.listServiceEdges, { ...window, from: window.to, to: new Date(at + 120_000).toISOString() })).items).toEqual(
      [],
    );
  });

  test("errors: false leaves out traces with a failed span", async () => {
    await send(
      tracesOf({
        front: [
          { id: 1, trace: 1, at },
          { id: 2, trace: 1, parent: 1, at, failed: true },
          { id: 3, trace: 2, at },
        ],
      }),
    );
    expect(namesOf(await call(contract.listTraces, { ...window, service: "front", errors: false }))).toEqual([2]);
  });
});

describe("logs", () => {
  const at = minutesAgo(10);
  const window = { from: new Date(at - 60_000).toISOString(), to: new Date(at + 60_000).toISOString() };
  const record = (body: string, severityNumber: number, ms = 0, more: object = {}) => ({
    timeUnixNano: nanos(at + ms),
    severityNumber,
    body: { stringValue: body },
    ...more,
  });
  const sendLogs = (...logRecords: object[]) => {
    const resource = { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] };
    return send(encodeMessage("ExportLogsServiceRequest", { resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] }), {
      signal: "logs",
    });
  };
  const bodies = ({ items }: OutputOf<typeof contract.listLogs>) => items.map(({ body }) => body);

  test("are found by words, severity and trace, newest first", async () => {
    await sendLogs(
      record("started", 9),
      record("Disk FULL: <b>'; drop table logs --", 17, 5, { traceId: hex(idOf(7, 16)) }),
      record("debug", 5, 9),
    );
    expect(bodies(await call(contract.listLogs, window))).toEqual(["debug", "Disk FULL: <b>'; drop table logs --", "started"]);
    expect(bodies(await call(contract.listLogs, { ...window, minSeverity: "info" }))).toEqual([
      "Disk FULL: <b>'; drop table logs --",
      "started",
    ]);
    expect(bodies(await call(contract.listLogs, { ...window, text: "disk full: <B>'; DROP" }))).toHaveLength(1);
    expect((await call(contract.listLogs, { ...window, traceId: idOf(7, 16) })).items).toMatchObject([
      { severity: "error", traceId: idOf(7, 16) },
    ]);
    expect(bodies(await call(contract.listLogs, { ...window, service: "other" }))).toEqual([]);
  });

  test("pages lose and repeat nothing, also within one instant", async () => {
    await sendLogs(...Array.from({ length: 23 }, (_, i) => record(`n${String(i).padStart(2, "0")}`, 9, i < 12 ? 0 : i)));
    const seen: string[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await call(contract.listLogs, { ...window, limit: 5, cursor });
      seen.push(...bodies(page));
      if (page.nextCursor === undefined) break;
      cursor = page.nextCursor;
    }
    expect(seen).toHaveLength(23);
    expect(new Set(seen).size).toBe(23);
  });
});

describe("incidents", () => {
  test("are opened and closed once, with their events", async () => {
    const opened = await call(contract.openIncident, {
      title: "<b>down</b>",
      service: "shop",
      entityRef: "component:default/shop",
      severity: "critical",
    });
    expect(opened).toMatchObject({ state: "open", title: "<b>down</b>", severity: "critical", sample: false });
    await expect(call(contract.closeIncident, { id: opened.id, closedAt: "2020-01-01T00:00:00Z" })).rejects.toMatchObject({
      code: "INVALID",
    });
    expect(await call(contract.closeIncident, { id: opened.id, summary: "fixed" })).toMatchObject({ state: "closed", summary: "fixed" });
    await expect(call(contract.closeIncident, { id: opened.id })).rejects.toMatchObject({ code: "CONFLICT" });
    await expect(call(contract.closeIncident, { id: "inc_none" })).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect((await call(contract.listIncidents, { state: "open" })).items).toEqual([]);
    expect((await call(contract.listIncidents, { state: "closed", service: "shop" })).items).toHaveLength(1);
  });

  test("are listed newest first, page by page", async () => {
    for (let day = 1; day <= 5; day++)
      await call(contract.openIncident, { title: `day ${day}`, service: "shop", openedAt: `2026-11-0${day}T00:00:00Z` });
    const first = await call(contract.listIncidents, { limit: 3 });
    const second = await call(contract.listIncidents, { limit: 3, cursor: first.nextCursor });
    expect([...first.items, ...second.items].map(({ title }) => title)).toEqual([5, 4, 3, 2, 1].map((day) => `day ${day}`));
    expect(second.nextCursor).toBeUndefined();
  });
});

describe("the sample", () => {
  test("is known by its resource, and goes without a trace of it when it is removed", async () => {
    const at = Date.now();
    const sampleMark = [{ key: "roadbed.sample", value: { boolValue: true } }];
    await send(tracesOf({ demo: [{ id: 1, trace: 1, at }] }, sampleMark));
    await send(tracesOf({ real: [{ id: 2, trace: 2, at }] }));
    await send(tracesOf({ told: [{ id: 3, trace: 3, at }] }), { sample: true });
    await call(contract.openIncident, { title: "sample", service: "demo", sample: true });
    await call(contract.openIncident, { title: "real", service: "real" });
    const samplesOf = async () => (await call(contract.listServices, {})).items.map(({ service, sample }) => [service, sample]);
    expect(await samplesOf()).toEqual([
      ["demo", true],
      ["real", false],
      ["told", true],
    ]);

    const [forget] = telemetry.subscriptions;
    const event = { id: "1", seq: 1n, name: "catalog.sample.removed", subject: "sample", time: new Date(), actor: "user:x", payload: {} };
    for (let twice = 0; twice < 2; twice++)
      await database.runtime.write(callAs(), contract.openIncident, {}, undefined, async (ctx) => forget?.receive(ctx, event));
    expect(await samplesOf()).toEqual([["real", false]]);
    expect((await call(contract.listTraces, {})).items.map(({ rootService }) => rootService)).toEqual(["real"]);
    expect((await call(contract.listIncidents, {})).items.map(({ title }) => title)).toEqual(["real"]);
  });
});

describe("the tables", () => {
  test("keep as long as the settings say", async () => {
    const short = createTelemetry({ clickhouse: store.client, log: quietLog, retention: { spanDays: 7, logDays: 3, metricDays: 14 } });
    await short.start();
    const ttlOf = async () =>
      (
        await rows<{ name: string; days: string }>(
          "select name, extract(create_table_query, 'toIntervalDay\\\\((\\\\d+)\\\\)') as days from system.tables where database = currentDatabase() and engine like '%MergeTree' and name != 'roadbed_migration' order by name",
        )
      ).map(({ name, days }) => [name, Number(days)]);
    expect(await ttlOf()).toEqual([
      ["logs", 3],
      ["metric_points", 14],
      ["red_minute", 14],
      ["spans", 7],
    ]);
    await telemetry.start();
    expect(await ttlOf()).toEqual([
      ["logs", 30],
      ["metric_points", 90],
      ["red_minute", 90],
      ["spans", 30],
    ]);
    await short.stop();
  });

  test("have one text that a cluster understands too", async () => {
    const { readdirSync, readFileSync } = await import("node:fs");
    const { renderSql, splitStatements } = await import("@roadbed/clickhouse");
    const files = readdirSync(clickhouseMigrations.dir).sort();
    const statements = files.flatMap((name) =>
      splitStatements(renderSql(readFileSync(new URL(name, clickhouseMigrations.dir), "utf8"), "main")),
    );
    for (const sql of statements) {
      const [formatted] = await store.client.query<{ text: string }>("select formatQuerySingleLine({sql:String}) as text", {
        params: { sql },
      });
      expect(formatted?.text).toContain("ON CLUSTER main");
    }
    const all = statements.join("\n");
    expect(all.match(/ENGINE = Replicated/g)).toHaveLength(4);
    expect(all.match(/ENGINE = Distributed\('main'/g)).toHaveLength(4);
    expect(all).not.toMatch(/(?:TO|FROM) (?:spans|logs|metric_points|red_minute)\s/);
  });
});

test("every operation of the contract has its handler", () => {
  expect(telemetry.handlers.map(({ operation }) => operation.name).sort()).toEqual(contract.operations.map(({ name }) => name).sort());
});
