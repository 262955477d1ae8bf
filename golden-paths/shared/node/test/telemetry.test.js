import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { after, before, test } from "node:test";

import { parseTraceparent, startTelemetry } from "../src/telemetry.js";

const received = [];
let refuse = 0;
const collector = createServer(async (request, response) => {
  const chunks = await request.toArray();
  if (refuse > 0) {
    refuse--;
    return response.writeHead(503).end();
  }
  received.push({ path: request.url, headers: request.headers, body: JSON.parse(Buffer.concat(chunks)) });
  response.writeHead(200, { "content-type": "application/json" }).end("{}");
});
let env;

before(async () => {
  await once(collector.listen(0, "127.0.0.1"), "listening");
  env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.address().port}/`,
    OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20abc",
    OTEL_SERVICE_NAME: "named",
    OTEL_RESOURCE_ATTRIBUTES: "service.version=1.2.3,team=a%20b",
  };
});
after(() => collector.close());

const start = (over = {}) => startTelemetry({ serviceName: "x", env, write: () => {}, intervalMs: 60_000, ...over });
const last = (path) => received.findLast((one) => one.path === path)?.body;
const plain = (attributes) => Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

test("a request becomes a server span below its caller's, with the log lines inside it", async () => {
  const telemetry = start();
  const handler = (request, response) => {
    telemetry.log("info", "working", { order: 7 });
    response.writeHead(500).end();
  };
  const server = createServer(telemetry.instrument(handler, () => "/orders/{id}"));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  await fetch(`http://127.0.0.1:${server.address().port}/orders/1?secret=x`, { headers: { traceparent: parent } });
  server.close();
  server.closeAllConnections();
  await once(server, "close");
  await telemetry.shutdown();

  const { resource, scopeSpans } = last("/v1/traces").resourceSpans[0];
  const [span] = scopeSpans[0].spans;
  assert.equal(span.name, "GET /orders/{id}");
  assert.equal(span.kind, 2);
  assert.equal(span.traceId, "0af7651916cd43dd8448eb211c80319c");
  assert.equal(span.parentSpanId, "b7ad6b7169203331");
  assert.equal(span.status.code, 2);
  assert.ok(BigInt(span.endTimeUnixNano) >= BigInt(span.startTimeUnixNano));
  assert.deepEqual({ ...plain(span.attributes), "user_agent.original": "" }, {
    "http.request.method": "GET",
    "http.route": "/orders/{id}",
    "url.path": "/orders/1",
    "url.scheme": "http",
    "user_agent.original": "",
    "http.response.status_code": "500",
    "error.type": "500",
  });
  const about = plain(resource.attributes);
  assert.equal(about["service.name"], "named");
  assert.equal(about["service.version"], "1.2.3");
  assert.equal(about["team"], "a b");
  assert.equal(received.at(-1).headers.authorization, "Bearer abc");

  const [line] = last("/v1/logs").resourceLogs[0].scopeLogs[0].logRecords;
  assert.equal(line.body.stringValue, "working");
  assert.equal(line.spanId, span.spanId);
  const metrics = last("/v1/metrics").resourceMetrics[0].scopeMetrics[0].metrics;
  const duration = metrics.find(({ name }) => name === "http.server.request.duration").histogram.dataPoints[0];
  assert.equal(duration.count, "1");
  assert.equal(duration.bucketCounts.length, duration.explicitBounds.length + 1);
});

test("a call to another service is a client span and carries the trace on", async () => {
  const telemetry = start();
  let seen;
  const other = createServer((request, response) => {
    seen = request.headers.traceparent;
    response.end();
  });
  await once(other.listen(0, "127.0.0.1"), "listening");
  await telemetry.withSpan("outer", {}, () => telemetry.fetch(`http://127.0.0.1:${other.address().port}/`));
  other.close();
  other.closeAllConnections();
  await telemetry.shutdown();
  const spans = last("/v1/traces").resourceSpans[0].scopeSpans[0].spans;
  const [client, outer] = spans;
  assert.equal(outer.name, "outer");
  assert.equal(client.parentSpanId, outer.spanId);
  assert.deepEqual(parseTraceparent(seen), { traceId: outer.traceId, spanId: client.spanId, sampled: true });
});

test("what a span throws is recorded and thrown on", async () => {
  const telemetry = start();
  await assert.rejects(telemetry.withSpan("work", {}, () => Promise.reject(new TypeError("broken"))), /broken/);
  await telemetry.shutdown();
  const [span] = last("/v1/traces").resourceSpans[0].scopeSpans[0].spans;
  assert.equal(span.status.message, "broken");
  assert.equal(plain(span.attributes)["error.type"], "TypeError");
});

test("while the collector is away everything is kept, and sent later", async () => {
  const telemetry = start({ intervalMs: 20 });
  refuse = 1;
  telemetry.log("info", "kept");
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal(refuse, 0);
  await telemetry.shutdown();
  const lines = last("/v1/logs").resourceLogs[0].scopeLogs[0].logRecords;
  assert.deepEqual(lines.map(({ body }) => body.stringValue), ["kept"]);
});

test("without an endpoint nothing is sent, and log lines are still written", async () => {
  const before = received.length;
  const lines = [];
  const telemetry = startTelemetry({ serviceName: "x", env: {}, write: (line) => lines.push(JSON.parse(line)) });
  await telemetry.withSpan("work", {}, async () => telemetry.log("warn", "hello"));
  await telemetry.shutdown();
  assert.equal(received.length, before);
  assert.equal(lines[0].level, "warn");
  assert.match(lines[0].trace_id, /^[0-9a-f]{32}$/);
});

test("a traceparent that is not one is passed over", () => {
  for (const bad of [undefined, "", "00-0-0-01", `00-${"0".repeat(32)}-b7ad6b7169203331-01`, "ff-x"]) assert.equal(parseTraceparent(bad), undefined);
});
