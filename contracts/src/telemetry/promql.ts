import { defineOperation } from "@roadbed/core";
import { z } from "zod";

const Moment = z.iso.datetime().refine((time) => time >= "1970" && time < "2200", "must lie between the years 1970 and 2200");
const Window = {
  from: Moment.optional().describe("Begin; default one hour before `to`"),
  to: Moment.optional().describe("End; default now"),
};
const Selectors = z.array(z.string().max(5_000)).max(20).describe('Which series, e.g. http_requests_total{job="shop"}');
const LabelSet = z.record(z.string(), z.string());

export const PromqlSeries = z.object({
  labels: LabelSet,
  /** Values as texts: some are no numbers. */
  points: z.array(z.object({ at: z.iso.datetime(), value: z.string() })),
});
export type PromqlSeries = z.infer<typeof PromqlSeries>;

export const queryMetrics = defineOperation({
  name: "telemetry.promql.query",
  summary: "Answer a query in PromQL over the metrics that services sent: at one instant, or step by step over a time.",
  scope: "telemetry:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/promql/query" },
  input: z.object({
    query: z.string().min(1).max(20_000),
    time: Moment.optional().describe("The instant; default now. Not with from"),
    from: Moment.optional().describe("Begin, for an answer over a time"),
    to: Moment.optional().describe("End; default now"),
    stepSeconds: z.coerce.number().positive().max(86_400).optional().describe("Default: what makes 120 steps"),
  }),
  output: z.object({
    type: z.enum(["scalar", "vector", "matrix"]),
    series: z.array(PromqlSeries),
    stepSeconds: z.number().optional(),
    pointsRead: z.number().int(),
  }),
  cli: { command: "promql query", positional: ["query"], rows: "series", columns: ["labels", "points"], empty: "No series fits." },
});

export const listMetricSeries = defineOperation({
  name: "telemetry.promql.series",
  summary: "List the series that selectors of PromQL fit in a time.",
  scope: "telemetry:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/promql/series" },
  input: z.object({ match: Selectors.min(1), ...Window, limit: z.coerce.number().int().min(1).max(20_000).default(2_000) }),
  output: z.object({ items: z.array(LabelSet), truncated: z.boolean() }),
});

export const listMetricLabels = defineOperation({
  name: "telemetry.promql.labels",
  summary: "List the labels that metrics have in PromQL, or the values of one of them.",
  scope: "telemetry:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/promql/labels" },
  input: z.object({
    label: z.string().min(1).max(200).optional().describe("Its values rather than the labels"),
    match: Selectors.optional(),
    ...Window,
  }),
  output: z.object({ values: z.array(z.string()), truncated: z.boolean() }),
});

export const listMetricNames = defineOperation({
  name: "telemetry.promql.metadata",
  summary: "List metrics under the names that PromQL has for them, with type, unit and what their senders say of them.",
  scope: "telemetry:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/promql/metadata" },
  input: z.object({ metric: z.string().max(300).optional(), ...Window }),
  output: z.object({
    items: z.array(
      z.object({
        name: z.string(),
        type: z.enum(["counter", "gauge", "histogram", "summary", "unknown"]),
        help: z.string(),
        unit: z.string(),
        sentAs: z.string(),
      }),
    ),
    truncated: z.boolean(),
  }),
  cli: { command: "promql metadata", columns: ["name", "type", "unit", "sentAs"], empty: "No metric came in this window." },
});

export const listExemplars = defineOperation({
  name: "telemetry.promql.exemplars",
  summary: "List measurements that stand for a query's metrics, each with the trace during which it was made.",
  scope: "telemetry:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/promql/exemplars" },
  input: z.object({ query: z.string().min(1).max(20_000), ...Window, limit: z.coerce.number().int().min(1).max(1_000).default(200) }),
  output: z.object({
    items: z.array(
      z.object({
        labels: LabelSet,
        at: z.iso.datetime(),
        value: z.number(),
        traceId: z.string(),
        spanId: z.string(),
        attributes: LabelSet,
      }),
    ),
  }),
});

export const operations = [queryMetrics, listMetricSeries, listMetricLabels, listMetricNames, listExemplars] as const;
