import { defineEvent, defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

/** `waiting`: for other steps, or for its turn. `skipped`: a step that it needs did not succeed. */
export const PipelineStepState = z.enum(["waiting", "running", "succeeded", "failed", "timed-out", "cancelled", "skipped"]);
export type PipelineStepState = z.infer<typeof PipelineStepState>;

/** `superseded`: a newer push to the branch came before it began. */
export const PipelineState = z.enum(["queued", "running", "succeeded", "failed", "cancelled", "superseded"]);
export type PipelineState = z.infer<typeof PipelineState>;

/** What reports of tests (JUnit XML) said, added up. */
export const TestCounts = z.object({
  total: z.number().int(),
  failed: z.number().int(),
  skipped: z.number().int(),
  seconds: z.number(),
});
export type TestCounts = z.infer<typeof TestCounts>;

export const FailedTest = z.object({ name: z.string(), suite: z.string(), message: z.string() });
export type FailedTest = z.infer<typeof FailedTest>;

export const PipelineStep = z.object({
  name: z.string(),
  needs: z.array(z.string()),
  state: PipelineStepState,
  commands: z.array(z.string()).describe("What it runs, as it would be typed"),
  error: z.string().optional(),
  exitCode: z.number().int().optional(),
  startedAt: z.iso.datetime().optional(),
  endedAt: z.iso.datetime().optional(),
  begun: z.number().int().describe("How often it was begun: more than once where the server was restarted in the middle"),
  cache: z.enum(["found", "missed", "saved", "unusable"]).optional().describe("What became of its cache"),
  tests: TestCounts.optional(),
  failedTests: z.array(FailedTest).describe("At most 50"),
  address: z.string().optional().describe("Where the host that ran it shows it"),
});
export type PipelineStep = z.infer<typeof PipelineStep>;

export const PipelineArtefact = z.object({
  path: z.string(),
  step: z.string(),
  bytes: z.number().int(),
  digest: z.string().describe("sha256: and hexadecimal digits"),
});
export type PipelineArtefact = z.infer<typeof PipelineArtefact>;

/** One time that a commit was built and tested: here, or at the host that holds its repository. */
export const PipelineRun = z.object({
  id: z.string(),
  host: z.enum(["roadbed", "github", "gitlab"]),
  repository: z.string(),
  entityRef: z.string().optional(),
  name: z.string().describe("Of the workflow; `pipeline` for those that run here"),
  branch: z.string(),
  commit: z.string(),
  message: z.string(),
  author: z.string(),
  trigger: z.enum(["push", "change", "hand", "again", "host"]),
  changeId: z.string().optional(),
  state: PipelineState,
  flaky: z.boolean().describe("The same commit both failed and succeeded"),
  error: z.string().optional(),
  askedBy: z.string(),
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().optional(),
  endedAt: z.iso.datetime().optional(),
  seconds: z.number().optional().describe("From its beginning to its end"),
  tests: TestCounts.optional(),
  address: z.string().optional().describe("Where the host that ran it shows it"),
  swept: z.boolean().describe("Its logs and artefacts were removed because it is old"),
});
export type PipelineRun = z.infer<typeof PipelineRun>;

const Id = z.string().min(1).max(100);
const Repository = z.string().min(1).max(300);

export const listPipelineRuns = defineOperation({
  name: "delivery.pipeline.list",
  summary: "List what was built and tested, newest first: pipelines that ran here, and runs at GitHub and GitLab.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/pipelines" },
  input: PageInput.extend({
    repository: Repository.optional(),
    entityRef: z.string().max(300).optional(),
    branch: z.string().max(300).optional(),
    commit: z.string().max(64).optional(),
    state: PipelineState.optional(),
    host: z.enum(["roadbed", "github", "gitlab"]).optional(),
    text: z.string().max(200).optional().describe("Found in repository, branch, commit, message or author"),
    only: z.enum(["troubled", "latest"]).optional().describe("`troubled`: failed or flaky; `latest`: the newest of each branch"),
  }),
  output: pageOf(PipelineRun),
  cli: {
    columns: ["id", "repository", "branch", "commit", "state", "flaky", "seconds", "createdAt"],
    empty: "Nothing was built or tested yet: put a .roadbed/pipeline.yaml into a repository of the embedded Git host and push.",
  },
});

export const getPipelineRun = defineOperation({
  name: "delivery.pipeline.get",
  summary: "Show one run of a pipeline: its steps, tests and artefacts.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/pipelines/{id}" },
  input: z.object({ id: Id }),
  output: PipelineRun.extend({ steps: z.array(PipelineStep), artefacts: z.array(PipelineArtefact) }),
  cli: {
    command: "pipeline show",
    rows: "steps",
    columns: ["name", "state", "needs", "exitCode", "error", "startedAt", "endedAt"],
    exitCode: ({ state }) => (["failed", "cancelled"].includes(state) ? 1 : 0),
  },
});

