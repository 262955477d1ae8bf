/**
 * OTLP protobuf over HTTP until the spans are stored and the answer is out: spans per second and core, of the server and the
 * telemetry engine together. `npm run bench -- otlp [seconds] [--models]`; `--models`: calls of models of 20 kB instead of requests of 300 B.
 * Traps avoided: an answer counts only after its insert, every stored span is counted again in the store, trace and span ids are
 * new in every request (repeated ones compress and index too well), the sender runs in a process of its own that is not counted,
 * and the merges that follow are waited for and counted.
 */
import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { migrateClickHouse, openClickHouse, startClickHouse } from "@roadbed/clickhouse";
import type { Logger } from "@roadbed/core";
import { clickhouseMigrations, createTelemetry } from "@roadbed/telemetry";
import fastify from "fastify";

const MODELS = process.argv.includes("--models");
const SPANS = MODELS ? 32 : 512;
const SENDERS = MODELS ? 16 : 96;
const BODIES = 24;
const SETTLE_SECONDS = 8;
const WORDS = "the ship waits in harbour for its tide while all of her crew have breakfast on deck".split(" ");

if (process.argv[2] === "--send") await send(process.argv[3] ?? "");
else await measure(Number(process.argv.slice(2).find((word) => /^\d+$/.test(word)) ?? 20));

