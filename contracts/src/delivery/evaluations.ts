import { defineEvent, defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

import { EntityRef } from "../catalog.ts";

const SetName = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?$/, "must be 1 to 60 lower-case letters, digits and hyphens");
const Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, "must be sha256: and 64 hexadecimal digits");
/** What one request may carry; a runner's file may be longer. */
const Lines = z.string().min(1).max(3_900_000);

/** The cases by which something is judged, at one version: another content is another version. */
export const EvaluationSet = z.object({
  id: z.string(),
  entityRef: z.string(),
  name: z.string(),
  version: z.number().int().describe("Counts up per name"),
  digest: z.string().describe("Of its cases, as they stand in the file"),
  cases: z.number().int(),
  from: z.string().describe("`uploaded`, or where it stands in Git: repository, file and commit"),
  madeBy: z.string(),
  createdAt: z.iso.datetime(),
});
export type EvaluationSet = z.infer<typeof EvaluationSet>;

/** Between what a mean lies with the named confidence. */
export const Interval = z.object({
  estimate: z.number(),
  lower: z.number(),
  upper: z.number(),
  confidence: z.number(),
  count: z.number().int().describe("Cases that it rests on"),
});
export type Interval = z.infer<typeof Interval>;

export const EvaluationState = z.enum(["running", "recorded", "failed"]);

/** What a grader said of a release by a set of cases. */
export const Evaluation = z.object({
  id: z.string(),
  entityRef: z.string(),
  release: z.object({ id: z.string(), number: z.number().int(), title: z.string() }),
  subjectDigest: z
    .string()
    .describe("Of the models, prompts and agents that it was about: a release with the same ones is judged by it, too"),
  set: z.object({ id: z.string(), name: z.string(), version: z.number().int(), digest: z.string(), cases: z.number().int() }),
  grader: z.object({ name: z.string(), version: z.string() }),
  state: EvaluationState,
  error: z.string().optional(),
  how: z.enum(["recorded", "run"]),
  score: Interval.optional().describe("Missing cases count as 0"),
  scored: z.number().int(),
  missing: z.number().int().describe("Cases of the set without a score"),
  tokensPerCase: z.number().optional(),
  costPerCase: z.string().optional(),
  latencyMsPerCase: z.number().optional(),
  madeBy: z.string(),
  createdAt: z.iso.datetime(),
});
export type Evaluation = z.infer<typeof Evaluation>;

export const CaseScore = z.object({
  case: z.string(),
  score: z.number().optional().describe("Absent: it is missing, which counts as 0"),
  before: z.number().optional().describe("Of what it is compared with"),
  note: z.string().optional(),
});

/** A difference of two evaluations on the same cases. */
export const PairedDifference = z.object({
  with: z.object({ id: z.string(), release: z.number().int(), environment: z.string().optional() }),
  difference: Interval.describe("Of this one less the other, between -1 and 1"),
  better: z.number().int(),
  worse: z.number().int(),
  same: z.number().int(),
  costPerCase: z.string().optional(),
});
export type PairedDifference = z.infer<typeof PairedDifference>;

export const listEvaluationSets = defineOperation({
  name: "delivery.evaluation-set.list",
  summary: "List evaluation sets, newest first.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/evaluation-sets" },
  input: PageInput.extend({ entityRef: z.string().max(300).optional() }),
  output: pageOf(EvaluationSet),
  cli: {
    columns: ["entityRef", "name", "version", "cases", "digest", "createdAt"],
    empty: "There is no evaluation set yet: make one with roadbed evaluation-set create.",
  },
});

export const createEvaluationSet = defineOperation({
  name: "delivery.evaluation-set.create",
  summary: "Make a version of an evaluation set from lines of JSON, each with an id; the same cases are the same version.",
  scope: "delivery:write",
  risk: "low",
  http: { method: "POST", path: "/api/v1/evaluation-sets" },
  input: z.object({
    entityRef: EntityRef,
    name: SetName.default("cases"),
    cases: Lines.optional().describe('Lines of JSON, e.g. {"id": "late-parcel", "question": "Where is my parcel?"}'),
    path: z.string().max(300).optional().describe("Instead: the file in the component's repository"),
    commit: z
      .string()
      .regex(/^[0-9a-f]{7,40}$/, "must be a commit hash")
      .optional()
      .describe("With path; default the newest of the main branch"),
  }),
  output: EvaluationSet,
  resource: ({ entityRef }) => ({ kind: "entity", id: entityRef }),
  cli: { positional: ["entityRef", "name"], files: ["cases"] },
});

