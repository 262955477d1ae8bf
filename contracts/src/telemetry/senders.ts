import { defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

/** What one sender may send; each server keeps to it on its own. */
export const SenderLimits = z.object({
  megabytesPerMinute: z.number().describe("Unpacked"),
  rowsPerMinute: z.number().int().describe("Spans, log records and points of metrics"),
  labelValues: z.number().int().describe("Values that one label of one metric may have within an hour"),
});
export type SenderLimits = z.infer<typeof SenderLimits>;

/** Holds where nobody said otherwise. */
export const DEFAULT_LIMITS: SenderLimits = { megabytesPerMinute: 6_000, rowsPerMinute: 30_000_000, labelValues: 2_000 };

export const Sender = z.object({
  sender: z.string().describe("Whose token it is, e.g. service:ID"),
  name: z.string(),
  firstSeen: z.iso.datetime(),
  lastSeen: z.iso.datetime(),
  requests: z.number().int().describe("That were taken, since it was first seen"),
  rows: z.number().int(),
  megabytes: z.number().describe("Unpacked"),
  refusedRequests: z.number().int(),
  refusedRows: z.number().int(),
  limits: SenderLimits,
  ownLimits: z.boolean().describe("Somebody set them for this sender"),
  changedBy: z.string().optional(),
  changedAt: z.iso.datetime().optional(),
  refusals: z.array(
    z.object({
      reason: z.string().describe("As it was said to the sender last"),
      requests: z.number().int(),
      rows: z.number().int(),
      lastAt: z.iso.datetime(),
    }),
  ),
  labels: z
    .array(
      z.object({
        metric: z.string(),
        label: z.string(),
        refusedRows: z.number().int(),
        firstAt: z.iso.datetime(),
        lastAt: z.iso.datetime(),
        example: z.string().describe("A value that was refused, shortened"),
      }),
    )
    .describe("Labels with more values than one may have: points with further values are refused"),
});
export type Sender = z.infer<typeof Sender>;

export const listSenders = defineOperation({
  name: "telemetry.sender.list",
  summary: "List who sends telemetry: how much, what of it was refused and why, and which labels have too many values.",
  scope: "telemetry:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/telemetry/senders" },
  input: PageInput,
  output: pageOf(Sender),
  cli: {
    columns: ["sender", "name", "rows", "megabytes", "refusedRequests", "refusedRows", "lastSeen"],
    empty: "Nobody has sent telemetry yet.",
  },
});

export const limitSender = defineOperation({
  name: "telemetry.sender.limit",
  summary: "Say how much a sender may send, or with none given that it may send what everybody may.",
  scope: "telemetry:admin",
  risk: "medium",
  http: { method: "PUT", path: "/api/v1/telemetry/senders/{sender}/limits" },
  input: z.object({
    sender: z.string().min(1).max(200),
    megabytesPerMinute: z.coerce.number().positive().max(1e6).optional(),
    rowsPerMinute: z.coerce.number().int().positive().max(1e10).optional(),
    labelValues: z.coerce.number().int().positive().max(100_000).optional(),
  }),
  output: Sender,
  cli: { positional: ["sender"] },
});

export const operations = [listSenders, limitSender] as const;
