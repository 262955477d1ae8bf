/**
 * Traces, metrics and logs as OTLP/HTTP JSON, with nothing to install. It is told where to by the variables of the
 * OpenTelemetry specification: OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS, OTEL_SERVICE_NAME,
 * OTEL_RESOURCE_ATTRIBUTES. Without an endpoint nothing is sent and everything else works the same.
 * docs/telemetry.md says how to put the OpenTelemetry SDK in its place.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { randomBytes, randomUUID } from "node:crypto";

const SCOPE = { name: "telemetry.js", version: "1.0.0" };
const KIND = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 };
const SEVERITY = { debug: 5, info: 9, warn: 13, error: 17 };
/** Seconds; the boundaries that the semantic conventions name for HTTP durations. */
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const LARGEST_BATCH = 512;
const LONGEST_QUEUE = 4096;

/**
 * @param {{ serviceName: string, env?: NodeJS.ProcessEnv, write?: (line: string) => void, intervalMs?: number, metricsIntervalMs?: number }} options
 *   `serviceName` is used where OTEL_SERVICE_NAME is not set; `write` gets each log line (default: standard output).
 */
export function startTelemetry({ serviceName, env = process.env, write = (line) => process.stdout.write(`${line}\n`), intervalMs = 1000, metricsIntervalMs = 5000 }) {
  const endpoint = env.OTEL_EXPORTER_OTLP_ENDPOINT?.replace(/\/+$/, "");
  const headers = parsePairs(env.OTEL_EXPORTER_OTLP_HEADERS);
  const resource = { attributes: toAttributes(describeResource(serviceName, env)) };
  const current = new AsyncLocalStorage();
  const queues = { traces: [], logs: [] };
  const series = new Map();
  const startedAt = nowNano();
  let pause = 0;
  let sending = Promise.resolve();

  const timer = setInterval(() => void flushQueues(), intervalMs).unref();
  const metricsTimer = setInterval(() => void flushMetrics(), metricsIntervalMs).unref();

  /** Runs `work` in a span of its own. What it throws is recorded and thrown on. */
  async function withSpan(name, options, work) {
    const span = startSpan(name, options);
    try {
      return await current.run(span, () => work(span));
    } catch (error) {
      span.fail(error);
      throw error;
    } finally {
      span.end();
    }
  }

  /** `parent`: a traceparent header; else the span that runs now, if there is one. */
  function startSpan(name, { kind = "internal", attributes = {}, parent } = {}) {
    const above = parseTraceparent(parent) ?? current.getStore()?.context;
    const context = { traceId: above?.traceId ?? randomHex(16), spanId: randomHex(8), sampled: above?.sampled ?? true };
    const all = { ...attributes };
    const begin = nowNano();
    let status = { code: 0 };
    let ended = false;
    let title = name;
    return {
      context,
      traceparent: formatTraceparent(context),
      rename: (better) => void (title = better),
      set: (more) => void Object.assign(all, more),
      fail(error) {
        status = { code: 2, message: String(error?.message ?? error) };
        all["error.type"] ??= error?.name ?? "Error";
      },
      end() {
        if (ended) return;
        ended = true;
        if (!context.sampled) return;
        push("traces", {
          traceId: context.traceId,
          spanId: context.spanId,
          ...(above === undefined ? {} : { parentSpanId: above.spanId }),
          name: title,
          kind: KIND[kind] ?? KIND.internal,
          startTimeUnixNano: String(begin),
          endTimeUnixNano: String(nowNano()),
          attributes: toAttributes(all),
          status,
        });
      },
    };
  }

  /** One structured line for people and the collector, with the ids of the span that runs now. */
  function log(level, message, fields = {}) {
    const context = current.getStore()?.context;
    const ids = context === undefined ? {} : { trace_id: context.traceId, span_id: context.spanId };
    write(JSON.stringify({ time: new Date().toISOString(), level, message, ...fields, ...ids }));
    push("logs", {
      timeUnixNano: String(nowNano()),
      severityNumber: SEVERITY[level] ?? SEVERITY.info,
      severityText: level.toUpperCase(),
      body: { stringValue: message },
      attributes: toAttributes(fields),
      ...(context === undefined ? {} : { traceId: context.traceId, spanId: context.spanId }),
    });
  }

  /** Adds to a counter that only grows. */
  function count(name, value = 1, attributes = {}, unit = "1") {
    seriesOf("sum", name, unit, attributes, () => ({ value: 0 })).value += value;
  }

  /** Puts a value, in seconds unless `unit` says otherwise, into a histogram. */
  function record(name, value, attributes = {}, unit = "s") {
    const one = seriesOf("histogram", name, unit, attributes, () => ({ count: 0, sum: 0, buckets: new Array(BOUNDS.length + 1).fill(0) }));
    const bucket = BOUNDS.findIndex((bound) => value <= bound);
    one.count += 1;
    one.sum += value;
    one.buckets[bucket < 0 ? BOUNDS.length : bucket] += 1;
  }

  /** Wraps an HTTP handler: a server span per request, its duration as a metric. `routeOf` names the route, never the address. */
  function instrument(handler, routeOf) {
    return (request, response) => {
      const route = routeOf(request);
      const attributes = {
        "http.request.method": request.method,
        "http.route": route,
        "url.path": new URL(request.url, "http://localhost").pathname,
        "url.scheme": request.headers["x-forwarded-proto"] ?? "http",
        "user_agent.original": request.headers["user-agent"] ?? "",
      };
      const span = startSpan(`${request.method} ${route}`, { kind: "server", attributes, parent: request.headers.traceparent });
      const begin = performance.now();
      response.once("close", () => {
        const code = response.statusCode;
        span.set({ "http.response.status_code": code });
        if (code >= 500) span.fail(Object.assign(new Error(`answered ${code}`), { name: String(code) }));
        span.end();
        const labels = { "http.request.method": request.method, "http.route": route, "http.response.status_code": code };
        record("http.server.request.duration", (performance.now() - begin) / 1000, labels);
      });
      current.run(span, () => handler(request, response));
    };
  }

  /** `fetch` in a client span, with the traceparent header that joins the two sides. */
  function tracedFetch(url, init = {}) {
    const target = new URL(url);
    const method = init.method ?? "GET";
    const attributes = { "http.request.method": method, "server.address": target.hostname, "url.full": `${target.origin}${target.pathname}` };
    return withSpan(method, { kind: "client", attributes }, async (span) => {
      const sent = new Headers(init.headers);
      sent.set("traceparent", span.traceparent);
      const answer = await fetch(url, { ...init, headers: sent });
      span.set({ "http.response.status_code": answer.status });
      if (answer.status >= 400) span.fail(Object.assign(new Error(`answered ${answer.status}`), { name: String(answer.status) }));
      return answer;
    });
  }

  function push(signal, item) {
    if (endpoint === undefined) return;
    const queue = queues[signal];
    queue.push(item);
    // The oldest go first when the collector is away for long: the newest tell more.
    if (queue.length > LONGEST_QUEUE) queue.splice(0, queue.length - LONGEST_QUEUE);
    if (queue.length >= LARGEST_BATCH) void flushQueues();
  }

  function seriesOf(type, name, unit, attributes, make) {
    const key = `${name}\n${JSON.stringify(attributes)}`;
    const found = series.get(key) ?? { type, name, unit, attributes: toAttributes(attributes), data: make() };
    series.set(key, found);
    return found.data;
  }

  function flushQueues() {
    sending = sending.then(async () => {
      for (const [signal, queue] of Object.entries(queues)) {
        while (queue.length > 0 && Date.now() >= pause) {
          const batch = queue.splice(0, LARGEST_BATCH);
          if (await send(signal, wrap(signal, batch))) continue;
          queue.unshift(...batch);
          break;
        }
      }
    });
    return sending;
  }

  function flushMetrics() {
    if (endpoint === undefined) return Promise.resolve();
    const { heapUsed, rss } = process.memoryUsage();
    const cpu = process.cpuUsage();
    const process_ = [
      gauge("process.memory.usage", "By", rss),
      gauge("nodejs.heap.used", "By", heapUsed),
      total("process.cpu.time", "s", (cpu.user + cpu.system) / 1e6),
    ];
    const metrics = [...process_, ...[...series.values()].map(toMetric)];
    const body = { resourceMetrics: [{ resource, scopeMetrics: [{ scope: SCOPE, metrics }] }] };
    sending = sending.then(() => send("metrics", body)).then(() => {});
    return sending;
  }

  /** True when it is stored or must not be sent again; false to try later. */
  async function send(signal, body) {
    try {
      const answer = await fetch(`${endpoint}/v1/${signal}`, {
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(5000),
      });
      await answer.arrayBuffer();
      if (answer.ok || ![408, 429, 502, 503, 504].includes(answer.status)) return true;
    } catch {
      // The collector is away: that must never be the service's trouble.
    }
    pause = Date.now() + 5000;
    return false;
  }

  function wrap(signal, items) {
    if (signal === "traces") return { resourceSpans: [{ resource, scopeSpans: [{ scope: SCOPE, spans: items }] }] };
    return { resourceLogs: [{ resource, scopeLogs: [{ scope: SCOPE, logRecords: items }] }] };
  }

  function toMetric({ type, name, unit, attributes, data }) {
    if (type === "sum") return total(name, unit, data.value, attributes);
    const point = {
      startTimeUnixNano: String(startedAt),
      timeUnixNano: String(nowNano()),
      count: String(data.count),
      sum: data.sum,
      bucketCounts: data.buckets.map(String),
      explicitBounds: BOUNDS,
      attributes,
    };
    return { name, unit, histogram: { aggregationTemporality: 2, dataPoints: [point] } };
  }

  function total(name, unit, value, attributes = []) {
    const point = { startTimeUnixNano: String(startedAt), timeUnixNano: String(nowNano()), asDouble: value, attributes };
    return { name, unit, sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: [point] } };
  }

  function gauge(name, unit, value) {
    return { name, unit, gauge: { dataPoints: [{ timeUnixNano: String(nowNano()), asDouble: value, attributes: [] }] } };
  }

  return {
    withSpan,
    startSpan,
    log,
    count,
    record,
    instrument,
    fetch: tracedFetch,
    /** Sends what is waiting and stops. */
    async shutdown() {
      clearInterval(timer);
      clearInterval(metricsTimer);
      pause = 0;
      await flushQueues();
      await flushMetrics();
    },
  };
}