export const getPipelineLogs = defineOperation({
  name: "delivery.pipeline.logs",
  summary: "Read what the steps of a run printed, one step after the other; waits for new lines when asked to.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/pipelines/{id}/logs" },
  input: z.object({
    id: Id,
    step: z.string().max(100).optional().describe("Only this step"),
    after: z.coerce.number().int().min(0).default(0),
    waitMs: z.coerce.number().int().min(0).max(30_000).default(0),
    limit: z.coerce.number().int().min(1).max(2_000).default(500),
  }),
  output: z.object({
    items: z.array(
      z.object({
        seq: z.number().int(),
        step: z.string(),
        at: z.iso.datetime(),
        stream: z.enum(["stdout", "stderr", "roadbed"]),
        message: z.string(),
      }),
    ),
    next: z.number().int(),
    done: z.boolean(),
  }),
  follow: { after: "after", next: "next", done: "done" },
  cli: { columns: ["step", "at", "stream", "message"] },
});

export const runPipeline = defineOperation({
  name: "delivery.pipeline.run",
  summary: "Build and test a commit of an embedded repository by its pipeline, again where that was done before.",
  scope: "delivery:write",
  risk: "low",
  http: { method: "POST", path: "/api/v1/pipelines" },
  input: z.object({
    repository: Repository,
    branch: z.string().max(300).optional().describe("Default: the repository's own"),
    commit: z
      .string()
      .regex(/^[0-9a-f]{7,64}$/, "must be a commit hash")
      .optional()
      .describe("Default: the newest of the branch"),
  }),
  output: PipelineRun,
  cli: { positional: ["repository"], waitFor: "delivery.pipeline.get" },
});

export const cancelPipeline = defineOperation({
  name: "delivery.pipeline.cancel",
  summary: "End a run of a pipeline with everything that it started.",
  scope: "delivery:write",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/pipelines/{id}/cancel" },
  input: z.object({ id: Id }),
  output: PipelineRun,
});

export const getPipelineArtefact = defineOperation({
  name: "delivery.pipeline.artefact",
  summary: "Read a file that a run of a pipeline kept, piece by piece.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/pipelines/{id}/artefact" },
  input: z.object({
    id: Id,
    path: z.string().min(1).max(1_000),
    offset: z.coerce.number().int().min(0).default(0),
  }),
  output: PipelineArtefact.extend({
    base64: z.string().describe("At most 3 MB of it"),
    next: z.number().int().optional().describe("Where the next piece begins; absent for the last one"),
  }),
  cli: { positional: ["id", "path"] },
});

const SecretName = z.string().regex(/^[A-Z_][A-Z0-9_]{0,99}$/, "must be in capitals, digits and _");
export const PipelineSecret = z.object({ repository: z.string(), name: z.string(), setBy: z.string(), setAt: z.iso.datetime() });

export const listPipelineSecrets = defineOperation({
  name: "delivery.pipeline-secret.list",
  summary: "List the names of the secrets that steps of a repository's pipeline may ask for; never their values.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/repositories/{repository}/pipeline-secrets" },
  input: PageInput.extend({ repository: Repository }),
  output: pageOf(PipelineSecret),
  cli: { columns: ["name", "setBy", "setAt"], empty: "No secret is kept for its pipeline." },
});

export const setPipelineSecret = defineOperation({
  name: "delivery.pipeline-secret.set",
  summary: "Keep a secret for the pipeline of a repository, sealed; steps that name it get it as a variable.",
  scope: "delivery:write",
  risk: "medium",
  http: { method: "PUT", path: "/api/v1/repositories/{repository}/pipeline-secrets/{variable}" },
  input: z.object({ repository: Repository, variable: SecretName, value: z.string().min(4).max(20_000) }),
  output: PipelineSecret,
  secrets: ["value"],
});

export const removePipelineSecret = defineOperation({
  name: "delivery.pipeline-secret.remove",
  summary: "Forget a secret of a repository's pipeline.",
  scope: "delivery:write",
  risk: "medium",
  http: { method: "DELETE", path: "/api/v1/repositories/{repository}/pipeline-secrets/{variable}" },
  input: z.object({ repository: Repository, variable: SecretName }),
  output: z.void(),
});

const about = z.object({
  runId: z.string(),
  repository: z.string(),
  entityRef: z.string().optional(),
  branch: z.string(),
  commit: z.string(),
});
export const pipelineRequested = defineEvent({
  name: "delivery.pipeline.requested",
  summary: "A commit is to be built and tested.",
  payload: about,
});
/** CDEvents `dev.cdevents.pipelinerun.finished`. */
export const pipelineFinished = defineEvent({
  name: "delivery.pipeline.finished",
  summary: "A run of a pipeline came to its end, here or at the host that ran it.",
  payload: about.extend({ state: PipelineState, host: z.string(), error: z.string().optional() }),
});

export const operations = [
  listPipelineRuns,
  getPipelineRun,
  getPipelineLogs,
  runPipeline,
  cancelPipeline,
  getPipelineArtefact,
  listPipelineSecrets,
  setPipelineSecret,
  removePipelineSecret,
] as const;
