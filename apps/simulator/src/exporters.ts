import type { Context, Logger, Tracer } from "@opentelemetry/api";
import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-proto";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes, type Resource } from "@opentelemetry/resources";
import { LoggerProvider, type LogRecordProcessor, type ReadableLogRecord } from "@opentelemetry/sdk-logs";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { TracerProvider, type ReadableSpan, type SpanProcessor } from "@opentelemetry/sdk-trace";

/** The OpenTelemetry SDK of one sample service: a resource of its own, exporters shared with the others. */
export interface ServiceSdk {
  readonly tracer: Tracer;
  readonly logger: Logger;
}

export interface Exporters {
  sdkOf(service: string): ServiceSdk;
  /** Spans and log records made but not yet sent. */
  waiting(): number;
  /** Sends what waits; resolves when the intake has stored it. Retries while the intake is away. */
  flush(): Promise<void>;
  /** Runtime metrics of a service, exported every half minute until `stop`. */
  reportMetrics(service: string): void;
  stop(): Promise<void>;
}

const BATCH = 4_000;

/** Real exporters towards `url` (the public intake), with the token that the intake wants. */
export function createExporters({ url, token, runId }: { url: string; token: string; runId: string }): Exporters {
  const headers = { authorization: `Bearer ${token}` };
  const traces = new OTLPTraceExporter({ url: `${url}/v1/traces`, headers, concurrencyLimit: 4 });
  const logs = new OTLPLogExporter({ url: `${url}/v1/logs`, headers, concurrencyLimit: 4 });
  const spans: ReadableSpan[] = [];
  const records: ReadableLogRecord[] = [];
  const collectSpans: SpanProcessor = {
    ...noop,
    onStart: (_span: unknown, _context: Context) => {},
    onEnd: (span) => void spans.push(span),
  };
  const collectRecords: LogRecordProcessor = { ...noop, onEmit: (record) => void records.push(record) };
  const services = new Map<string, ServiceSdk>();
  const meters: MeterProvider[] = [];
  let flushed = Promise.resolve();

  return {
    sdkOf(service) {
      const known = services.get(service);
      if (known) return known;
      const resource = resourceOf(service, runId);
      const sdk = {
        tracer: new TracerProvider({ resource, spanProcessors: [collectSpans] }).getTracer("sample-estate"),
        logger: new LoggerProvider({ resource, processors: [collectRecords] }).getLogger("sample-estate"),
      };
      services.set(service, sdk);
      return sdk;
    },
    waiting: () => spans.length + records.length,
    flush() {
      // One after the other: who waits for a flush waits for what another one has already taken, too.
      flushed = flushed.then(async () => {
        while (spans.length > 0) await send(traces, spans.splice(0, BATCH));
        while (records.length > 0) await send(logs, records.splice(0, BATCH));
      });
      return flushed;
    },
    reportMetrics(service) {
      const reader = new PeriodicExportingMetricReader({
        exporter: new OTLPMetricExporter({ url: `${url}/v1/metrics`, headers }),
        exportIntervalMillis: 30_000,
      });
      const provider = new MeterProvider({ resource: resourceOf(service, runId), readers: [reader] });
      const base = 120_000_000 + service.length * 9_000_000;
      provider
        .getMeter("sample-estate")
        .createObservableGauge("process.memory.usage", { unit: "By", description: "Memory of the process" })
        .addCallback((result) => result.observe(Math.round(base * (1 + 0.1 * Math.sin(Date.now() / 600_000)))));
      meters.push(provider);
    },
    async stop() {
      await Promise.allSettled(meters.map((meter) => meter.shutdown()));
      await Promise.allSettled([traces.shutdown(), logs.shutdown()]);
    },
  };
}

const noop = { forceFlush: async () => {}, shutdown: async () => {} };

interface Exporter<T> {
  export(items: T[], done: (result: { code: number; error?: Error }) => void): void;
}

/** An exporter gives up after its own retries; the history must not have holes, so we try again. */
async function send<T>(exporter: Exporter<T>, items: T[]): Promise<void> {
  for (let pause = 500; ; pause = Math.min(pause * 2, 15_000)) {
    const error = await new Promise<Error | undefined>((resolve) => {
      exporter.export(items, ({ code, error: cause }) => resolve(code === 0 ? undefined : (cause ?? new Error("export failed"))));
    });
    if (!error) return;
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

function resourceOf(service: string, runId: string): Resource {
  return resourceFromAttributes({
    "service.name": service,
    "service.namespace": "harbourline",
    "service.instance.id": `${service}-${runId}`,
    "deployment.environment.name": "production",
    "roadbed.sample": true,
  });
}
