import { defineEvent, defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

/** Far enough for every clock; beyond it the store's times overflow. */
const Moment = z.iso.datetime().refine((time) => time >= "1970" && time < "2200", "must lie between the years 1970 and 2200");

/** A half-open window [from, to) in UTC; every telemetry query has one. Default: the last hour. */
const Window = z.object({
  from: Moment.optional().describe("Begin, inclusive; default one hour before `to`"),
  to: Moment.optional().describe("End, exclusive; default now"),
});
const Service = z.string().min(1).max(200).describe("The service.name of the telemetry");

/** Requests, errors and durations over a window. Absent figures mean no data, never zero. */
export const Red = z.object({
  requests: z.number().int(),
  requestsPerSecond: z.number(),
  errors: z.number().int(),
  errorRate: z.number().optional(),
  p50Ms: z.number().optional(),
  p95Ms: z.number().optional(),
  p99Ms: z.number().optional(),
});

/** `unknown`: no telemetry in the window. */
export const ServiceHealth = z.enum(["ok", "degraded", "failing", "unknown"]);

export const ServiceRow = Red.extend({
  service: z.string(),
  health: ServiceHealth,
  why: z.string(),
  lastSeen: z.iso.datetime().optional(),
  sample: z.boolean(),
});
export type ServiceRow = z.infer<typeof ServiceRow>;

export const listServices = defineOperation({
  name: "telemetry.service.list",
  summary: "List the services that sent telemetry in the window, with their rates, errors and latencies.",
  scope: "telemetry:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/telemetry/services" },
  input: PageInput.extend({ ...Window.shape, limit: z.coerce.number().int().min(1).max(2_000).default(200) }),
  output: pageOf(ServiceRow),
  cli: { columns: ["service", "health", "requestsPerSecond", "errorRate", "p95Ms"] },
});

export const getService = defineOperation({
  name: "telemetry.service.get",
  summary: "Show one service's rate, errors and latencies: over the window, over time and per operation.",
  scope: "telemetry:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/telemetry/services/{service}" },
  input: z.object({ service: Service, ...Window.shape }),
  output: z.object({
    service: z.string(),
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    stepSeconds: z.number().int(),
    summary: ServiceRow,
    /** One point per step that has data; a step without a point had none. */
    series: z.array(Red.extend({ at: z.iso.datetime() })),
    operations: z.array(Red.extend({ operation: z.string() })),
    /** The query that made it, for the receipt. */
    query: z.string(),
  }),
  cli: { rows: "operations", columns: ["operation", "requests", "errorRate", "p50Ms", "p95Ms", "p99Ms"] },
});

export const listServiceEdges = defineOperation({
  name: "telemetry.service.edges",
  summary: "List which service calls which, as seen in traces.",
  scope: "telemetry:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/telemetry/edges" },
  input: z.object({ ...Window.shape, service: Service.optional() }),
  output: z.object({
    items: z.array(
      z.object({ from: z.string(), to: z.string(), requests: z.number().int(), errors: z.number().int(), p95Ms: z.number().optional() }),
    ),
  }),
});

export const TraceRow = z.object({
  traceId: z.string(),
  rootService: z.string(),
  rootName: z.string(),
  at: z.iso.datetime(),
  durationMs: z.number(),
  spans: z.number().int(),
  errors: z.number().int(),
  services: z.array(z.string()),
});
export type TraceRow = z.infer<typeof TraceRow>;

export const listTraces = defineOperation({
  name: "telemetry.trace.list",
  summary: "Find traces by service, operation, duration and error.",
  scope: "telemetry:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/traces" },
  input: PageInput.extend({
    ...Window.shape,
    service: Service.optional(),
    operation: z.string().max(300).optional(),
    minMs: z.coerce.number().min(0).max(1e9).optional(),
    errors: z.preprocess((value) => (value === "true" ? true : value === "false" ? false : value), z.boolean().optional()),
    sort: z.enum(["newest", "slowest"]).default("newest"),
  }),
  output: pageOf(TraceRow),
  cli: { columns: ["traceId", "rootService", "rootName", "durationMs", "spans", "errors", "at"] },
});

export const SpanRow = z.object({
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  service: z.string(),
  name: z.string(),
  kind: z.string(),
  /** Microseconds after the trace began. */
  offsetUs: z.number(),
  durationUs: z.number(),
  status: z.enum(["unset", "ok", "error"]),
  statusMessage: z.string().optional(),
  attributes: z.record(z.string(), z.string()),
  events: z.array(z.object({ name: z.string(), offsetUs: z.number(), attributes: z.record(z.string(), z.string()) })),
});
export type SpanRow = z.infer<typeof SpanRow>;

