import { z } from "zod";

/** Who may approve: a user or group, and what makes it one. */
export const Approver = z.object({
  ref: z.string(),
  as: z.enum(["owner", "on-call", "team-lead", "platform", "named"]),
});

/** An approval that a run of these answers needs before its first step. */
export const RequiredApproval = z.object({
  rule: z.string().describe("What the path calls it"),
  because: z.string(),
  approvers: z.array(Approver).describe("Empty: nobody in the catalogue is, so administrators of paths decide"),
  count: z.number().int().describe("How many different people"),
  expiresAfterHours: z.number(),
  automatic: z.string().optional().describe("The learned rule that grants it at once"),
});
export type RequiredApproval = z.infer<typeof RequiredApproval>;

export const ApprovalState = z.enum(["waiting", "granted", "refused", "expired", "withdrawn"]);

/** An approval that was asked for, bound to what the preview showed. */
export const Approval = RequiredApproval.omit({ expiresAfterHours: true }).extend({
  id: z.string(),
  runId: z.string(),
  path: z.string(),
  pathTitle: z.string(),
  /** What the run touches, where there is one thing. */
  entityRef: z.string().optional(),
  requestedBy: z.string(),
  requestedByName: z.string(),
  state: ApprovalState,
  digest: z.string().describe("Of what was shown and is approved: files, effects and resources. What would do anything else does not run."),
  askedAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  decidedAt: z.iso.datetime().optional(),
  votes: z.array(
    z.object({
      by: z.string(),
      name: z.string(),
      verdict: z.enum(["granted", "refused"]),
      as: z.string().describe("In which role: the reference that made them an approver, or administrator"),
      reason: z.string().optional(),
      at: z.iso.datetime(),
    }),
  ),
  /** Whether you may decide it now, and why not. */
  mayDecide: z.boolean(),
  whyNot: z.string().optional(),
});
export type Approval = z.infer<typeof Approval>;
