import { defineEvent, defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

import { EntityRef } from "../catalog.ts";
import { Flag } from "../catalog/entity-operations.ts";
import { RequiredPromotionApproval } from "./environments.ts";

export const PromotionState = z.enum([
  "waiting",
  "writing",
  "deploying",
  "promoted",
  "failed",
  "held",
  "rolled-back",
  "refused",
  "superseded",
  "cancelled",
]);
export type PromotionState = z.infer<typeof PromotionState>;

/** `unknown`: it could not be evaluated, which lets nothing through. */
export const GateVerdict = z.enum(["passed", "waiting", "blocked", "unknown"]);
export type GateVerdict = z.infer<typeof GateVerdict>;

/** What has to hold before a release comes to an environment, as it was found last. */
export const Gate = z.object({
  name: z.string(),
  title: z.string(),
  verdict: GateVerdict,
  why: z.string(),
  evidence: z.array(z.object({ label: z.string(), value: z.string(), link: z.string().optional() })),
  intervals: z
    .array(
      z.object({
        label: z.string(),
        estimate: z.number(),
        lower: z.number(),
        upper: z.number(),
        confidence: z.number(),
        count: z.number().int(),
        mark: z.number().describe("What it is held against"),
        from: z.number(),
        to: z.number(),
      }),
    )
    .optional()
    .describe("Between what scores lie, where it judges by them"),
  until: z.iso.datetime().optional().describe("When it lets through by itself, as far as this can be told"),
  overridden: z.object({ by: z.string(), at: z.iso.datetime(), reason: z.string() }).optional(),
});
export type Gate = z.infer<typeof Gate>;

/** Somebody whose word counts, and what makes it so. */
export const PromotionApprover = z.object({ ref: z.string(), as: z.enum(["owner", "on-call", "team-lead", "platform", "named"]) });

export const PromotionApproval = RequiredPromotionApproval.extend({
  approvers: z.array(PromotionApprover),
  granted: z.number().int(),
});

export const PromotionVote = z.object({
  by: z.string(),
  name: z.string(),
  verdict: z.enum(["granted", "refused"]),
  as: z.string(),
  at: z.iso.datetime(),
  reason: z.string().optional(),
  counts: z.boolean().describe("Whether it still does: who lost the role, or said it too long ago, does not count"),
});

const ReleaseOf = z.object({ id: z.string(), number: z.number().int(), title: z.string() });

/** A release on its way into an environment. */
export const Promotion = z.object({
  id: z.string(),
  entityRef: z.string(),
  environment: z.string(),
  release: ReleaseOf,
  from: ReleaseOf.optional().describe("What the environment had before"),
  kind: z.enum(["promote", "rollback"]),
  state: PromotionState,
  automatic: z.boolean(),
  hotfix: z.boolean(),
  reason: z.string().optional(),
  requestedBy: z.string(),
  gates: z.array(Gate),
  error: z.string().optional(),
  deploymentId: z.string().optional(),
  gitCommit: z.string().optional().describe("On the branch env/<environment> of the repository platform-delivery"),
  changeId: z.string().optional().describe("The proposed change that is merged for it, where releases come by pull request"),
  batch: z.string().optional(),
  createdAt: z.iso.datetime(),
  admittedAt: z.iso.datetime().optional(),
  endedAt: z.iso.datetime().optional(),
});
export type Promotion = z.infer<typeof Promotion>;

const PromotionDetail = Promotion.extend({
  approvals: z.array(PromotionApproval),
  votes: z.array(PromotionVote),
  mayApprove: z.boolean(),
  whyNot: z.string().optional(),
  lookedAt: z.iso.datetime().optional(),
});

const Id = z.string().min(1).max(100);
const Reason = z.string().trim().min(3, "must say why").max(1_000);
const ReleaseName = z.string().min(1).max(200).describe("Its id, or component and number: orders#12");

export const listPromotions = defineOperation({
  name: "delivery.promotion.list",
  summary: "List promotions, newest first.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/promotions" },
  input: PageInput.extend({
    entityRef: z.string().max(300).optional(),
    environment: z.string().max(100).optional(),
    state: PromotionState.optional(),
    open: Flag.describe("Only those that have not ended"),
    mine: Flag.describe("Only those that wait for my approval"),
  }),
  output: pageOf(Promotion),
  cli: {
    columns: ["id", "entityRef", "release.number", "environment", "state", "kind", "requestedBy", "createdAt"],
    empty: "There is no promotion: begin one with roadbed promotion create.",
  },
});

