import { defineEvent, defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

import { EntityRef } from "../catalog/ref.ts";

export const DELIVERY_MEASURES = [
  "change-lead-time",
  "deployment-frequency",
  "failed-deployment-recovery-time",
  "change-fail-rate",
  "deployment-rework-rate",
  "deployment-failure-rate",
  "time-to-restore",
] as const;
export const ADOPTION_MEASURES = [
  "adoption-breadth",
  "voluntary-adoption",
  "free-adoption",
  "adoption-depth",
  "bypass-rate",
  "adoption-retention",
  "pull-index",
] as const;
export const MEASURES = [...DELIVERY_MEASURES, ...ADOPTION_MEASURES] as const;
export type DeliveryMeasure = (typeof DELIVERY_MEASURES)[number];
export type AdoptionMeasure = (typeof ADOPTION_MEASURES)[number];
export const MeasureName = z.enum(MEASURES);
export type MeasureName = z.infer<typeof MeasureName>;

/**
 * `low_n`: too few to conclude from; `suppressed`: so few people that somebody could be recognised; `stale`: nothing was told for long;
 * `not_instrumented`: nobody tells what it is made of; `no_data`: it is told, and nothing happened in the window. None of these is zero.
 */
export const MeasureStatus = z.enum(["ok", "low_n", "suppressed", "stale", "not_instrumented", "no_data"]);
export type MeasureStatus = z.infer<typeof MeasureStatus>;

/** What of a definition can be decided otherwise; each decision is a new version. */
export const MeasureRules = z.object({
  windowDays: z.number().int().min(7).max(730).describe("Days up to the last midnight, UTC"),
  production: z
    .array(z.string().regex(/^[\w.*-]{1,100}$/, "must be the name of an environment; * stands for anything"))
    .min(1)
    .max(50)
    .describe("Environments that count, e.g. prod or prod-*"),
  incidentWindowHours: z
    .number()
    .min(1)
    .max(8_760)
    .nullable()
    .describe("So long after a deployment an incident is put down to it, where nobody said what caused it; null: however long ago"),
  lowN: z.number().int().min(1).max(1_000).describe("With fewer a figure is too little to conclude from"),
  staleDays: z.number().int().min(1).max(730).describe("After so many days without news a figure is stale"),
  bots: z.boolean().describe("Whether changes that a machine proposed count"),
});
export type MeasureRules = z.infer<typeof MeasureRules>;

export const MeasureDefinition = z.object({
  measure: MeasureName,
  version: z.number().int(),
  title: z.string(),
  question: z.string().describe("The question that it answers"),
  definition: z.string(),
  formula: z.string().describe("How it is made"),
  code: z.string().describe("The file that makes it"),
  unit: z.enum(["hours", "per week", "share"]),
  better: z.enum(["lower", "higher"]),
  beside: MeasureName.describe("What to look at with it: whoever improves one alone often worsens the other"),
  space: z.string().describe("Its cell of SPACE"),
  owner: z.string(),
  sources: z.array(z.string()),
  caveats: z.array(z.string()),
  rules: MeasureRules,
  madeAt: z.iso.datetime().optional().describe("Absent: it came with Roadbed"),
  madeBy: z.string().optional(),
  why: z.string().optional(),
});
export type MeasureDefinition = z.infer<typeof MeasureDefinition>;

export const MeasureValue = z.object({
  status: MeasureStatus,
  why: z.string().describe("The status in a sentence"),
  value: z.number().optional(),
  lower: z.number().optional().describe("It lies between these with 95 % confidence"),
  upper: z.number().optional(),
  p90: z.number().optional().describe("Nine of ten take less; of fifty and more"),
  n: z.number().int().describe("Rows that count"),
  numerator: z.number().optional(),
  denominator: z.number().optional(),
  waiting: z.number().int().describe("Rows that count for as long as they are known: not over yet"),
  excluded: z.number().int().describe("Rows that do not count; the list of rows says why"),
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  watermark: z.iso.datetime().optional().describe("When the newest thing that it is made of happened"),
  version: z.number().int(),
});
export type MeasureValue = z.infer<typeof MeasureValue>;

const About = EntityRef.optional().describe("A component, a system, a domain or a team. Default: everything you may see");

const Listed = MeasureDefinition.pick({
  measure: true,
  title: true,
  question: true,
  unit: true,
  better: true,
  version: true,
  owner: true,
}).extend({
  value: MeasureValue,
  weeks: z
    .array(z.object({ from: z.iso.datetime(), value: z.number().optional(), n: z.number().int() }))
    .describe("The last weeks, one by one"),
});
export type ListedMeasure = z.infer<typeof Listed>;

export const listMeasures = defineOperation({
  name: "product.measure.list",
  summary: "List what is measured, with its value for a component, a system, a team, or everything.",
  scope: "product:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/measures" },
  input: PageInput.extend({ about: About }),
  output: pageOf(Listed).extend({
    about: z.string().optional(),
    title: z.string(),
    things: z.number().int().describe("Components that it is about"),
  }),
  cli: { columns: ["measure", "value.value", "unit", "value.lower", "value.upper", "value.n", "value.status"] },
});

