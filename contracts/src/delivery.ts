import { defineEvent, defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

import { EntityRef } from "./catalog.ts";
import { Execution } from "./delivery/executions.ts";

/** `failed`: it never came up, since it could not be built or started; `crashed`: it was up and ended by itself. */
export const WorkloadHealth = z.enum(["healthy", "starting", "unhealthy", "crashed", "failed", "stopped", "unknown"]);

/** One process of a workload. */
export const Replica = z.object({
  name: z.string().optional().describe("Of a pod"),
  release: z.number().int().optional().describe("Of a pod: of which release it is"),
  health: WorkloadHealth,
  detail: z.string().optional(),
  pid: z.number().int().optional(),
  startedAt: z.iso.datetime().optional(),
  restarts: z.number().int(),
});

/** What a cluster says of a workload. */
export const ClusterSight = z.object({
  cluster: z.string(),
  namespace: z.string(),
  delivery: z.enum(["deployment", "argo-rollouts", "gateway-api"]),
  actual: z.array(z.number().int()).describe("Numbers of the releases whose pods are ready"),
  ready: z.number().int(),
  wanted: z.number().int(),
  sync: z.string().optional().describe("What Argo CD or Flux says: Synced, OutOfSync, Unknown"),
  revision: z.string().optional().describe("The commit of the environment's branch that was applied last"),
  said: z.string().optional().describe("What Argo CD or Flux says in words"),
  problem: z.string().optional().describe("Why the cluster cannot be asked; the rest is how it was seen last"),
  seenAt: z.iso.datetime().optional(),
});
export type ClusterSight = z.infer<typeof ClusterSight>;

/** A component in an environment. */
export const Workload = z.object({
  entityRef: z.string(),
  environment: z.string(),
  /** `service` and `worker` are processes, `site` is served files, `job` runs by a schedule and ends; the others are read by who uses them. */
  kind: z.enum(["service", "worker", "site", "job", "prompt", "model", "agent"]),
  desired: z.enum(["running", "stopped"]),
  health: WorkloadHealth,
  /** Why it is not healthy, in words. */
  detail: z.string().optional(),
  commit: z.string().optional(),
  url: z.string().optional(),
  restarts: z.number().int(),
  pid: z.number().int().optional(),
  startedAt: z.iso.datetime().optional(),
  replicas: z.array(Replica).optional().describe("Its processes; absent while it is stopped, and of what has none"),
  deploymentId: z.string().optional(),
  cluster: ClusterSight.optional().describe("In an environment of the runtime kubernetes: what the cluster says"),
  schedule: z
    .object({
      cron: z.string(),
      timeZone: z.string(),
      concurrency: z.enum(["forbid", "replace"]),
      deadlineSeconds: z.number().int(),
      catchUp: z.boolean(),
      next: z.iso.datetime().optional(),
      last: Execution.optional(),
    })
    .optional()
    .describe("Of a job: when it runs, and how it ran last"),
});
export type Workload = z.infer<typeof Workload>;

export const listWorkloads = defineOperation({
  name: "delivery.workload.list",
  summary: "List what runs where.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/workloads" },
  input: PageInput.extend({ entityRef: z.string().optional(), environment: z.string().optional() }),
  output: pageOf(Workload),
  cli: { columns: ["entityRef", "environment", "health", "commit", "url", "restarts"] },
});

const WorkloadKey = z.object({ entityRef: EntityRef, environment: z.string().default("dev") });

export const restartWorkload = defineOperation({
  name: "delivery.workload.restart",
  summary: "Restart a workload's process at the commit it runs.",
  scope: "delivery:write",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/workloads/restart" },
  input: WorkloadKey,
  output: Workload,
  resource: ({ entityRef }) => ({ kind: "entity", id: entityRef }),
  cli: { positional: ["entityRef"] },
});

export const stopWorkload = defineOperation({
  name: "delivery.workload.stop",
  summary: "Stop a workload; it stays stopped until it is restarted or deployed.",
  scope: "delivery:write",
  risk: "high",
  http: { method: "POST", path: "/api/v1/workloads/stop" },
  input: WorkloadKey,
  output: Workload,
  resource: ({ entityRef }) => ({ kind: "entity", id: entityRef }),
  cli: { positional: ["entityRef"] },
});

export const getWorkloadLogs = defineOperation({
  name: "delivery.workload.logs",
  summary: "Read what a workload's process printed; waits for new lines when asked to.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/workloads/logs" },
  input: WorkloadKey.extend({
    after: z.coerce.number().int().min(0).default(0),
    waitMs: z.coerce.number().int().min(0).max(30_000).default(0),
    limit: z.coerce.number().int().min(1).max(2_000).default(500),
  }),
  output: z.object({
    items: z.array(
      z.object({ seq: z.number().int(), at: z.iso.datetime(), stream: z.enum(["stdout", "stderr", "roadbed"]), message: z.string() }),
    ),
    next: z.number().int(),
    done: z.boolean(),
  }),
  follow: { after: "after", next: "next", done: "done" },
  cli: { positional: ["entityRef"], columns: ["at", "stream", "message"] },
});

