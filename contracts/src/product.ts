import { defineEvent, defineOperation } from "@roadbed/core";
import { z } from "zod";

import { EntityRef } from "./catalog/ref.ts";

const Moment = z.iso.datetime({ offset: true });
const Key = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .describe("What its source calls it: told twice under it, it is one thing, and what is new is taken over");
const Commit = z
  .string()
  .regex(/^[\w.:/-]{1,100}$/, "must be a commit")
  .optional();

/** A release that came, or did not come, to an environment. */
export const DeploymentRecord = z.object({
  kind: z.literal("deployment"),
  key: Key,
  entityRef: EntityRef,
  environment: z.string().trim().min(1).max(100),
  commit: Commit,
  carries: z.array(z.string().min(1).max(100)).max(1_000).optional().describe("Commits that are in it and were not in the one before"),
  startedAt: Moment.optional(),
  finishedAt: Moment.optional(),
  result: z
    .enum(["success", "failure", "rolled-back"])
    .optional()
    .describe("`failure`: it never answered anybody. Absent: it is under way"),
  rework: z.boolean().optional().describe("It was not planned and mends something that users met. Absent: nobody said"),
  rollback: z.boolean().optional().describe("It puts back what was there before"),
});

/** A pull or merge request. Who wrote it is not asked: whether a machine did, is. */
export const ChangeRecord = z.object({
  kind: z.literal("change"),
  key: Key,
  entityRef: EntityRef,
  commit: Commit.describe("The commit that its merge made"),
  firstCommitAt: Moment.optional().describe("When its first commit was authored"),
  openedAt: Moment.optional(),
  firstReviewAt: Moment.optional().describe("By somebody else than its author"),
  mergedAt: Moment.optional(),
  bot: z.boolean().optional().describe("A machine proposed it"),
});

/** Something went wrong in production. */
export const IncidentRecord = z.object({
  kind: z.literal("incident"),
  key: Key,
  entityRef: EntityRef.optional().describe("Absent: nobody knows what it is about; it is counted as brought to nothing"),
  title: z.string().max(300).optional(),
  openedAt: Moment.optional(),
  resolvedAt: Moment.optional(),
  userFacing: z.boolean().optional().describe("Default: yes"),
  causedBy: z.string().max(200).optional().describe("Key of the deployment, or commit, that caused it, where somebody knows"),
});

export const DeliveryRecord = z.discriminatedUnion("kind", [DeploymentRecord, ChangeRecord, IncidentRecord]);
export type DeliveryRecord = z.infer<typeof DeliveryRecord>;

export const importRecords = defineOperation({
  name: "product.record.import",
  summary: "Tell of deployments, changes and incidents that happened elsewhere or before: in any order, as often as you like.",
  scope: "product:write",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/delivery-records" },
  input: z.object({
    source: z.string().trim().min(1).max(100).describe("Who tells: keys are theirs"),
    records: z.array(DeliveryRecord).min(1).max(500),
    sample: z.boolean().default(false).describe("Goes with the sample estate"),
  }),
  output: z.object({
    made: z.number().int(),
    changed: z.number().int(),
    unchanged: z.number().int(),
    skipped: z.array(z.object({ key: z.string(), reason: z.string() })).describe("Not taken, and why"),
  }),
});

export const recordsTold = defineEvent({
  name: "product.record.told",
  summary: "Deployments, changes or incidents were told of, and figures may be others now.",
  payload: z.object({ source: z.string(), made: z.number().int(), changed: z.number().int() }),
});

export const operations = [importRecords] as const;