export const getPromotion = defineOperation({
  name: "delivery.promotion.get",
  summary: "Show a promotion with its gates, each with its verdict and the evidence, and what was approved.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/promotions/{id}" },
  input: z.object({ id: Id }),
  output: PromotionDetail,
  cli: {
    rows: "gates",
    columns: ["name", "verdict", "why", "until"],
    exitCode: ({ state }: { state: string }) => (["failed", "refused", "rolled-back", "held", "cancelled"].includes(state) ? 1 : 0),
  },
});

export const createPromotion = defineOperation({
  name: "delivery.promotion.create",
  summary: "Let a release go to an environment as soon as every gate lets it through.",
  scope: "delivery:write",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/promotions" },
  input: z.object({
    release: ReleaseName,
    environment: z.string().min(1).max(100),
    hotfix: z.boolean().default(false).describe("Passes freezes that let hotfixes through; needs a reason"),
    reason: Reason.optional(),
  }),
  output: Promotion,
  cli: { positional: ["release", "environment"], waitFor: "delivery.promotion.get" },
});

export const promoteMany = defineOperation({
  name: "delivery.promotion.batch",
  summary: "Let what one environment has go to the next: all of it, or some components, in as few commits as it takes.",
  scope: "delivery:write",
  risk: "high",
  http: { method: "POST", path: "/api/v1/promotions/batch" },
  input: z.object({
    from: z.string().min(1).max(100),
    to: z.string().min(1).max(100),
    entityRefs: z.array(EntityRef).max(1_000).optional().describe("Default: everything that differs"),
    reason: Reason.optional(),
  }),
  output: z.object({
    batch: z.string(),
    items: z.array(Promotion),
    skipped: z.array(z.object({ entityRef: z.string(), why: z.string() })),
  }),
  cli: { positional: ["from", "to"], columns: ["id", "entityRef", "release.number", "state"] },
});

export const approvePromotion = defineOperation({
  name: "delivery.promotion.approve",
  summary: "Approve a promotion that waits; never by who asked for it.",
  scope: "delivery:write",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/promotions/{id}/approve" },
  input: z.object({ id: Id, reason: z.string().trim().max(1_000).optional() }),
  output: PromotionDetail,
});

export const refusePromotion = defineOperation({
  name: "delivery.promotion.refuse",
  summary: "Refuse a promotion that waits: it ends with your reason.",
  scope: "delivery:write",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/promotions/{id}/refuse" },
  input: z.object({ id: Id, reason: Reason }),
  output: PromotionDetail,
});

export const overrideGate = defineOperation({
  name: "delivery.promotion.override",
  summary: "Let a promotion pass a gate that does not let it through, with a reason that everybody sees.",
  scope: "delivery:admin",
  risk: "high",
  http: { method: "POST", path: "/api/v1/promotions/{id}/override" },
  input: z.object({ id: Id, gate: z.string().min(1).max(100), reason: z.string().trim().min(10, "must say why in a sentence").max(1_000) }),
  output: PromotionDetail,
  cli: { positional: ["id", "gate"] },
});

export const cancelPromotion = defineOperation({
  name: "delivery.promotion.cancel",
  summary: "End a promotion that still waits.",
  scope: "delivery:write",
  risk: "low",
  http: { method: "POST", path: "/api/v1/promotions/{id}/cancel" },
  input: z.object({ id: Id, reason: z.string().trim().max(1_000).optional() }),
  output: Promotion,
});

