import { defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

import { EntityRef } from "../catalog.ts";

const Moment = z.iso.datetime().refine((time) => time >= "1970" && time < "2200", "must lie between the years 1970 and 2200");
const Window = {
  from: Moment.optional().describe("Begin, inclusive; default one hour before `to`"),
  to: Moment.optional().describe("End, exclusive; default now"),
};
const Name = z.string().max(200);
const Flag = z.preprocess((value) => (value === "true" ? true : value === "false" ? false : value), z.boolean().optional());

/** Which calls of models are meant: all of these have to fit. */
const Which = {
  entityRef: EntityRef.optional().describe("What made them"),
  team: EntityRef.optional().describe("Whose it is"),
  service: Name.optional(),
  environment: Name.optional(),
  provider: Name.optional(),
  model: Name.optional(),
  prompt: Name.optional().describe("A prompt's name, or its name@version"),
  agent: Name.optional(),
  session: Name.optional(),
};

/** Amounts are USD as text with twelve decimals, since sums of doubles are not exact. */
const Usd = z.string().describe("USD, as text with twelve decimals");

/** What calls of models used over a window. Absent figures mean that nobody told, never zero. */
export const AiFigures = z.object({
  calls: z.number().int(),
  errors: z.number().int(),
  inputTokens: z.number().int().describe("With what was read from and written to caches"),
  outputTokens: z.number().int().describe("With reasoning"),
  cacheReadTokens: z.number().int(),
  cacheWriteTokens: z.number().int(),
  reasoningTokens: z.number().int(),
  /** Calls that told what they used and have a price, that told and have none, and that told nothing. */
  priced: z.number().int(),
  unpriced: z.number().int(),
  untold: z.number().int(),
  /** Absent where no call has a price. */
  cost: Usd.optional(),
  p50Ms: z.number().optional(),
  p95Ms: z.number().optional(),
  /** To the first token, of calls that told it. */
  ttftP50Ms: z.number().optional(),
  ttftP95Ms: z.number().optional(),
});
export type AiFigures = z.infer<typeof AiFigures>;

export const AiBy = z.enum(["model", "provider", "prompt", "agent", "team", "service", "environment", "operation"]);
export type AiBy = z.infer<typeof AiBy>;

export const getAiUse = defineOperation({
  name: "telemetry.ai.use",
  summary: "Show what calls of models used, cost and took over a window, by model, prompt version, agent, team and more.",
  scope: "telemetry:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/ai/use" },
  input: z.object({ ...Window, ...Which, by: AiBy.default("model"), limit: z.coerce.number().int().min(1).max(500).default(100) }),
  output: z.object({
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    summary: AiFigures,
    by: AiBy,
    /** The most expensive first, then the one with most tokens. An empty key: nobody told. */
    items: z.array(AiFigures.extend({ key: z.string(), title: z.string() })),
    truncated: z.boolean().describe("There are more than were asked for"),
    stepSeconds: z.number().int(),
    series: z.array(
      z.object({
        at: z.iso.datetime(),
        calls: z.number().int(),
        inputTokens: z.number().int(),
        outputTokens: z.number().int(),
        cost: Usd.optional(),
      }),
    ),
    /** The reasons for which calls have no price. */
    unpriced: z.array(z.object({ why: z.string(), calls: z.number().int(), tokens: z.number().int() })),
    /** The query that made it, for the receipt. */
    query: z.string(),
  }),
  cli: {
    command: "ai use",
    columns: ["title", "calls", "inputTokens", "outputTokens", "cost", "unpriced", "p95Ms", "ttftP95Ms"],
    empty: "No call of a model was seen in this window.",
  },
});

export const AiCall = z.object({
  at: z.iso.datetime(),
  traceId: z.string(),
  spanId: z.string(),
  service: z.string(),
  environment: z.string().optional(),
  name: z.string(),
  operation: z.string(),
  dialect: z.string(),
  mappingVersion: z.number().int(),
  provider: z.string().optional(),
  requestModel: z.string().optional(),
  responseModel: z.string().optional(),
  modelVersion: z.string().optional(),
  prompt: z.string().optional(),
  promptVersion: z.string().optional(),
  agent: z.string().optional(),
  session: z.string().optional(),
  finish: z.string().optional(),
  status: z.enum(["unset", "ok", "error"]),
  durationMs: z.number(),
  ttftMs: z.number().optional(),
  inputTokens: z.number().int(),
  outputTokens: z.number().int(),
  cacheReadTokens: z.number().int(),
  cacheWriteTokens: z.number().int(),
  reasoningTokens: z.number().int(),
  cost: Usd.optional(),
  /** Of which list, and what of it. */
  priceBook: z.string().optional(),
  price: z.string().optional(),
  whyUnpriced: z.string().optional(),
  reportedCost: z.number().optional().describe("What the sender says that it cost"),
  notes: z.array(z.string()),
});
export type AiCall = z.infer<typeof AiCall>;

export const listAiCalls = defineOperation({
  name: "telemetry.ai-call.list",
  summary: "List calls of models, newest first, each with its tokens, its price and where that comes from.",
  scope: "telemetry:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/ai/calls" },
  input: PageInput.extend({ ...Window, ...Which, unpriced: Flag.describe("Only those without a price, or only the others"), errors: Flag }),
  output: pageOf(AiCall),
  cli: {
    command: "ai calls",
    columns: ["at", "service", "responseModel", "inputTokens", "outputTokens", "cost", "whyUnpriced", "durationMs", "traceId"],
  },
});

const Million = z.coerce.number().min(0).max(1e6).describe("USD per million tokens");

