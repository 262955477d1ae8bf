import { defineEvent, defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

import { EntityRef } from "../catalog.ts";

const Words = z.string().min(1).max(300);
/** Attributes that a span or a data point has to have, each with exactly this value. */
const Where = z
  .record(z.string().min(1).max(200), z.string().max(1_000))
  .refine((where) => Object.keys(where).length <= 10, "must name at most 10 attributes");
const Severity = z.enum(["trace", "debug", "info", "warn", "error", "fatal"]);
const Spans = z
  .enum(["entering", "roots"])
  .default("entering")
  .describe("entering: spans of kind server or consumer; roots: spans without a parent");
const Operations = z.array(Words).min(1).max(50).optional().describe("Names of spans; default: all of them");

const LogLines = z
  .strictObject({ text: Words.optional().describe("What the line contains"), minSeverity: Severity.optional() })
  .refine(({ text, minSeverity }) => text !== undefined || minSeverity !== undefined, "must have a text or a minSeverity");
const Series = z.strictObject({ metric: Words, where: Where.optional() });

/** What is counted: each sort says which events there are and which of them are good. */
export const Indicator = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("availability"), spans: Spans, operations: Operations, where: Where.optional() }),
  z.strictObject({
    kind: z.literal("latency"),
    thresholdMs: z.number().positive().max(86_400_000),
    spans: Spans,
    operations: Operations,
    where: Where.optional(),
  }),
  z.strictObject({
    kind: z.literal("journey"),
    operation: Words.describe("The root span by which the journey begins"),
    thresholdMs: z.number().positive().max(86_400_000).optional().describe("A journey that takes longer is a bad one, too"),
    where: Where.optional(),
  }),
  z
    .strictObject({
      kind: z.literal("ratio"),
      good: Series.optional(),
      bad: Series.optional(),
      total: Series,
    })
    .refine(({ good, bad }) => (good === undefined) !== (bad === undefined), "must have either good or bad"),
  z
    .strictObject({
      kind: z.literal("gauge"),
      metric: Words,
      where: Where.optional(),
      below: z.number().optional().describe("A sample under this is good"),
      above: z.number().optional().describe("A sample over this is good"),
    })
    .refine(({ below, above }) => (below === undefined) !== (above === undefined), "must have either below or above"),
  z.strictObject({ kind: z.literal("logs"), lines: LogLines.optional().describe("Which lines count; default: all"), bad: LogLines }),
]);
export type Indicator = z.infer<typeof Indicator>;

/** Over what time the objective is to hold. */
export const SloPeriod = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("rolling"), days: z.number().int().min(1).max(90) }),
  z.object({ kind: z.literal("calendar-month") }),
]);
export type SloPeriod = z.infer<typeof SloPeriod>;

/** `exhausted`: more failed than may; `few-events`: too little came to judge; `unknown`: nothing came at all, which is not 100 %. */
export const SloState = z.enum(["burning", "exhausted", "few-events", "unknown", "ok"]);
export type SloState = z.infer<typeof SloState>;

/** How fast the budget goes: 1 uses it up exactly at the end of the window. Absent figures: nothing came. */
export const Burn = z.object({
  window: z.string().describe("E.g. 1h"),
  minutes: z.number().int(),
  good: z.number().int(),
  total: z.number().int(),
  rate: z.number().optional(),
});
export type Burn = z.infer<typeof Burn>;

/** One of the pairs of windows whose burn rates are watched. */
export const BurnRule = z.object({
  name: z.enum(["page-fast", "page-slow", "ticket-fast", "ticket-slow"]),
  severity: z.enum(["critical", "high", "low"]),
  long: z.string(),
  short: z.string(),
  threshold: z.number().describe("Both windows must burn at least this fast"),
  longRate: z.number().optional(),
  shortRate: z.number().optional(),
  firing: z.boolean(),
  since: z.iso.datetime().optional(),
  why: z.string(),
});
export type BurnRule = z.infer<typeof BurnRule>;

