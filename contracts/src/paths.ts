import { defineEvent, defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

import { Approval, RequiredApproval } from "./paths/approval.ts";
import { WaitForPeople } from "./paths/waits.ts";
import { Finding, Verdict } from "./standards.ts";

export { Approval, ApprovalState, Approver, RequiredApproval } from "./paths/approval.ts";

/** A path's name, `node-service`, or its full reference, `template:default/node-service`. */
export const PathName = z
  .string()
  .max(200)
  .regex(/^(?:(?:template|goldenpath):)?(?:[a-z0-9-]+\/)?[^\s/:]+$/i, "must be a path's name, e.g. node-service, or its reference");

export const PathSummary = z.object({
  ref: z.string(),
  name: z.string(),
  title: z.string(),
  description: z.string().optional(),
  type: z.string(),
  owner: z.string().optional(),
  tags: z.array(z.string()),
  version: z.string().optional(),
  /** What it does: makes something, changes what is there, or ends it. */
  operation: z.enum(["create", "day-2", "delete"]).default("create"),
  /** From this day on it is not supported any more. */
  deprecatedFrom: z.string().optional(),
  expectedMinutes: z.number().optional(),
});

export const PathDetail = PathSummary.extend({
  /** One JSON Schema per page of the form; `ui:*` keys say how to draw a field. */
  pages: z.array(z.object({ title: z.string(), description: z.string().optional(), schema: z.record(z.string(), z.unknown()) })),
  steps: z.array(z.object({ id: z.string(), name: z.string(), action: z.string() })),
  /** Of a path about something that is there: the answer that names the entity, and where it is offered. */
  appliesTo: z.object({ parameter: z.string(), kinds: z.array(z.string()), condition: z.string().optional() }).optional(),
  guarantees: z.array(z.string()).default([]),
  support: z.string().optional(),
  changelog: z.array(z.object({ version: z.string(), date: z.string().optional(), changes: z.array(z.string()) })).default([]),
  deprecation: z.object({ from: z.string(), reason: z.string().optional(), replacedBy: z.string().optional() }).optional(),
  /** How long what it makes lives, where that ends by itself; `parameter`: the answer that says otherwise. */
  lifetime: z.object({ hours: z.number(), atMostHours: z.number(), parameter: z.string().optional() }).optional(),
  /** What a run of it may have to wait for. */
  approvals: z
    .array(
      z.object({
        rule: z.string(),
        when: z.string().optional(),
        by: z.array(z.string()),
        count: z.number().int(),
        because: z.string().optional(),
      }),
    )
    .default([]),
  /** Actions that its steps need and Roadbed does not have: such a path can be looked at, not run. */
  missingActions: z.array(z.string()),
});
export type PathDetail = z.infer<typeof PathDetail>;

export const listPaths = defineOperation({
  name: "paths.path.list",
  summary: "List the golden paths.",
  scope: "paths:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/paths" },
  input: PageInput.extend({
    entityRef: z.string().max(300).optional().describe("Only those that are offered on this entity"),
    operation: z.enum(["create", "day-2", "delete"]).optional(),
  }),
  output: pageOf(PathSummary),
  cli: { columns: ["name", "title", "type", "owner"] },
});

export const showPath = defineOperation({
  name: "paths.path.show",
  summary: "Show a golden path: its form and its steps.",
  scope: "paths:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/paths/{path}" },
  input: z.object({ path: PathName }),
  output: PathDetail,
});

export const FieldProblem = z.object({
  field: z.string().describe("Dotted path into the values"),
  reason: z.string(),
  mend: z.string().optional(),
});

export const checkValues = defineOperation({
  name: "paths.path.check",
  summary: "Check the values of a path's form while they are typed: schema, name taken, owner known.",
  scope: "paths:read",
  risk: "read",
  http: { method: "POST", path: "/api/v1/paths/{path}/check" },
  input: z.object({ path: PathName, values: z.record(z.string(), z.unknown()) }),
  output: z.object({ ok: z.boolean(), problems: z.array(FieldProblem) }),
});

/** What something costs in a month, and who says so. */
const Price = z.object({ amount: z.string(), currency: z.string(), source: z.string(), date: z.string() });

