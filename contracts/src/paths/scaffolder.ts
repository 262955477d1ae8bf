/**
 * What the face of Backstage's scaffolder (`/api/scaffolder`) asks of golden paths, in that scaffolder's own shapes. No other face
 * offers these: the operations of paths and runs do the same in our words.
 */
import { defineOperation } from "@roadbed/core";
import { z } from "zod";

const Json = z.record(z.string(), z.unknown());
const Ref = z.string().min(1).max(300);

export const readTemplate = defineOperation({
  name: "paths.scaffolder.template",
  summary: "Read a template's form as Backstage's scaffolder gives it.",
  scope: "paths:read",
  risk: "read",
  http: { method: "GET", path: "/internal/paths.scaffolder.template" },
  input: z.object({ ref: Ref }),
  output: z.object({
    title: z.string(),
    presentation: Json.optional(),
    description: z.string().optional(),
    uiOptions: Json.optional(),
    steps: z.array(z.object({ title: z.string(), description: z.string().optional(), schema: Json })),
    formDecorators: z.array(Json).optional(),
  }),
});

export const TaskStatus = z.enum(["open", "processing", "completed", "failed", "cancelled", "skipped"]);
export type TaskStatus = z.infer<typeof TaskStatus>;

/** A run as that scaffolder knows it. */
export const Task = z.object({
  id: z.string(),
  spec: Json,
  status: TaskStatus,
  createdBy: z.string(),
  createdAt: z.iso.datetime(),
  lastHeartbeatAt: z.iso.datetime(),
});
export type Task = z.infer<typeof Task>;

export const listTasks = defineOperation({
  name: "paths.scaffolder.tasks",
  summary: "List runs as tasks of Backstage's scaffolder.",
  scope: "paths:read",
  risk: "read",
  http: { method: "GET", path: "/internal/paths.scaffolder.tasks" },
  input: z.object({
    createdBy: z.array(z.string()).default([]),
    status: z.array(TaskStatus).default([]),
    order: z.array(z.object({ field: z.string(), order: z.enum(["asc", "desc"]) })).default([]),
    limit: z.number().int().min(1).max(1_000).default(1_000),
    offset: z.number().int().min(0).default(0),
  }),
  output: z.object({ tasks: z.array(Task), totalTasks: z.number().int() }),
});

export const readTask = defineOperation({
  name: "paths.scaffolder.task",
  summary: "Read one run as a task of Backstage's scaffolder.",
  scope: "paths:read",
  risk: "read",
  http: { method: "GET", path: "/internal/paths.scaffolder.task" },
  input: z.object({ id: Ref }),
  output: Task,
});

/** What happened to a task: a line of its log, or its end. */
export const TaskEvent = z.object({
  id: z.number().int(),
  isTaskRecoverable: z.boolean(),
  taskId: z.string(),
  body: z.object({
    message: z.string(),
    stepId: z.string().optional(),
    status: TaskStatus.optional(),
    output: Json.optional(),
    error: z.object({ name: z.string(), message: z.string() }).optional(),
  }),
  type: z.enum(["log", "completion", "cancelled", "recovered"]),
  createdAt: z.iso.datetime(),
});
export type TaskEvent = z.infer<typeof TaskEvent>;

export const readEvents = defineOperation({
  name: "paths.scaffolder.events",
  summary: "Read what happened to a task since, and wait for news if asked.",
  scope: "paths:read",
  risk: "read",
  http: { method: "GET", path: "/internal/paths.scaffolder.events" },
  input: z.object({ id: Ref, after: z.number().int().min(0).default(0), waitMs: z.number().int().min(0).max(30_000).default(0) }),
  output: z.object({ events: z.array(TaskEvent), done: z.boolean() }),
});

export const completeValue = defineOperation({
  name: "paths.scaffolder.complete",
  summary: "Find values for a field of a form at a Git host: repositories, branches, groups.",
  scope: "paths:write",
  risk: "read",
  http: { method: "POST", path: "/internal/paths.scaffolder.complete" },
  input: z.object({
    provider: z.string().max(100),
    resource: z.string().max(100),
    token: z.string().max(8_000).optional(),
    context: z.record(z.string(), z.string().max(1_000)).default({}),
  }),
  output: z.object({ results: z.array(z.object({ title: z.string().optional(), id: z.string() })) }),
  secrets: ["token"],
});

export const listExtensions = defineOperation({
  name: "paths.scaffolder.extensions",
  summary: "List the filters and functions that expressions of templates can use.",
  scope: "paths:read",
  risk: "read",
  http: { method: "GET", path: "/internal/paths.scaffolder.extensions" },
  input: z.object({}),
  output: z.object({ filters: z.record(z.string(), Json), globals: z.object({ functions: z.record(z.string(), Json), values: Json }) }),
});