export const rollBack = defineOperation({
  name: "delivery.promotion.rollback",
  summary: "Bring an environment back to an earlier release at once, and hold automatic promotion until somebody lifts that.",
  scope: "delivery:write",
  risk: "high",
  http: { method: "POST", path: "/api/v1/promotions/rollback" },
  input: z.object({
    entityRef: EntityRef,
    environment: z.string().min(1).max(100),
    to: z.number().int().min(1).optional().describe("Number of the release; default the one that was there before"),
    reason: Reason,
    acceptIrreversible: z
      .boolean()
      .default(false)
      .describe("Although a release in between declares that what it did to data cannot be taken back"),
  }),
  output: Promotion,
  resource: ({ entityRef }) => ({ kind: "entity", id: entityRef }),
  cli: { positional: ["entityRef", "environment"], waitFor: "delivery.promotion.get" },
});

/** Nothing comes by itself while there is one. */
export const Hold = z.object({ entityRef: z.string(), environment: z.string(), why: z.string(), by: z.string(), at: z.iso.datetime() });
export type Hold = z.infer<typeof Hold>;

export const listHolds = defineOperation({
  name: "delivery.hold.list",
  summary: "List where automatic promotion is held, and why.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/holds" },
  input: PageInput.extend({ entityRef: z.string().max(300).optional() }),
  output: pageOf(Hold),
  cli: { columns: ["entityRef", "environment", "why", "by", "at"], empty: "Nothing is held." },
});

export const liftHold = defineOperation({
  name: "delivery.hold.lift",
  summary: "Let releases come to an environment by themselves again.",
  scope: "delivery:write",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/holds/lift" },
  input: z.object({ entityRef: EntityRef, environment: z.string().min(1).max(100), reason: Reason }),
  output: z.object({ lifted: z.boolean() }),
  resource: ({ entityRef }) => ({ kind: "entity", id: entityRef }),
  cli: { positional: ["entityRef", "environment"] },
});

const About = z.object({
  promotionId: z.string(),
  entityRef: z.string(),
  environment: z.string(),
  releaseId: z.string(),
  number: z.number().int(),
});

export const promotionRequested = defineEvent({
  name: "delivery.promotion.requested",
  summary: "A release is to go to an environment.",
  payload: About.extend({
    title: z.string(),
    automatic: z.boolean(),
    requestedBy: z.string(),
    approvers: z.array(z.string()).describe("References of those who are asked to approve"),
  }),
});
export const promotionMoved = defineEvent({
  name: "delivery.promotion.moved",
  summary: "A gate of a promotion is seen otherwise than before, or somebody said something about it.",
  payload: About,
});
export const promotionAdmitted = defineEvent({
  name: "delivery.promotion.admitted",
  summary: "Every gate let a promotion through: it is written to Git and deployed.",
  payload: About.extend({ kind: z.enum(["promote", "rollback"]) }),
});
/** CDEvents `dev.cdevents.service.upgraded`, `.rolledback`. */
export const promotionFinished = defineEvent({
  name: "delivery.promotion.finished",
  summary: "A promotion ended.",
  payload: About.extend({ kind: z.enum(["promote", "rollback"]), state: PromotionState, error: z.string().optional() }),
});
export const holdChanged = defineEvent({
  name: "delivery.hold.changed",
  summary: "Automatic promotion of something was held, or the hold was lifted.",
  payload: z.object({ entityRef: z.string(), environment: z.string(), held: z.boolean(), why: z.string() }),
});

export const operations = [
  listPromotions,
  getPromotion,
  createPromotion,
  promoteMany,
  approvePromotion,
  refusePromotion,
  overrideGate,
  cancelPromotion,
  rollBack,
  listHolds,
  liftHold,
] as const;