export const getTrace = defineOperation({
  name: "telemetry.trace.get",
  summary: "Show one trace with all its spans, in the order of a waterfall.",
  scope: "telemetry:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/traces/{traceId}" },
  input: z.object({
    traceId: z.string().regex(/^[0-9a-f]{32}$/, "must be 32 hexadecimal digits"),
    at: Moment.optional().describe("About when it began; makes the look-up cheap"),
  }),
  output: z.object({ traceId: z.string(), at: z.iso.datetime(), durationUs: z.number(), spans: z.array(SpanRow), truncated: z.boolean() }),
  cli: { rows: "spans", columns: ["service", "name", "offsetUs", "durationUs", "status"] },
});

export const listLogs = defineOperation({
  name: "telemetry.log.list",
  summary: "Find log records by service, trace, severity and words, newest first.",
  scope: "telemetry:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/logs" },
  input: PageInput.extend({
    ...Window.shape,
    service: Service.optional(),
    traceId: z
      .string()
      .regex(/^[0-9a-f]{32}$/)
      .optional(),
    minSeverity: z.enum(["trace", "debug", "info", "warn", "error", "fatal"]).optional(),
    text: z.string().max(200).optional(),
  }),
  output: pageOf(
    z.object({
      at: z.iso.datetime(),
      service: z.string(),
      severity: z.string(),
      body: z.string(),
      traceId: z.string().optional(),
      spanId: z.string().optional(),
      attributes: z.record(z.string(), z.string()),
    }),
  ),
  cli: { columns: ["at", "service", "severity", "body"] },
});

export const listMetrics = defineOperation({
  name: "telemetry.metric.list",
  summary: "List the metrics a service sent in the window, with the newest value of each.",
  scope: "telemetry:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/metrics" },
  input: z.object({ ...Window.shape, service: Service }),
  output: z.object({
    items: z.array(
      z.object({
        name: z.string(),
        unit: z.string(),
        kind: z.string(),
        value: z.number().optional(),
        at: z.iso.datetime(),
        points: z.number().int(),
        exemplar: z
          .object({ traceId: z.string(), spanId: z.string(), value: z.number(), at: z.iso.datetime() })
          .optional()
          .describe("The newest measurement that was told with its trace"),
      }),
    ),
  }),
});

export const Incident = z.object({
  id: z.string(),
  title: z.string(),
  service: z.string(),
  entityRef: z.string().optional(),
  severity: z.enum(["low", "high", "critical"]),
  state: z.enum(["open", "closed"]),
  openedAt: z.iso.datetime(),
  closedAt: z.iso.datetime().optional(),
  summary: z.string().optional(),
  sample: z.boolean(),
});
export type Incident = z.infer<typeof Incident>;

export const listIncidents = defineOperation({
  name: "telemetry.incident.list",
  summary: "List incidents, newest first.",
  scope: "telemetry:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/incidents" },
  input: PageInput.extend({ state: z.enum(["open", "closed"]).optional(), service: Service.optional() }),
  output: pageOf(Incident),
  cli: { columns: ["id", "state", "severity", "service", "title", "openedAt", "closedAt"] },
});

export const openIncident = defineOperation({
  name: "telemetry.incident.open",
  summary: "Declare an incident on a service.",
  scope: "telemetry:write",
  risk: "low",
  http: { method: "POST", path: "/api/v1/incidents" },
  input: z.object({
    title: z.string().min(1).max(200),
    service: Service,
    entityRef: z.string().max(200).optional(),
    severity: z.enum(["low", "high", "critical"]).default("high"),
    openedAt: Moment.optional(),
    sample: z.boolean().default(false),
  }),
  output: Incident,
});

export const closeIncident = defineOperation({
  name: "telemetry.incident.close",
  summary: "Close an incident and say in a sentence what it was.",
  scope: "telemetry:write",
  risk: "low",
  http: { method: "POST", path: "/api/v1/incidents/{id}/close" },
  input: z.object({ id: z.string(), summary: z.string().max(2_000).optional(), closedAt: Moment.optional() }),
  output: Incident,
});

export const incidentOpened = defineEvent({
  name: "telemetry.incident.opened",
  summary: "An incident was declared.",
  payload: z.object({
    incidentId: z.string(),
    service: z.string(),
    severity: z.string(),
    title: z.string().optional(),
    entityRef: z.string().optional(),
    onCall: z.array(z.string()).optional().describe("References of those who are called, beside the owners"),
    link: z.string().optional().describe("Where to look, as a path of the web app"),
    openedAt: z.iso.datetime().optional().describe("When it began, which may be long before it was declared"),
    sample: z.boolean().optional(),
  }),
});
export const incidentClosed = defineEvent({
  name: "telemetry.incident.closed",
  summary: "An incident ended.",
  payload: z.object({
    incidentId: z.string(),
    service: z.string(),
    entityRef: z.string().optional(),
    closedAt: z.iso.datetime().optional().describe("When it ended, which may be before it was said"),
  }),
});

export const operations = [
  listServices,
  getService,
  listServiceEdges,
  listTraces,
  getTrace,
  listLogs,
  listMetrics,
  listIncidents,
  openIncident,
  closeIncident,
] as const;
