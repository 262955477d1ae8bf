import { defineOperation } from "@roadbed/core";
import { z } from "zod";

/**
 * Writes that no face offers: Git clients make the first one, the platform's own jobs the others. They are operations all the
 * same, so that scope, audit and events work as everywhere.
 */
export const pushRepository = defineOperation({
  name: "delivery.repository.push",
  summary: "Push to a branch of an embedded repository.",
  scope: "git:write",
  risk: "medium",
  http: { method: "POST", path: "/git/{repository}.git/git-receive-pack" },
  input: z.object({ repository: z.string(), branch: z.string(), before: z.string(), after: z.string() }),
  output: z.void(),
});

export const readRepository = defineOperation({
  name: "delivery.repository.read",
  summary: "Clone or fetch an embedded repository.",
  scope: "git:read",
  risk: "read",
  http: { method: "POST", path: "/git/{repository}.git/git-upload-pack" },
  input: z.object({ repository: z.string() }),
  output: z.void(),
});

export const advanceDeployment = defineOperation({
  name: "delivery.deployment.advance",
  summary: "Record how far a deployment is.",
  scope: "delivery:write",
  risk: "low",
  http: { method: "POST", path: "/internal/deployments/{id}" },
  input: z.object({ id: z.string(), status: z.string() }),
  output: z.unknown(),
});

export const advanceRollout = defineOperation({
  name: "delivery.rollout.advance",
  summary: "Record how far a rollout is.",
  scope: "delivery:write",
  risk: "low",
  http: { method: "POST", path: "/internal/rollouts/{id}" },
  input: z.object({ id: z.string(), event: z.string() }),
  output: z.unknown(),
});

export const advancePipeline = defineOperation({
  name: "delivery.pipeline.advance",
  summary: "Record how far a run of a pipeline is.",
  scope: "delivery:write",
  risk: "low",
  http: { method: "POST", path: "/internal/pipelines/{id}" },
  input: z.object({ id: z.string(), state: z.string() }),
  output: z.unknown(),
});

export const recordExecution = defineOperation({
  name: "delivery.execution.record",
  summary: "Record how a job ran.",
  scope: "delivery:write",
  risk: "low",
  http: { method: "POST", path: "/internal/executions" },
  input: z.object({ executionId: z.string(), entityRef: z.string(), environment: z.string(), status: z.string() }),
  output: z.unknown(),
});

export const watchEnvironments = defineOperation({
  name: "delivery.environment.watch",
  summary: "Record that a throw-away environment ends soon, or that its time is over.",
  scope: "delivery:write",
  risk: "low",
  http: { method: "POST", path: "/internal/environments" },
  input: z.object({}),
  output: z.void(),
});

export const observeWorkload = defineOperation({
  name: "delivery.workload.observe",
  summary: "Record what is seen of a workload.",
  scope: "delivery:write",
  risk: "low",
  http: { method: "POST", path: "/internal/workloads" },
  input: z.object({ entityRef: z.string(), environment: z.string(), health: z.string() }),
  output: z.void(),
});

export const movePromotion = defineOperation({
  name: "delivery.promotion.move",
  summary: "Record how far a promotion is.",
  scope: "delivery:write",
  risk: "low",
  http: { method: "POST", path: "/internal/promotions/{id}" },
  input: z.object({ id: z.string() }),
  output: z.unknown(),
});

export const observeDrift = defineOperation({
  name: "delivery.drift.observe",
  summary: "Record whether what runs is what Git says.",
  scope: "delivery:write",
  risk: "low",
  http: { method: "POST", path: "/internal/drift" },
  input: z.object({ entityRef: z.string(), environment: z.string() }),
  output: z.void(),
});

export const editSource = defineOperation({
  name: "delivery.source.edit",
  summary: "Push what an environment is to have, or asks for, to the repository of what runs where.",
  scope: "git:write",
  risk: "medium",
  http: { method: "POST", path: "/internal/source" },
  input: z.object({ branch: z.string() }),
  output: z.unknown(),
});

export const writeGitops = defineOperation({
  name: "delivery.gitops.write",
  summary: "Write to the repository of what runs where.",
  scope: "delivery:write",
  risk: "low",
  http: { method: "POST", path: "/internal/gitops" },
  input: z.object({ branch: z.string() }),
  output: z.unknown(),
});
