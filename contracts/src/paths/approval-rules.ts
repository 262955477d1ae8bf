import { defineEvent, defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

import { PathName } from "../paths.ts";

const Id = z.string().min(1).max(100);

export const ApprovalRuleState = z.enum(["proposed", "active", "refused", "revoked"]);

/** What ten grants in a row taught: an approval that is given by itself, once somebody accepted that. */
export const ApprovalRule = z.object({
  id: z.string(),
  path: z.string(),
  pathTitle: z.string(),
  rule: z.string(),
  role: z.string().describe("In whose place it grants: a group or user, or administrator"),
  state: ApprovalRuleState,
  said: z.string().describe("What it does, in a sentence"),
  evidence: z.array(
    z.object({
      approval: z.string(),
      runId: z.string(),
      requestedBy: z.string(),
      requestedByName: z.string(),
      grantedBy: z.array(z.string()),
      at: z.iso.datetime(),
    }),
  ),
  /** How many runs it has let begin. */
  used: z.number().int(),
  proposedAt: z.iso.datetime(),
  decidedBy: z.string().optional(),
  decidedAt: z.iso.datetime().optional(),
  note: z.string().optional(),
});
export type ApprovalRule = z.infer<typeof ApprovalRule>;

export const listApprovalRules = defineOperation({
  name: "paths.approval-rule.list",
  summary: "List the rules that approvals taught: proposed, active, refused and revoked, each with the grants it was learned from.",
  scope: "paths:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/approval-rules" },
  input: PageInput.extend({ state: ApprovalRuleState.optional(), path: PathName.optional() }),
  output: pageOf(ApprovalRule),
  cli: {
    columns: ["id", "state", "pathTitle", "rule", "role", "used", "proposedAt"],
    empty: "Ten grants in a row of the same approval propose a rule.",
  },
});

const decide = (verb: "accept" | "refuse" | "revoke", summary: string, risk: "low" | "medium" | "high") =>
  defineOperation({
    name: `paths.approval-rule.${verb}`,
    summary,
    scope: "paths:write",
    risk,
    http: { method: "POST", path: `/api/v1/approval-rules/{id}/${verb}` },
    input: z.object({ id: Id, note: z.string().trim().max(2_000).optional() }),
    output: ApprovalRule,
  });
export const acceptApprovalRule = decide("accept", "Have an approval granted by itself from now on, as it was ten times in a row.", "high");
export const refuseApprovalRule = decide("refuse", "Go on approving by hand; it is proposed again after ten more.", "low");
export const revokeApprovalRule = decide("revoke", "End a rule: from now on somebody approves again.", "medium");

export const approvalRuleChanged = defineEvent({
  name: "paths.approval-rule.changed",
  summary: "A rule that approvals taught was proposed, accepted, refused or revoked.",
  payload: z.object({
    rule: z.string(),
    path: z.string(),
    pathTitle: z.string(),
    name: z.string(),
    role: z.string(),
    state: ApprovalRuleState,
  }),
});

export const operations = [listApprovalRules, acceptApprovalRule, refuseApprovalRule, revokeApprovalRule] as const;
