import { defineEvent, defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

import { Flag } from "../catalog/entity-operations.ts";
import { DriftPolicy } from "./environments.ts";

/** One thing that is different: what Git says of it, and what runs. */
export const DriftDifference = z.object({
  field: z.string().describe("E.g. commit, env.LOG_LEVEL, scale.replicas; of a branch: the file"),
  git: z.string().optional().describe("Absent: Git says nothing of it"),
  runs: z.string().optional().describe("Absent: what runs has nothing of it"),
});
export type DriftDifference = z.infer<typeof DriftDifference>;

export const DriftState = z.enum(["open", "healing", "healed", "accepted", "gone"]);
export type DriftState = z.infer<typeof DriftState>;

/** What runs of a component in an environment is not what Git says, or somebody else wrote to the branch of the environment. */
export const Drift = z.object({
  id: z.string(),
  entityRef: z.string(),
  environment: z.string(),
  kind: z.enum(["workload", "branch"]),
  state: DriftState,
  policy: DriftPolicy,
  differences: z.array(DriftDifference),
  attempts: z.number().int().describe("How often the platform tried to heal it by itself"),
  firstSeen: z.iso.datetime(),
  lastSeen: z.iso.datetime(),
  endedAt: z.iso.datetime().optional(),
  endedBy: z.string().optional(),
  why: z.string().optional(),
});
export type Drift = z.infer<typeof Drift>;

const Id = z.string().min(1).max(100);
const Reason = z.string().trim().min(3, "must say why").max(1_000);

export const listDrift = defineOperation({
  name: "delivery.workload-drift.list",
  summary: "List where what runs is not what Git says, newest first.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/workload-drift" },
  input: PageInput.extend({
    entityRef: z.string().max(300).optional(),
    environment: z.string().max(100).optional(),
    open: Flag.describe("Only what has not been put right"),
  }),
  output: pageOf(Drift),
  cli: {
    columns: ["id", "entityRef", "environment", "state", "policy", "differences.0.field", "firstSeen", "endedBy"],
    empty: "What runs is what Git says.",
  },
});

export const getDrift = defineOperation({
  name: "delivery.workload-drift.get",
  summary: "Show what is different between Git and what runs.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/workload-drift/{id}" },
  input: z.object({ id: Id }),
  output: Drift,
  cli: { rows: "differences", columns: ["field", "git", "runs"] },
});

export const healDrift = defineOperation({
  name: "delivery.workload-drift.heal",
  summary: "Make what runs what Git says.",
  scope: "delivery:write",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/workload-drift/{id}/heal" },
  input: z.object({ id: Id, reason: Reason.optional() }),
  output: Drift,
});

export const acceptDrift = defineOperation({
  name: "delivery.workload-drift.accept",
  summary: "Take what runs into Git by a commit that says who and why; for those who may approve there.",
  scope: "delivery:write",
  risk: "high",
  http: { method: "POST", path: "/api/v1/workload-drift/{id}/accept" },
  input: z.object({ id: Id, reason: Reason }),
  output: Drift,
});

const About = z.object({ driftId: z.string(), entityRef: z.string(), environment: z.string(), fields: z.array(z.string()) });
export const driftFound = defineEvent({
  name: "delivery.drift.found",
  summary: "What runs is not what Git says.",
  payload: About.extend({ policy: DriftPolicy }),
});
export const driftEnded = defineEvent({
  name: "delivery.drift.ended",
  summary: "What runs is what Git says again: it was healed, accepted into Git, or gone by itself.",
  payload: About.extend({ state: z.enum(["healed", "accepted", "gone"]), by: z.string().optional(), why: z.string().optional() }),
});

export const operations = [listDrift, getDrift, healDrift, acceptDrift] as const;