export const SloFigures = z.object({
  at: z.iso.datetime().describe("When it was counted"),
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  good: z.number().int(),
  total: z.number().int(),
  /** good / total; absent without events. */
  ratio: z.number().optional(),
  /** Where the true share lies, with 95 % confidence. */
  interval: z.object({ low: z.number(), high: z.number() }).optional(),
  /** Events that may fail in this window, and how many did. */
  allowed: z.number().optional(),
  bad: z.number().int(),
  /** Share of the error budget that is left; below 0 when more failed than may. Absent when there is too little to judge. */
  remaining: z.number().optional(),
  burn: z.array(Burn),
  /** When nothing is left, if it goes on as in the last hour. */
  exhaustedAt: z.iso.datetime().optional(),
  lastEventAt: z.iso.datetime().optional(),
  /** Ten-minute pieces of the past that are still to be counted: until there are none, the figures grow. */
  uncounted: z.number().int(),
});
export type SloFigures = z.infer<typeof SloFigures>;

export const SloName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "must be 1 to 63 lower-case letters, digits and hyphens, as in Kubernetes");

export const Slo = z.object({
  name: z.string(),
  title: z.string(),
  description: z.string().optional(),
  service: z.string(),
  entityRef: z.string(),
  /** Who owns the entity, as the catalogue says. */
  owner: z.string().optional(),
  environment: z.string().optional().describe("Only telemetry of this environment counts; default: all of it"),
  indicator: Indicator,
  target: z.number(),
  period: SloPeriod,
  minimumEvents: z.number().int(),
  state: SloState,
  why: z.string(),
  figures: SloFigures.optional().describe("As counted last; absent until it was counted for the first time"),
  incidentId: z.string().optional().describe("The open incident of its alert"),
  definedIn: z.object({ repository: z.string(), path: z.string() }).optional().describe("The file that says it, and where it is changed"),
  sample: z.boolean(),
  changedBy: z.string(),
  changedAt: z.iso.datetime(),
});
export type Slo = z.infer<typeof Slo>;

export const applySlos = defineOperation({
  name: "telemetry.slo.apply",
  summary: "Make or change service level objectives from YAML in the shape of OpenSLO; several documents at once are all taken or none.",
  scope: "telemetry:write",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/slos" },
  input: z.object({
    text: z.string().min(1).max(200_000).describe("YAML: apiVersion: openslo/v1, kind: SLO"),
    sample: z.boolean().default(false).describe("Mark it as sample data"),
  }),
  output: z.object({ items: z.array(Slo.extend({ change: z.enum(["made", "changed", "unchanged"]) })) }),
  cli: { positional: ["text"], files: ["text"], columns: ["name", "change", "service", "target", "state"] },
});

export const listSlos = defineOperation({
  name: "telemetry.slo.list",
  summary: "List service level objectives, the one with the least error budget first.",
  scope: "telemetry:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/slos" },
  input: PageInput.extend({
    entityRef: EntityRef.optional(),
    service: z.string().max(200).optional(),
    environment: z.string().max(60).optional(),
    state: SloState.optional(),
  }),
  output: pageOf(Slo),
  cli: {
    columns: ["name", "state", "service", "target", "figures.ratio", "figures.remaining", "figures.total"],
    empty: "No objective is set yet: roadbed slo apply FILE.",
  },
});

export const getSlo = defineOperation({
  name: "telemetry.slo.get",
  summary: "Show an objective, counted now: what failed, what is left, how fast it burns, what its alerts say, what it costs.",
  scope: "telemetry:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/slos/{name}" },
  input: z.object({ name: z.string().max(63) }),
  output: Slo.extend({
    rules: z.array(BurnRule),
    /** What the target allows, in words that can be planned with. */
    cost: z.object({
      minutes: z.number().describe("Minutes of complete failure that the window allows"),
      events: z.number().optional().describe("Failed events that the window allows, at its traffic"),
      nextNine: z.object({ target: z.number(), minutes: z.number(), remaining: z.number().optional() }),
      /** Of the failures: how many came within an hour after a deployment. Absent where nobody can say what was deployed. */
      afterDeployments: z.number().int().optional(),
      otherwise: z.number().int().optional(),
    }),
    text: z.string().describe("The definition, as it was applied"),
    /** The query over the counted minutes, and the one that counts them, for the receipt. */
    query: z.string(),
    countedBy: z.string(),
  }),
  cli: { command: "slo show", rows: "rules", columns: ["name", "firing", "threshold", "longRate", "shortRate", "why"] },
});