async function measure(seconds: number): Promise<void> {
  const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {} };
  const dataDir = mkdtempSync(join(tmpdir(), "roadbed-bench-"));
  const engine = await startClickHouse({ dataDir, log: quiet });
  const clickhouse = openClickHouse({ url: engine.url, password: engine.password, database: "roadbed", log: quiet });
  await migrateClickHouse(clickhouse, [clickhouseMigrations]);
  const telemetry = createTelemetry({ clickhouse, log: quiet });
  await telemetry.start();
  const app = fastify({ bodyLimit: 16 * 1024 * 1024 });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  app.post("/v1/traces", async (request, reply) => {
    const answer = await telemetry.intake.ingest({
      signal: "traces",
      contentType: request.headers["content-type"],
      contentEncoding: request.headers["content-encoding"],
      body: request.body as Buffer,
    });
    return reply.header("content-type", answer.contentType).send(Buffer.from(answer.body));
  });
  const url = await app.listen({ host: "127.0.0.1", port: 0 });

  const sender = fork(import.meta.filename, ["--send", url, ...(MODELS ? ["--models"] : [])]);
  const heard = (type: string) =>
    new Promise<number>((resolve) => {
      sender.on("message", (message: { type: string; value: number }) => message.type === type && resolve(message.value));
    });
  const bytesPerSpan = await heard("ready");
  const cpu = () => process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6 + cpuSeconds(engine.pid());
  const [cpuBefore, began] = [cpu(), Date.now()];
  sender.send("go");
  await delay(seconds * 1_000);
  const acknowledged = heard("acknowledged");
  sender.send("stop");
  const spans = await acknowledged;
  const wall = (Date.now() - began) / 1_000;
  const cpuAnswered = cpu() - cpuBefore;
  await delay(SETTLE_SECONDS * 1_000);
  const cpuAll = cpu() - cpuBefore;

  const [stored] = await clickhouse.query<{ n: number }>("select count() as n from spans");
  const [size] = await clickhouse.query<{ bytes: number }>(
    "select sum(bytes_on_disk) as bytes from system.parts where active and table = 'spans' and database = currentDatabase()",
  );
  const figures = {
    spansPerSecondAndCore: Math.round(spans / cpuAll),
    spansPerSecondAndCoreUntilAnswered: Math.round(spans / cpuAnswered),
    megabytesPerSecondAndCore: Math.round((spans * bytesPerSpan) / cpuAll / 1e5) / 10,
    spansPerSecond: Math.round(spans / wall),
    spans,
    lost: spans - (stored?.n ?? 0),
    cpuMicrosecondsPerSpan: Math.round((cpuAll / spans) * 1e8) / 100,
    bytesPerSpanOnTheWire: Math.round(bytesPerSpan),
    bytesPerSpanOnDisk: Math.round((size?.bytes ?? 0) / spans),
    seconds: Math.round(wall * 10) / 10,
  };
  sender.kill();
  await app.close();
  await telemetry.stop();
  await clickhouse.close();
  await engine.stop();
  rmSync(dataDir, { recursive: true, force: true });
  for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(36)} ${value.toLocaleString("en")}`);
  console.log(JSON.stringify({ bench: "otlp", figures }));
  if (figures.lost !== 0) process.exitCode = 1;
}

function cpuSeconds(pid: number | undefined): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Sends without pause from several connections until it is told to stop, and then tells how many spans were acknowledged. */
async function send(url: string): Promise<void> {
  const bodies = Array.from({ length: BODIES }, (_, i) => makeBody(i));
  const agent = new http.Agent({ keepAlive: true, maxSockets: SENDERS });
  let over = false;
  let acknowledged = 0;
  const sendAll = async (free: Body[]) => {
    while (!over) {
      const body = free.shift() as Body;
      renew(body);
      if ((await post(url, agent, body.bytes)) === 200) acknowledged += SPANS;
      free.push(body);
    }
  };
  process.on("message", (message) => {
    if (message !== "go") over = true;
    else {
      const work = Promise.all(Array.from({ length: SENDERS }, (_, i) => sendAll([copyOf(bodies[i % BODIES] as Body)])));
      void work.then(() => process.send?.({ type: "acknowledged", value: acknowledged }));
    }
  });
  process.send?.({ type: "ready", value: (bodies[0]?.bytes.length ?? 0) / SPANS });
}

interface Body {
  readonly bytes: Buffer;
  /** Where ids of 8 bytes stand that are made anew for each request, equal ones to equal ones. */
  readonly ids: readonly (readonly number[])[];
}

function copyOf({ bytes, ids }: Body): Body {
  return { bytes: Buffer.from(bytes), ids };
}

function renew({ bytes, ids }: Body): void {
  const fresh = randomBytes(ids.length * 8);
  for (const [i, places] of ids.entries()) for (const at of places) fresh.copy(bytes, at, i * 8, i * 8 + 8);
}

/** Traces of eight spans over four services, as the official exporter encodes them. */
function makeBody(seed: number): Body {
  const names: Buffer[] = [];
  const nextId = (size: number) => {
    const id = randomBytes(size);
    for (let at = 0; at < size; at += 8) names.push(id.subarray(at, at + 8));
    return id.toString("hex");
  };
  const services = ["front", "orders", "payments", "stock"].map((name) =>
    resourceFromAttributes({
      "service.name": `${name}-${seed % 6}`,
      "service.version": "1.4.2",
      "deployment.environment": "dev",
      "host.name": `node-${seed % 3}`,
    }),
  );
  const began = Date.now() - 2_000;
  const spans: Parameters<typeof ProtobufTraceSerializer.serializeRequest>[0] = [];
  for (let trace = 0; trace < SPANS / 8; trace++) {
    const traceId = nextId(16);
    let parent: string | undefined;
    for (let depth = 0; depth < 8; depth++) {
      const spanId = nextId(8);
      spans.push(makeSpan({ traceId, spanId, parent, depth, trace, began, resource: services[depth >> 1] as (typeof services)[number] }));
      parent = spanId;
    }
  }
  const bytes = Buffer.from(ProtobufTraceSerializer.serializeRequest(spans) as Uint8Array);
  return { bytes, ids: names.map((id) => placesOf(bytes, id)) };
}

function placesOf(bytes: Buffer, id: Buffer): number[] {
  const places: number[] = [];
  for (let at = bytes.indexOf(id); at >= 0; at = bytes.indexOf(id, at + 1)) places.push(at);
  return places;
}

interface SpanFacts {
  readonly traceId: string;
  readonly spanId: string;
  readonly parent: string | undefined;
  readonly depth: number;
  readonly trace: number;
  readonly began: number;
  readonly resource: ReturnType<typeof resourceFromAttributes>;
}

function makeSpan({
  traceId,
  spanId,
  parent,
  depth,
  trace,
  began,
  resource,
}: SpanFacts): Parameters<typeof ProtobufTraceSerializer.serializeRequest>[0][number] {
  const server = depth % 2 === 0;
  const route = ["/api/orders/{id}", "/api/carts", "/api/payments/{id}/refund", "/api/stock"][trace % 4] ?? "";
  const at = (ms: number): [number, number] => [Math.floor((began + ms) / 1_000), ((began + ms) % 1_000) * 1_000_000];
  return {
    name: `${server ? "GET" : "call"} ${route}`,
    kind: server ? SpanKind.SERVER : SpanKind.CLIENT,
    spanContext: () => ({ traceId, spanId, traceFlags: 1 }),
    ...(parent === undefined ? {} : { parentSpanContext: { traceId, spanId: parent, traceFlags: 1 } }),
    startTime: at(trace * 10 + depth),
    endTime: at(trace * 10 + depth + 40 - depth * 4),
    status: { code: trace % 50 === 0 ? SpanStatusCode.ERROR : SpanStatusCode.UNSET },
    attributes: MODELS ? attributesOfCall(trace * 8 + depth) : attributesOfRequest(route, trace, depth),
    links: [],
    events: [],
    duration: [0, (40 - depth * 4) * 1_000_000],
    ended: true,
    resource,
    instrumentationScope: { name: "@opentelemetry/instrumentation-http", version: "0.57.1" },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

function attributesOfRequest(route: string, trace: number, depth: number): Record<string, string | number> {
  return {
    "http.request.method": "GET",
    "http.route": route,
    "http.response.status_code": trace % 50 === 0 ? 500 : 200,
    "url.path": route.replace("{id}", String(trace * 7 + depth)),
    "server.address": "10.0.3.17",
    "server.port": 8080,
    "network.protocol.version": "1.1",
    "user_agent.original": "undici/7.2",
  };
}

/** As the semantic conventions have it, with what was asked and answered in full. */
function attributesOfCall(seed: number): Record<string, string | number> {
  return {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-5-mini",
    "gen_ai.usage.input_tokens": 4_500,
    "gen_ai.usage.output_tokens": 180,
    "gen_ai.input.messages": JSON.stringify([{ role: "user", parts: [{ type: "text", content: prose(18_500, seed) }] }]),
    "gen_ai.output.messages": JSON.stringify([{ role: "assistant", parts: [{ type: "text", content: prose(900, seed + 1) }] }]),
  };
}

function prose(length: number, seed: number): string {
  let text = "";
  for (let state = seed + 1; text.length < length; state = (state * 1_103_515_245 + 12_345) % 2 ** 31)
    text += `${WORDS[state % WORDS.length]} `;
  return text;
}

function post(url: string, agent: http.Agent, body: Buffer): Promise<number> {
  return new Promise((resolve) => {
    const headers = { "content-type": "application/x-protobuf", "content-length": body.length };
    const request = http.request(`${url}/v1/traces`, { method: "POST", agent, headers }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode ?? 0));
    });
    request.on("error", () => resolve(0));
    request.end(body);
  });
}
