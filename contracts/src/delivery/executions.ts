import { defineEvent, defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

import { EntityRef } from "../catalog.ts";

/** `lost`: the server ended while it ran. `skipped`: the one before still ran. `missed`: nothing ran Roadbed when it was due. */
export const ExecutionStatus = z.enum([
  "queued",
  "running",
  "succeeded",
  "failed",
  "timed-out",
  "replaced",
  "stopped",
  "lost",
  "skipped",
  "missed",
]);
export type ExecutionStatus = z.infer<typeof ExecutionStatus>;

/** One time that a job ran, or should have. */
export const Execution = z.object({
  id: z.string(),
  entityRef: z.string(),
  environment: z.string(),
  trigger: z.enum(["schedule", "hand", "catch-up"]),
  status: ExecutionStatus,
  dueAt: z.iso.datetime(),
  commit: z.string().optional(),
  askedBy: z.string().optional(),
  /** Why it did not succeed, in words. */
  detail: z.string().optional(),
  missed: z.number().int().optional().describe("How many were missed up to this one"),
  exitCode: z.number().int().optional(),
  logAfter: z.number().int().optional().describe("Its lines in the workload's log begin after this one"),
  logUntil: z.number().int().optional(),
  startedAt: z.iso.datetime().optional(),
  endedAt: z.iso.datetime().optional(),
});
export type Execution = z.infer<typeof Execution>;

const WorkloadKey = z.object({ entityRef: EntityRef, environment: z.string().default("dev") });

export const listExecutions = defineOperation({
  name: "delivery.execution.list",
  summary: "List when a job ran, newest first, with what was skipped or missed.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/executions" },
  input: PageInput.extend({ entityRef: z.string().optional(), environment: z.string().optional() }),
  output: pageOf(Execution),
  cli: { columns: ["id", "entityRef", "environment", "trigger", "status", "dueAt", "exitCode", "detail"], empty: "No job has run yet." },
});

export const getExecution = defineOperation({
  name: "delivery.execution.get",
  summary: "Show one time that a job ran.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/executions/{id}" },
  input: z.object({ id: z.string() }),
  output: Execution,
  cli: {
    exitCode: (output: { status: string }) => (["failed", "timed-out", "replaced", "stopped", "lost"].includes(output.status) ? 1 : 0),
  },
});

export const startExecution = defineOperation({
  name: "delivery.execution.start",
  summary: "Run a job now, beside its schedule.",
  scope: "delivery:write",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/executions" },
  input: WorkloadKey,
  output: Execution,
  resource: ({ entityRef }) => ({ kind: "entity", id: entityRef }),
  cli: { positional: ["entityRef"], waitFor: "delivery.execution.get" },
});

export const executionRequested = defineEvent({
  name: "delivery.execution.requested",
  summary: "Somebody asked for a job to run now.",
  payload: z.object({ executionId: z.string(), entityRef: z.string(), environment: z.string() }),
});
export const executionFinished = defineEvent({
  name: "delivery.execution.finished",
  summary: "A job ran to its end, failed, or was skipped or missed.",
  payload: z.object({ executionId: z.string(), entityRef: z.string(), environment: z.string(), status: ExecutionStatus }),
});

export const operations = [listExecutions, getExecution, startExecution] as const;
