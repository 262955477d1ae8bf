import { defineEvent, defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

/**
 * `starting`: the new release is brought up beside the old one. `pausing`, `analysing`: a step lasts. `held`: somebody must decide.
 * `promoting`, `rolling-back`: decided, and being done. The last two are the end.
 */
export const RolloutState = z.enum(["starting", "pausing", "analysing", "held", "promoting", "rolling-back", "promoted", "rolled-back"]);
export type RolloutState = z.infer<typeof RolloutState>;

export const RolloutStep = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("weight"), weight: z.number().int().describe("How many of 100 requests go to the new release") }),
  z.object({ kind: z.literal("pause"), seconds: z.number().int().optional().describe("Absent: until somebody says go on") }),
  z.object({ kind: z.literal("analysis"), deadlineSeconds: z.number().int().optional() }),
  z.object({
    kind: z.literal("header"),
    name: z.string(),
    value: z.string().optional().describe("Absent: any value"),
  }),
  z.object({
    kind: z.literal("mirror"),
    percent: z.number().int(),
    unsafe: z.boolean().describe("Also requests that may change something"),
  }),
]);
export type RolloutStep = z.infer<typeof RolloutStep>;

/** What can be told of an answer: a score from 0 to 1, its tokens, its cost, milliseconds until its first token. */
export const Signal = z.enum(["score", "tokens", "cost", "ttft"]);
export type Signal = z.infer<typeof Signal>;

/** What is known of one thing that the release is judged by. E-values: at their limit it is proven. */
export const CriterionSight = z.object({
  name: z.string(),
  verdict: z.enum(["regression", "non-inferior", "undecided"]),
  needed: z.boolean().describe("Whether it must be proven no worse before the rollout goes on"),
  evidenceOfRegression: z.number(),
  alarmAt: z.number(),
  evidenceOfNone: z.number(),
  passAt: z.number(),
  estimate: z.number().optional().describe("How many times as often it happens in the new release as in the baseline"),
  lower: z.number(),
  upper: z.number().optional().describe("Absent: not known"),
  within: z.number().describe("Fewer times than this is no worse"),
  candidate: z.object({ events: z.number().int(), total: z.number().int() }),
  baseline: z.object({ events: z.number().int(), total: z.number().int() }),
  score: z
    .object({
      candidate: z.number().optional().describe("The mean; absent: none was told"),
      baseline: z.number().optional(),
      candidates: z.number().int(),
      baselines: z.number().int(),
      pairs: z.number().int(),
    })
    .optional()
    .describe("Of scores: estimate, lower and upper are then the candidate's mean less the baseline's"),
});
export type CriterionSight = z.infer<typeof CriterionSight>;

/** Evidence at one look, for the path of it over time. */
export const Look = z.object({
  second: z.number().describe("Of the analysis, without the time in which the server did not run"),
  ofRegression: z.array(z.number()).describe("One e-value per criterion, in their order"),
  ofNone: z.array(z.number()),
});

export const Analysis = z.object({
  seconds: z.number().describe("How long it has gone on"),
  deadlineSeconds: z.number(),
  everySeconds: z.number(),
  falseAlarm: z.number(),
  falsePass: z.number(),
  verdict: z.enum(["regression", "non-inferior", "undecided"]),
  criteria: z.array(CriterionSight),
  looks: z.array(Look),
  expectedSeconds: z.number().optional().describe("Until it is likely to be decided, if the evidence goes on to grow as it has"),
});

export type Analysis = z.infer<typeof Analysis>;

export const MirrorSight = z.object({
  sent: z.number().int(),
  same: z.number().int(),
  different: z.number().int(),
  failed: z.number().int(),
  skipped: z.number().int(),
});

const Tripwire = z.object({ name: z.string(), limit: z.string(), now: z.string(), tripped: z.boolean() });

const Phase = z.enum(["successful", "failed", "inconclusive", "error"]);

/** A metric of an AnalysisTemplate: what it asks, and what came of it. */
export const MetricSight = z.object({
  name: z.string(),
  file: z.string().describe("The AnalysisTemplate it stands in"),
  provider: z.enum(["prometheus", "web"]),
  place: z.string().describe("The host that is asked"),
  successCondition: z.string().optional(),
  failureCondition: z.string().optional(),
  everySeconds: z.number().optional().describe("Absent: measured once"),
  count: z.number().int().optional().describe("Absent with everySeconds: until the rollout ends"),
  delaySeconds: z.number(),
  failureLimit: z.number().int(),
  inconclusiveLimit: z.number().int(),
  consecutiveErrorLimit: z.number().int(),
  consecutiveSuccessLimit: z.number().int(),
  dryRun: z.boolean().describe("Measured and shown, and of no consequence"),
});
export type MetricSight = z.infer<typeof MetricSight>;

export const MeasuredMetric = MetricSight.extend({
  outcome: Phase.optional().describe("Absent: it is still measured"),
  successful: z.number().int(),
  failed: z.number().int(),
  inconclusive: z.number().int(),
  errors: z.number().int(),
  measurements: z
    .array(z.object({ second: z.number(), phase: Phase, value: z.string().optional(), message: z.string().optional() }))
    .describe("The last ten, oldest first"),
});
export type MeasuredMetric = z.infer<typeof MeasuredMetric>;

