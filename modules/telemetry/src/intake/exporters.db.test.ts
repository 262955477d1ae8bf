import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";

import { context, SeverityNumber, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-proto";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import * as contract from "@roadbed/contracts/telemetry";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { useTelemetry } from "../fixtures/use-telemetry.suite.ts";
import type { IngestRequest } from "../index.ts";

const it = useTelemetry();
const { call, rows } = it;
let url: string;
let server: http.Server;

beforeAll(async () => {
  server = http.createServer((req, res) => void serve(req, res));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());

/** The intake behind a plain HTTP server, as any door would mount it. */
async function serve(req: http.IncomingMessage, res: http.ServerResponse): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of req as AsyncIterable<Buffer>) parts.push(part);
  const { "content-type": contentType, "content-encoding": contentEncoding } = req.headers;
  const signal = (req.url ?? "").slice("/v1/".length) as IngestRequest["signal"];
  try {
    const answer = await it.telemetry.intake.ingest({ signal, contentType, contentEncoding, body: Buffer.concat(parts) });
    res.writeHead(200, { "content-type": answer.contentType }).end(answer.body);
  } catch (error) {
    const answer = it.telemetry.intake.errorAnswer(error, contentType);
    res.writeHead(503, { "content-type": answer.contentType }).end(answer.body);
  }
}

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