/** Reads `00-<trace>-<span>-<flags>`; undefined for anything else. */
export function parseTraceparent(header) {
  const [, traceId, spanId, flags] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(header ?? "") ?? [];
  if (traceId === undefined || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (parseInt(flags, 16) & 1) === 1 };
}

function formatTraceparent({ traceId, spanId, sampled }) {
  return `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;
}

function describeResource(serviceName, env) {
  return {
    "service.name": serviceName,
    "service.instance.id": randomUUID(),
    "process.pid": process.pid,
    "process.runtime.name": "nodejs",
    "process.runtime.version": process.versions.node,
    "telemetry.sdk.language": "nodejs",
    "telemetry.sdk.name": SCOPE.name,
    "telemetry.sdk.version": SCOPE.version,
    ...parsePairs(env.OTEL_RESOURCE_ATTRIBUTES),
    ...(env.OTEL_SERVICE_NAME ? { "service.name": env.OTEL_SERVICE_NAME } : {}),
  };
}

/** Reads `a=1,b=two%20words`. */
function parsePairs(text) {
  const pairs = (text ?? "").split(",").map((pair) => [pair.slice(0, pair.indexOf("=")).trim(), pair.slice(pair.indexOf("=") + 1).trim()]);
  return Object.fromEntries(pairs.filter(([key]) => key !== "").map(([key, value]) => [key, decode(value)]));
}

function decode(value) {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function toAttributes(fields) {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([key, value]) => ({ key, value: toValue(value) }));
}

function toValue(value) {
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number") return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  return { stringValue: typeof value === "string" ? value : JSON.stringify(value) };
}

/** Never goes back within a process, which the wall clock may. */
function nowNano() {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n;
}

function randomHex(bytes) {
  return randomBytes(bytes).toString("hex");
}