export const getSloHistory = defineOperation({
  name: "telemetry.slo.history",
  summary: "Show how the error budget of the window went, step by step; steps without events are left out.",
  scope: "telemetry:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/slos/{name}/history" },
  input: z.object({ name: z.string().max(63) }),
  output: z.object({
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    stepSeconds: z.number().int(),
    steps: z.array(
      z.object({
        at: z.iso.datetime(),
        good: z.number().int(),
        total: z.number().int(),
        /** What of the window's budget was left after this step. */
        left: z.number(),
        rate: z.number(),
      }),
    ),
    query: z.string(),
  }),
  cli: { positional: ["name"], rows: "steps", columns: ["at", "good", "total", "left", "rate"] },
});

export const testSlos = defineOperation({
  name: "telemetry.slo.test",
  summary: "Try objectives without keeping them: what they would count in the last hours, and what is wrong with their text.",
  scope: "telemetry:read",
  risk: "read",
  http: { method: "POST", path: "/api/v1/slos/test" },
  input: z.object({
    text: z.string().min(1).max(200_000).describe("YAML: apiVersion: openslo/v1, kind: SLO"),
    hours: z.coerce.number().int().min(1).max(168).default(24),
  }),
  output: z.object({
    items: z.array(
      z.object({
        name: z.string(),
        service: z.string(),
        target: z.number(),
        good: z.number().int(),
        total: z.number().int(),
        ratio: z.number().optional(),
        met: z.boolean().optional(),
        advice: z.string().describe("What these figures say"),
        query: z.string(),
      }),
    ),
  }),
  cli: { positional: ["text"], files: ["text"], columns: ["name", "good", "total", "ratio", "target", "met", "advice"] },
});

export const removeSlo = defineOperation({
  name: "telemetry.slo.remove",
  summary: "Remove an objective; what was counted for it stays until it is too old, and an incident that it opened stays open.",
  scope: "telemetry:write",
  risk: "medium",
  http: { method: "DELETE", path: "/api/v1/slos/{name}" },
  input: z.object({ name: SloName }),
  output: z.object({ name: z.string() }),
});

export const listSloRepositories = defineOperation({
  name: "telemetry.slo-repository.list",
  summary: "List repositories that hold objectives: how many were taken, and what of their files could not be.",
  scope: "telemetry:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/slo-repositories" },
  input: PageInput,
  output: pageOf(
    z.object({
      repository: z.string(),
      commit: z.string(),
      readAt: z.iso.datetime(),
      objectives: z.number().int(),
      problems: z.array(z.object({ path: z.string(), reason: z.string() })),
    }),
  ),
  cli: {
    command: "slo repositories",
    columns: ["repository", "objectives", "problems", "readAt"],
    empty: "No repository holds a slo.yaml.",
  },
});

export const sloChanged = defineEvent({
  name: "telemetry.slo.changed",
  summary: "An objective was made, changed or removed.",
  payload: z.object({
    slo: z.string(),
    title: z.string(),
    entityRef: z.string(),
    change: z.enum(["made", "changed", "removed"]),
    target: z.number(),
  }),
});
export const sloAlerted = defineEvent({
  name: "telemetry.slo.alerted",
  summary: "An objective began to burn its budget too fast, does so more heavily, or no longer does.",
  payload: z.object({
    slo: z.string(),
    entityRef: z.string(),
    firing: z.array(z.string()),
    incidentId: z.string().optional(),
  }),
});

export const sloJudged = defineEvent({
  name: "telemetry.slo.judged",
  summary: "The state of an objective became another: it is met, burns, is used up, or is not known.",
  payload: z.object({ slo: z.string(), entityRef: z.string(), state: SloState }),
});

export const operations = [applySlos, listSlos, getSlo, getSloHistory, testSlos, removeSlo, listSloRepositories] as const;