export const Preview = z.object({
  verdict: Verdict,
  findings: z.array(Finding),
  files: z.array(
    z.object({
      path: z.string(),
      bytes: z.number().int(),
      executable: z.boolean(),
      hash: z.string().describe("Of the content, as git counts it"),
      text: z.string().optional().describe("The content, for text files up to 100 kB"),
    }),
  ),
  entities: z.array(z.object({ ref: z.string(), yaml: z.string() })),
  resources: z.array(z.object({ kind: z.string(), name: z.string(), summary: z.string() })),
  steps: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      action: z.string(),
      effect: z.string().describe("What it would do, in words"),
      skipped: z.boolean(),
    }),
  ),
  /** Absent where no price is known: unknown is not zero. */
  monthlyCost: z.object({ amount: z.string(), currency: z.string(), basis: z.string() }).optional(),
  /** Who must approve a run of these answers before it begins, and why; absent where nobody was asked. */
  approvals: z.array(RequiredApproval).default([]),
  /** Each thing that is requested, in its environment; without a cost where no price is known. */
  costs: z
    .array(
      z.object({
        resource: z.string(),
        environment: z.string(),
        cost: Price.optional(),
      }),
    )
    .optional(),
  log: z.array(z.string()),
  digest: z.string().describe("Of all files: the same as that of the run which makes them"),
});
export type Preview = z.infer<typeof Preview>;

export const previewPath = defineOperation({
  name: "paths.path.preview",
  summary: "Show what a path would make with these values, and what policy says, without making anything.",
  scope: "paths:read",
  risk: "read",
  http: { method: "POST", path: "/api/v1/paths/{path}/preview" },
  input: z.object({ path: PathName, values: z.record(z.string(), z.unknown()), secrets: z.record(z.string(), z.string()).optional() }),
  output: Preview,
  secrets: ["secrets"],
  cli: { exitCode: (output: { verdict: string }) => (output.verdict === "deny" || output.verdict === "unknown" ? 3 : 0) },
});

export const RunStatus = z.enum(["queued", "running", "waiting", "succeeded", "failed", "cancelled"]);
export const StepStatus = z.enum(["open", "processing", "completed", "failed", "skipped", "cancelled"]);

export const Run = z.object({
  id: z.string(),
  path: z.string(),
  pathTitle: z.string(),
  status: RunStatus,
  actor: z.string(),
  /** Who asked for it, in words for people. */
  actorName: z.string(),
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().optional(),
  endedAt: z.iso.datetime().optional(),
  error: z.string().optional(),
  steps: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      action: z.string(),
      status: StepStatus,
      startedAt: z.iso.datetime().optional(),
      endedAt: z.iso.datetime().optional(),
      error: z.string().optional(),
    }),
  ),
  /** What it made: `entityRef`, `cloneUrl`, `serviceUrl`, and whatever else the path's `output` names. */
  outputs: z.record(z.string(), z.unknown()),
  links: z.array(z.object({ title: z.string(), url: z.string().optional(), entityRef: z.string().optional() })),
  decisionId: z.string().optional(),
  /** The digest of the preview that was made just before it began, and the version of the path that it follows. */
  previewDigest: z.string().optional(),
  version: z.string().optional(),
  /** The repositories that it made, with their first commit, as the ledger keeps them; only where one run is shown. */
  made: z.array(z.object({ thing: z.string(), repository: z.string(), commit: z.string() })).optional(),
  /** What it requested by type and class, as it stands; only where one run is shown. */
  resources: z
    .array(
      z.object({
        id: z.string(),
        type: z.string(),
        class: z.string(),
        name: z.string(),
        environment: z.string(),
        state: z.string(),
        /** Absent where no price is known. */
        cost: Price.optional(),
      }),
    )
    .optional(),
  /** What those of them that are not gone cost in a month, where prices are known and of one currency. */
  monthlyCost: z.object({ amount: z.string(), currency: z.string(), basis: z.string() }).optional(),
  /** Minutes for which it stood still for people: waits that overlap count once. Absent where not all of them were written down. */
  humanMinutes: z.number().optional(),
  /** How often it went from one person's hands to another's: who asked, who decided about it, who had it go on. */
  handOffs: z.number().int().optional(),
  /** Each time that it waited for people, the first first; only where one run is shown. */
  waits: z.array(WaitForPeople).optional(),
  /** What had to be approved before it began, by whom and until when; only where one run is shown. */
  approvals: z.array(Approval).optional(),
  /** What of it was taken back, the last first, and what remains; only where one run is shown. */
  undo: z
    .object({
      state: z.enum(["requested", "running", "done", "partly"]),
      why: z.string().optional(),
      items: z.array(z.object({ step: z.string(), state: z.enum(["done", "remains", "failed"]), words: z.string(), at: z.iso.datetime() })),
    })
    .optional(),
  /** As given, with secrets as `***`. */
  values: z.record(z.string(), z.unknown()),
});
export type Run = z.infer<typeof Run>;

