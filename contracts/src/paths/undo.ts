import { defineEvent, defineOperation } from "@roadbed/core";
import { z } from "zod";

import { Run } from "../paths.ts";

export const undoRun = defineOperation({
  name: "paths.run.undo",
  summary: "Take back what a run made, the last first; what cannot be taken back is listed.",
  scope: "paths:write",
  risk: "high",
  http: { method: "POST", path: "/api/v1/runs/{id}/undo" },
  input: z.object({ id: z.string().min(1).max(100), reason: z.string().trim().min(3, "must say why").max(2_000) }),
  output: Run,
});

const Side = z.object({
  id: z.string(),
  path: z.string(),
  version: z.string().optional(),
  status: z.string(),
  actorName: z.string(),
  createdAt: z.iso.datetime(),
});
/** One thing in which two runs differ; absent on a side that has nothing there. */
const Difference = z.object({ at: z.string(), a: z.string().optional(), b: z.string().optional() });

export const compareRuns = defineOperation({
  name: "paths.run.compare",
  summary: "Show in what two runs differ: version, answers, files, verdict, steps, duration.",
  scope: "paths:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/runs/{id}/compare/{other}" },
  input: z.object({ id: z.string().min(1).max(100), other: z.string().min(1).max(100) }),
  output: z.object({
    a: Side,
    b: Side,
    samePath: z.boolean(),
    answers: z.array(Difference),
    outputs: z.array(Difference),
    steps: z.array(Difference).describe("How each step ended, and how long it took, where that differs"),
    files: z
      .array(z.object({ path: z.string(), change: z.enum(["only-a", "only-b", "differs"]) }))
      .describe("as the previews showed them, by their hashes"),
    filesKnown: z.boolean(),
    verdict: Difference.optional(),
    durationMs: z.object({ a: z.number().optional(), b: z.number().optional() }),
  }),
  cli: { rows: "answers", columns: ["at", "a", "b"], empty: "Their answers are the same; see --json for all of it." },
});

export const againRun = defineOperation({
  name: "paths.run.again",
  summary: "Follow the path anew with the answers of an earlier run; secrets are given again.",
  scope: "paths:write",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/runs/{id}/again" },
  input: z.object({
    id: z.string().min(1).max(100),
    values: z.record(z.string(), z.unknown()).default({}).describe("Answers that differ this time"),
    secrets: z.record(z.string(), z.string()).optional(),
  }),
  output: Run,
  secrets: ["secrets"],
  cli: { waitFor: "paths.run.get" },
});

export const undoRequested = defineEvent({
  name: "paths.run.undo-requested",
  summary: "What a run made is to be taken back.",
  payload: z.object({ runId: z.string(), attempt: z.number().int(), why: z.string() }),
});
export const runUndone = defineEvent({
  name: "paths.run.undone",
  summary: "What a run made was taken back, or some of it.",
  payload: z.object({
    runId: z.string(),
    path: z.string(),
    state: z.enum(["done", "partly"]),
    remaining: z.number().int(),
    entityRef: z.string().optional(),
  }),
});

export const operations = [undoRun, compareRuns, againRun] as const;