/** `rolling`: it runs beside the release before, and is being decided about; `held`: somebody must decide. */
export const DeploymentStatus = z.enum([
  "queued",
  "building",
  "starting",
  "rolling",
  "held",
  "healthy",
  "failed",
  "rolled-back",
  "superseded",
]);

export const Deployment = z.object({
  id: z.string(),
  entityRef: z.string(),
  environment: z.string(),
  repository: z.string(),
  commit: z.string(),
  message: z.string(),
  author: z.string(),
  status: DeploymentStatus,
  error: z.string().optional(),
  pipelineRun: z.string().optional().describe("The run of its pipeline that it waits for, or waited for"),
  createdAt: z.iso.datetime(),
  endedAt: z.iso.datetime().optional(),
});
export type Deployment = z.infer<typeof Deployment>;

export const listDeployments = defineOperation({
  name: "delivery.deployment.list",
  summary: "List deployments, newest first.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/deployments" },
  input: PageInput.extend({ entityRef: z.string().optional(), environment: z.string().optional() }),
  output: pageOf(Deployment),
  cli: { columns: ["id", "entityRef", "environment", "status", "commit", "createdAt"] },
});

export const getDeployment = defineOperation({
  name: "delivery.deployment.get",
  summary: "Show one deployment.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/deployments/{id}" },
  input: z.object({ id: z.string() }),
  output: Deployment,
  cli: { exitCode: ({ status }) => (["failed", "rolled-back", "held"].includes(status) ? 1 : 0) },
});

export const deployCommit = defineOperation({
  name: "delivery.deployment.create",
  summary: "Build a commit of a component's repository and run it in an environment.",
  scope: "delivery:write",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/deployments" },
  input: WorkloadKey.extend({
    commit: z
      .string()
      .regex(/^[0-9a-f]{7,40}$/, "must be a commit hash")
      .optional()
      .describe("Default: the newest of the main branch"),
  }),
  output: Deployment,
  resource: ({ entityRef }) => ({ kind: "entity", id: entityRef }),
  cli: { positional: ["entityRef"], waitFor: "delivery.deployment.get" },
});

export const Repository = z.object({
  name: z.string(),
  description: z.string().optional(),
  defaultBranch: z.string(),
  cloneUrl: z.string(),
  head: z.string().optional(),
  createdAt: z.iso.datetime(),
  entityRef: z.string().optional(),
  /** Since then it is read only. */
  archivedAt: z.iso.datetime().optional(),
});
export type Repository = z.infer<typeof Repository>;

export const listRepositories = defineOperation({
  name: "delivery.repository.list",
  summary: "List the repositories of the embedded Git host.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/repositories" },
  input: PageInput,
  output: pageOf(Repository),
  cli: { columns: ["name", "cloneUrl", "head", "createdAt"] },
});

export const getRepository = defineOperation({
  name: "delivery.repository.get",
  summary: "Show one repository with its newest commits.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/repositories/{name}" },
  input: z.object({ name: z.string() }),
  output: Repository.extend({
    commits: z.array(z.object({ hash: z.string(), message: z.string(), author: z.string(), at: z.iso.datetime() })),
  }),
});

export const repositoryPushed = defineEvent({
  name: "delivery.repository.pushed",
  summary: "A branch of an embedded repository moved.",
  payload: z.object({
    repository: z.string(),
    branch: z.string(),
    before: z.string(),
    after: z.string(),
    message: z.string(),
    author: z.string(),
  }),
});
export const repositoryCreated = defineEvent({
  name: "delivery.repository.created",
  summary: "A repository was made in the embedded Git host.",
  payload: z.object({ repository: z.string(), cloneUrl: z.string() }),
});
/** CDEvents `dev.cdevents.service.deployed`. */
export const deploymentRequested = defineEvent({
  name: "delivery.deployment.requested",
  summary: "A commit is to be built and run.",
  payload: z.object({ deploymentId: z.string(), entityRef: z.string(), environment: z.string() }),
});
export const deploymentFinished = defineEvent({
  name: "delivery.deployment.finished",
  summary: "A deployment became healthy, failed, was rolled back, or was overtaken by a newer one.",
  payload: z.object({
    deploymentId: z.string(),
    entityRef: z.string(),
    environment: z.string(),
    status: DeploymentStatus,
    commit: z.string(),
  }),
});
export const workloadChanged = defineEvent({
  name: "delivery.workload.changed",
  summary: "A workload's health changed.",
  payload: z.object({ entityRef: z.string(), environment: z.string(), health: WorkloadHealth }),
});

export const workloadCommanded = defineEvent({
  name: "delivery.workload.commanded",
  summary: "Somebody asked for a workload to be stopped, restarted, or brought back to what Git says.",
  payload: z.object({ entityRef: z.string(), environment: z.string(), command: z.enum(["stop", "restart", "heal"]) }),
});

export const operations = [
  listWorkloads,
  restartWorkload,
  stopWorkload,
  getWorkloadLogs,
  listDeployments,
  getDeployment,
  deployCommit,
  listRepositories,
  getRepository,
] as const;