export const Rollout = z.object({
  id: z.string(),
  deploymentId: z.string(),
  entityRef: z.string(),
  environment: z.string(),
  strategy: z.enum(["all-at-once", "rolling", "blue-green", "canary", "shadow"]),
  state: RolloutState,
  commit: z.string(),
  stableCommit: z.string(),
  steps: z.array(RolloutStep),
  step: z.number().int().describe("Index of the step that lasts; as many as there are: all are done"),
  weight: z.number().int().describe("How many of 100 requests go to the new release"),
  baselineWeight: z.number().int().describe("How many go to the fresh process of the old release that it is compared with"),
  stepSeconds: z.number().describe("How long the step has lasted, without the time in which the server did not run"),
  reason: z.string().optional().describe("Why it is held, or was rolled back"),
  decidedBy: z.string().optional(),
  analysis: Analysis.optional(),
  mirrored: MirrorSight.optional(),
  tripwires: z.array(Tripwire).optional().describe("Only of one that goes on"),
  metrics: z.array(MeasuredMetric).optional().describe("Of AnalysisTemplates that the rollout names"),
  restoredMs: z.number().optional().describe("From the verdict until every new request went to the old release"),
  createdAt: z.iso.datetime(),
  endedAt: z.iso.datetime().optional(),
});
export type Rollout = z.infer<typeof Rollout>;

const Id = z.object({ id: z.string() });
const Why = Id.extend({ reason: z.string().trim().min(1).max(1_000) });

export const listRollouts = defineOperation({
  name: "delivery.rollout.list",
  summary: "List rollouts, newest first: how releases replaced the ones before.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/rollouts" },
  input: PageInput.extend({
    entityRef: z.string().optional(),
    environment: z.string().optional(),
    active: z.stringbool().or(z.boolean()).optional().describe("Only those that go on"),
  }),
  output: pageOf(Rollout.omit({ analysis: true, tripwires: true, metrics: true, mirrored: true })),
  cli: { columns: ["id", "entityRef", "environment", "strategy", "state", "weight", "createdAt", "reason"], empty: "No rollout yet." },
});

export const getRollout = defineOperation({
  name: "delivery.rollout.get",
  summary: "Show one rollout: where it is, and the evidence so far.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/rollouts/{id}" },
  input: Id,
  output: Rollout,
});

export const checkAnalysisTemplate = defineOperation({
  name: "delivery.analysis-template.check",
  summary: "Read an AnalysisTemplate as a rollout would: what it measures, its conditions in CEL, and what cannot be read.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "POST", path: "/api/v1/analysis-templates/check" },
  input: z.object({
    template: z.string().min(1).max(65_536).describe("The YAML of an AnalysisTemplate or ClusterAnalysisTemplate"),
    args: z.record(z.string().max(200), z.string().max(4_000)).default({}).describe("Values of its arguments"),
  }),
  output: z.object({
    items: z.array(
      MetricSight.extend({
        successInCel: z.string().optional(),
        failureInCel: z.string().optional(),
      }),
    ),
  }),
  cli: {
    positional: ["template"],
    files: ["template"],
    columns: ["name", "provider", "place", "everySeconds", "count", "failureLimit", "successInCel", "failureInCel"],
  },
});

const RolloutSample = z.object({
  id: z.string().min(1).max(200).describe("Of the answer, or of whatever makes it the same when it is told again"),
  arm: z.enum(["candidate", "baseline", "stable"]).optional().describe("Which release answered; or give release"),
  release: z.string().max(64).optional().describe("Its commit, whole or its beginning"),
  signal: z.string().max(50).describe("score, tokens, cost or ttft (milliseconds)"),
  value: z.number(),
  at: z.iso.datetime({ offset: true }).optional(),
});

export const sampleRollout = defineOperation({
  name: "delivery.rollout.sample",
  summary: "Tell a rollout what came of answers of both releases: scores, tokens, cost, time to first token. Told twice counts once.",
  scope: "delivery:write",
  risk: "low",
  http: { method: "POST", path: "/api/v1/rollouts/{id}/samples" },
  input: Id.extend({
    samples: z.array(RolloutSample).max(1_000).default([]),
    lines: z.string().max(1_000_000).default("").describe("Samples as lines of JSON"),
  }),
  output: z.object({ taken: z.number().int(), known: z.number().int().describe("Were told before") }),
  resource: ({ id }: { id: string }) => ({ kind: "rollout", id }),
  cli: { positional: ["id", "lines"], files: ["lines"] },
});

const act = { scope: "delivery:write", output: Rollout, resource: ({ id }: { id: string }) => ({ kind: "rollout", id }) } as const;

export const resumeRollout = defineOperation({
  ...act,
  name: "delivery.rollout.resume",
  summary: "Go on with a rollout that is held or paused; with --full, lead all requests to the new release.",
  risk: "high",
  http: { method: "POST", path: "/api/v1/rollouts/{id}/resume" },
  input: Why.extend({ full: z.boolean().default(false).describe("All steps that are left out, too") }),
});

export const holdRollout = defineOperation({
  ...act,
  name: "delivery.rollout.hold",
  summary: "Hold a rollout where it is, until somebody resumes or aborts it.",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/rollouts/{id}/hold" },
  input: Why,
});

export const abortRollout = defineOperation({
  ...act,
  name: "delivery.rollout.abort",
  summary: "Roll back: lead all requests to the old release, and end the new one.",
  risk: "high",
  http: { method: "POST", path: "/api/v1/rollouts/{id}/abort" },
  input: Why,
});

export const rolloutChanged = defineEvent({
  name: "delivery.rollout.changed",
  summary: "A rollout began, went on, is held, was rolled back or is done.",
  payload: z.object({
    rolloutId: z.string(),
    deploymentId: z.string(),
    entityRef: z.string(),
    environment: z.string(),
    commit: z.string(),
    state: RolloutState,
    weight: z.number().int(),
    reason: z.string().optional(),
  }),
});

export const operations = [
  listRollouts,
  getRollout,
  checkAnalysisTemplate,
  resumeRollout,
  holdRollout,
  abortRollout,
  sampleRollout,
] as const;