export const listEvaluations = defineOperation({
  name: "delivery.evaluation.list",
  summary: "List evaluations, newest first.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/evaluations" },
  input: PageInput.extend({ entityRef: z.string().max(300).optional(), release: z.string().max(200).optional() }),
  output: pageOf(Evaluation),
  cli: {
    columns: ["id", "entityRef", "release.number", "set.name", "set.version", "state", "score.estimate", "score.lower", "missing"],
    empty: "Nothing has been evaluated yet: roadbed evaluation run, or roadbed evaluation record.",
  },
});

export const getEvaluation = defineOperation({
  name: "delivery.evaluation.get",
  summary: "Show an evaluation: its interval, its scores by tenths, the worst cases, and the difference from another on the same cases.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/evaluations/{id}" },
  input: z.object({
    id: z.string().max(100),
    environment: z.string().max(100).optional().describe("Compare with what this environment has; default the evaluation before"),
    limit: z.coerce.number().int().min(1).max(500).default(50).describe("How many of the worst cases"),
  }),
  output: Evaluation.extend({
    histogram: z.array(z.object({ from: z.number(), to: z.number(), count: z.number().int() })),
    worst: z.array(CaseScore).describe("Where it is compared: those that lost most first"),
    against: PairedDifference.optional(),
    log: z.array(z.string()).optional().describe("What the runner printed last, where it failed"),
  }),
  cli: { rows: "worst", columns: ["case", "score", "before", "note"], exitCode: ({ state }) => (state === "failed" ? 1 : 0) },
});

export const recordEvaluation = defineOperation({
  name: "delivery.evaluation.record",
  summary: "Record what a grader said of a release: lines of JSON, each with the id of a case and a score from 0 to 1.",
  scope: "delivery:write",
  risk: "low",
  http: { method: "POST", path: "/api/v1/evaluations" },
  input: z.object({
    release: z.string().min(1).max(200).describe("Its id, or component and number: orders#12"),
    results: Lines.describe(
      'Lines of JSON, e.g. {"case": "late-parcel", "score": 0.75, "tokens": 412, "cost": "0.0021", "latencyMs": 830}',
    ),
    set: SetName.default("cases"),
    setVersion: z.number().int().min(1).optional().describe("Default: the newest"),
    grader: z.string().trim().min(1).max(200).describe("What judged: its name"),
    graderVersion: z.string().trim().min(1).max(200).default("1"),
    subjectDigest: Digest.optional().describe("What was evaluated: must be the digest of one of the release's models, prompts or agents"),
  }),
  output: Evaluation,
  cli: { positional: ["release", "results"], files: ["results"] },
});

export const runEvaluation = defineOperation({
  name: "delivery.evaluation.run",
  summary: "Run the evaluation that a release's roadbed.yaml describes, and record what it says.",
  scope: "delivery:write",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/evaluations/run" },
  input: z.object({
    release: z.string().min(1).max(200).describe("Its id, or component and number: orders#12"),
    setVersion: z.number().int().min(1).optional().describe("Default: the cases as they stand at the release's commit"),
  }),
  output: Evaluation,
  cli: { positional: ["release"], waitFor: "delivery.evaluation.get" },
});

export const evaluationRequested = defineEvent({
  name: "delivery.evaluation.requested",
  summary: "An evaluation is to be run.",
  payload: z.object({ evaluationId: z.string(), entityRef: z.string() }),
});
export const evaluationRecorded = defineEvent({
  name: "delivery.evaluation.recorded",
  summary: "A release was evaluated, or its evaluation failed.",
  payload: z.object({
    evaluationId: z.string(),
    entityRef: z.string(),
    releaseId: z.string(),
    number: z.number().int(),
    set: z.string(),
    state: EvaluationState,
    estimate: z.number().optional(),
  }),
});

export const operations = [
  listEvaluationSets,
  createEvaluationSet,
  listEvaluations,
  getEvaluation,
  recordEvaluation,
  runEvaluation,
] as const;