export const runPath = defineOperation({
  name: "paths.path.run",
  summary: "Follow a golden path: start a durable run that makes what the preview showed.",
  scope: "paths:write",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/paths/{path}/runs" },
  input: z.object({ path: PathName, values: z.record(z.string(), z.unknown()), secrets: z.record(z.string(), z.string()).optional() }),
  output: Run,
  secrets: ["secrets"],
  cli: { waitFor: "paths.run.get" },
});

export const listRuns = defineOperation({
  name: "paths.run.list",
  summary: "List runs, newest first.",
  scope: "paths:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/runs" },
  input: PageInput.extend({
    status: RunStatus.optional(),
    path: PathName.optional(),
    mine: z.preprocess((value) => (value === "true" ? true : value === "false" ? false : value), z.boolean().optional()),
    entityRef: z.string().optional(),
  }),
  output: pageOf(Run),
  cli: { columns: ["id", "path", "status", "actor", "createdAt", "endedAt", "humanMinutes"] },
});

export const getRun = defineOperation({
  name: "paths.run.get",
  summary: "Show one run: its steps, outputs and state.",
  scope: "paths:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/runs/{id}" },
  input: z.object({ id: z.string() }),
  output: Run,
  cli: { exitCode: (output: { status: string }) => (output.status === "failed" || output.status === "cancelled" ? 1 : 0) },
});

export const getRunLogs = defineOperation({
  name: "paths.run.logs",
  summary: "Read a run's log; waits for new lines when asked to.",
  scope: "paths:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/runs/{id}/logs" },
  input: z.object({
    id: z.string(),
    after: z.coerce.number().int().min(0).default(0),
    waitMs: z.coerce.number().int().min(0).max(30_000).default(0),
  }),
  output: z.object({
    items: z.array(
      z.object({
        seq: z.number().int(),
        at: z.iso.datetime(),
        stepId: z.string().optional(),
        level: z.enum(["info", "warn", "error"]),
        message: z.string(),
      }),
    ),
    next: z.number().int(),
    done: z.boolean(),
  }),
  follow: { after: "after", next: "next", done: "done" },
  cli: { columns: ["at", "stepId", "message"] },
});

export const cancelRun = defineOperation({
  name: "paths.run.cancel",
  summary: "Stop a run after the step it is in, and have what it made taken back if asked.",
  scope: "paths:write",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/runs/{id}/cancel" },
  input: z.object({
    id: z.string(),
    undo: z
      .preprocess((value) => (value === "true" ? true : value === "false" ? false : value), z.boolean().optional())
      .describe("Take back what it made, the last first"),
    reason: z.string().trim().max(2_000).optional(),
  }),
  output: Run,
});

export const retryRun = defineOperation({
  name: "paths.run.retry",
  summary: "Go on with a failed or cancelled run from the step where it stopped.",
  scope: "paths:write",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/runs/{id}/retry" },
  input: z.object({ id: z.string() }),
  output: Run,
});

export const runRequested = defineEvent({
  name: "paths.run.requested",
  summary: "A run was accepted and is to be started.",
  /** `about`: references of what it is about, so that nobody hears of it who may not see that. */
  payload: z.object({ runId: z.string(), path: z.string(), about: z.array(z.string()).optional() }),
});
export const runFinished = defineEvent({
  name: "paths.run.finished",
  summary: "A run came to its end.",
  payload: z.object({
    runId: z.string(),
    path: z.string(),
    status: RunStatus,
    entityRef: z.string().optional(),
    about: z.array(z.string()).optional(),
  }),
});
export const runProgressed = defineEvent({
  name: "paths.run.progressed",
  summary: "A run's step began or ended.",
  payload: z.object({ runId: z.string(), stepId: z.string(), status: StepStatus }),
});

export const operations = [
  listPaths,
  showPath,
  checkValues,
  previewPath,
  runPath,
  listRuns,
  getRun,
  getRunLogs,
  cancelRun,
  retryRun,
] as const;