/** A price of the organisation, which goes before the published one. */
export const ModelPrice = z.object({
  id: z.string(),
  provider: z.string().optional(),
  model: z.string(),
  input: z.number(),
  output: z.number(),
  cacheRead: z.number().optional(),
  cacheWrite: z.number().optional(),
  cacheWriteHour: z.number().optional(),
  from: z.iso.datetime(),
  to: z.iso.datetime().optional(),
  reason: z.string().optional(),
  changedBy: z.string(),
  changedAt: z.iso.datetime(),
});
export type ModelPrice = z.infer<typeof ModelPrice>;

export const listPrices = defineOperation({
  name: "telemetry.price.list",
  summary: "List the organisation's own prices of models, which go before the published ones.",
  scope: "telemetry:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/ai/prices" },
  input: PageInput,
  output: pageOf(ModelPrice).extend({ book: z.string().describe("The published price list, with its version") }),
  cli: {
    columns: ["id", "provider", "model", "input", "output", "cacheRead", "from", "to", "reason"],
    empty: "There are none: the published prices hold. roadbed price set MODEL --input USD --output USD.",
  },
});

export const setPrice = defineOperation({
  name: "telemetry.price.set",
  summary: "Say what the organisation pays for a model from a day on; an open price of the same model ends there.",
  scope: "telemetry:admin",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/ai/prices" },
  input: z.object({
    model: z
      .string()
      .min(1)
      .max(200)
      .regex(/^[^*\s]+\*?$/, "must be a model's name, or its beginning with one * behind it")
      .describe("A model's name, or its beginning with a * behind it"),
    provider: Name.optional().describe("As in telemetry, e.g. openai, aws.bedrock; default: whoever provides it"),
    input: Million,
    output: Million,
    cacheRead: Million.optional(),
    cacheWrite: Million.optional(),
    cacheWriteHour: Million.optional(),
    from: Moment.optional().describe("From when on; default now"),
    to: Moment.optional().describe("Until when, exclusive; default: until it is changed"),
    reason: z.string().max(500).optional().describe("E.g. the contract"),
  }),
  output: ModelPrice,
  cli: { positional: ["model"] },
});

export const endPrice = defineOperation({
  name: "telemetry.price.end",
  summary: "End one of the organisation's own prices; what was rated by it stays as it was.",
  scope: "telemetry:admin",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/ai/prices/{id}/end" },
  input: z.object({ id: z.string().max(40), to: Moment.optional().describe("From when on it holds no more; default now") }),
  output: ModelPrice,
});

export const findPrice = defineOperation({
  name: "telemetry.price.find",
  summary: "Show what a call of a model would cost, by which price, or why nobody knows.",
  scope: "telemetry:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/ai/price" },
  input: z.object({
    model: z.string().min(1).max(200),
    provider: Name.optional(),
    at: Moment.optional().describe("When; default now"),
    inputTokens: z.coerce.number().int().min(0).max(1e9).default(1_000_000),
    outputTokens: z.coerce.number().int().min(0).max(1e9).default(0),
    cacheReadTokens: z.coerce.number().int().min(0).max(1e9).default(0),
    serviceTier: z.string().max(40).optional(),
  }),
  output: z.object({
    cost: Usd.optional(),
    inputCost: Usd.optional(),
    outputCost: Usd.optional(),
    book: z.string().optional(),
    price: z.string().optional(),
    whyUnpriced: z.string().optional(),
  }),
  cli: { positional: ["model"] },
});

export const rerateCalls = defineOperation({
  name: "telemetry.price.rerate",
  summary: "Rate the calls of a window by the prices of today; each difference becomes a row that corrects, and nothing is overwritten.",
  scope: "telemetry:admin",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/ai/rerate" },
  input: z.object({
    ...Window,
    model: Name.optional(),
    apply: z.boolean().default(false).describe("Write the corrections; without it only say what they would be"),
  }),
  output: z.object({
    calls: z.number().int(),
    changed: z.number().int(),
    before: Usd,
    after: Usd,
    applied: z.boolean(),
    more: z.boolean().describe("There are more calls than are rated at once: go on with a shorter window"),
    examples: z.array(
      z.object({
        model: z.string(),
        traceId: z.string(),
        before: Usd.optional(),
        after: Usd.optional(),
        price: z.string().optional(),
        why: z.string().optional(),
      }),
    ),
  }),
  cli: { rows: "examples", columns: ["model", "before", "after", "price", "why", "traceId"] },
});

export const Capture = z.object({
  team: EntityRef,
  captures: z.boolean(),
  services: z.array(z.string()).describe("Whose content is kept by it now"),
  reason: z.string().optional(),
  changedBy: z.string(),
  changedAt: z.iso.datetime(),
});
export type Capture = z.infer<typeof Capture>;

export const listCaptures = defineOperation({
  name: "telemetry.capture.list",
  summary: "List the teams that let the content of their prompts and answers be stored.",
  scope: "telemetry:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/ai/captures" },
  input: PageInput,
  output: pageOf(Capture),
  cli: { columns: ["team", "captures", "services", "changedBy", "changedAt"], empty: "No team does: prompts and answers are not stored." },
});

export const setCapture = defineOperation({
  name: "telemetry.capture.set",
  summary: "Let the content of a team's prompts and answers be stored from now on, without e-mail addresses and secrets; or no longer.",
  scope: "telemetry:write",
  risk: "high",
  http: { method: "PUT", path: "/api/v1/ai/captures/{team}" },
  input: z.object({ team: EntityRef, captures: z.boolean(), reason: z.string().max(500).optional() }),
  output: Capture,
  resource: ({ team }) => ({ kind: "entity", id: team }),
  cli: { positional: ["team"] },
});

export const operations = [
  getAiUse,
  listAiCalls,
  listPrices,
  setPrice,
  endPrice,
  findPrice,
  rerateCalls,
  listCaptures,
  setCapture,
] as const;