export const getMeasure = defineOperation({
  name: "product.measure.get",
  summary: "Show a measure: its value, how it is made, how it went, and every version of its definition with what that gives now.",
  scope: "product:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/measures/{measure}" },
  input: z.object({
    measure: MeasureName,
    about: About,
    version: z.coerce.number().int().min(1).optional().describe("Default: the newest"),
  }),
  output: z.object({
    definition: MeasureDefinition,
    about: z.string().optional(),
    title: z.string(),
    value: MeasureValue,
    weeks: Listed.shape.weeks,
    distribution: z
      .array(z.object({ from: z.number(), to: z.number().optional(), count: z.number().int() }))
      .describe("How the rows are spread; hours"),
    versions: z.array(z.object({ definition: MeasureDefinition, value: MeasureValue })).describe("The newest first"),
    benchmarks: z.array(z.object({ text: z.string(), source: z.string(), licence: z.string(), legacy: z.boolean() })),
  }),
  cli: { positional: ["measure"] },
});

export const listMeasureRows = defineOperation({
  name: "product.measure.rows",
  summary: "List the rows that a measure is made of, newest first, those that do not count with the reason.",
  scope: "product:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/measures/{measure}/rows" },
  input: PageInput.extend({ measure: MeasureName, about: About, version: z.coerce.number().int().min(1).optional() }),
  output: pageOf(
    z.object({
      id: z.string(),
      kind: z.enum(["deployment", "change", "incident", "team"]),
      key: z.string(),
      source: z.string(),
      entityRef: z.string().optional(),
      at: z.iso.datetime(),
      counts: z.enum(["yes", "so far", "no"]).describe("`so far`: it is not over yet, and counts for as long as it is known"),
      value: z.number().optional().describe("Hours; of shares 1 where it is in the numerator, else 0"),
      why: z.string(),
    }),
  ),
  cli: {
    positional: ["measure"],
    columns: ["at", "entityRef", "kind", "key", "counts", "value", "why"],
    empty: "There is nothing it could be made of.",
  },
});

export const compareMeasure = defineOperation({
  name: "product.measure.compare",
  summary: "List a measure component by component, or team by team where it is about teams, by name: nothing is ranked.",
  scope: "product:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/measures/{measure}/components" },
  input: PageInput.extend({ measure: MeasureName, about: About }),
  output: pageOf(z.object({ entityRef: z.string(), title: z.string(), owner: z.string().optional(), value: MeasureValue })),
  cli: { positional: ["measure"], columns: ["entityRef", "value.value", "value.lower", "value.upper", "value.n", "value.status"] },
});

export const defineMeasure = defineOperation({
  name: "product.measure.define",
  summary: "Decide something of a measure otherwise: a new version; what the one before gives is shown beside it.",
  scope: "product:admin",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/measures/{measure}/versions" },
  input: z.object({
    measure: MeasureName,
    owner: EntityRef.optional(),
    rules: MeasureRules.partial().default({}),
    why: z.string().trim().min(10).max(500).describe("For those who see the figure jump"),
  }),
  output: MeasureDefinition,
});

export const measureDefined = defineEvent({
  name: "product.measure.defined",
  summary: "A measure has a new version of its definition.",
  payload: z.object({ measure: z.string(), title: z.string(), version: z.number().int(), why: z.string() }),
});

export const operations = [listMeasures, getMeasure, listMeasureRows, compareMeasure, defineMeasure] as const;
