import { defineOperation } from "@roadbed/core";
import { z } from "zod";

const Moment = z.iso.datetime().refine((time) => time >= "1970" && time < "2200", "must lie between the years 1970 and 2200");
const Which = {
  from: Moment.optional().describe("Begin, inclusive; default one hour before `to`"),
  to: Moment.optional().describe("End, exclusive; default now"),
  service: z.string().max(200).optional(),
  name: z.string().max(200).optional().describe("Of the evaluation"),
  traceId: z
    .string()
    .regex(/^[0-9a-f]{32}$/, "must be 32 hexadecimal digits")
    .optional(),
};

/** What one evaluation said of one call. */
export const Score = z.object({
  at: z.iso.datetime(),
  service: z.string(),
  name: z.string(),
  value: z.number().optional().describe("Absent: it gave a label only, or failed"),
  label: z.string().optional(),
  explanation: z.string().optional().describe("Kept where the team lets content be kept"),
  error: z.string().optional(),
  traceId: z.string().optional(),
  spanId: z.string().optional(),
  responseId: z.string().optional(),
});
export type Score = z.infer<typeof Score>;

export const ScoresBy = z.enum(["service", "model", "prompt", "agent"]);
export type ScoresBy = z.infer<typeof ScoresBy>;

export const getScores = defineOperation({
  name: "telemetry.ai-score.summary",
  summary: "Show what evaluations said of calls of models over a window, by service, model, prompt version or agent.",
  scope: "telemetry:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/ai/scores/summary" },
  input: z.object({ ...Which, by: ScoresBy.default("service") }),
  output: z.object({
    items: z.array(
      z.object({
        name: z.string(),
        key: z.string().describe("Empty: nobody told"),
        scores: z.number().int(),
        errors: z.number().int(),
        values: z.number().int().describe("How many gave a number; the figures below are of these"),
        mean: z.number().optional(),
        p10: z.number().optional(),
        p50: z.number().optional(),
        labels: z.array(z.object({ label: z.string(), scores: z.number().int() })).describe("The most frequent first"),
      }),
    ),
    truncated: z.boolean(),
    query: z.string(),
  }),
  cli: {
    command: "ai scores",
    columns: ["name", "key", "scores", "values", "mean", "p10", "errors"],
    empty: "No evaluation said anything in this window.",
  },
});

export const listScores = defineOperation({
  name: "telemetry.ai-score.list",
  summary: "List what evaluations said of calls of models, the latest first.",
  scope: "telemetry:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/ai/scores" },
  input: z.object({ ...Which, limit: z.coerce.number().int().min(1).max(1_000).default(100) }),
  output: z.object({ items: z.array(Score), truncated: z.boolean() }),
  cli: { columns: ["at", "service", "name", "value", "label", "traceId"], empty: "No evaluation said anything in this window." },
});

export const operations = [getScores, listScores] as const;
