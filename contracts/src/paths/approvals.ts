import { defineEvent, defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

import { Approval, ApprovalState, PathName } from "../paths.ts";

const Id = z.string().min(1).max(100);

export const listApprovals = defineOperation({
  name: "paths.approval.list",
  summary: "List approvals of runs, newest first.",
  scope: "paths:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/approvals" },
  input: PageInput.extend({
    state: ApprovalState.optional(),
    mine: z
      .preprocess((value) => (value === "true" ? true : value === "false" ? false : value), z.boolean().optional())
      .describe("Only those that I may decide"),
    run: Id.optional(),
    path: PathName.optional(),
  }),
  output: pageOf(Approval),
  cli: {
    columns: ["id", "state", "pathTitle", "entityRef", "requestedByName", "expiresAt", "because"],
    empty: "Nothing waits for an approval.",
  },
});

export const showApproval = defineOperation({
  name: "paths.approval.show",
  summary: "Show one approval: why it is needed, who may give it and until when, and what was said.",
  scope: "paths:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/approvals/{id}" },
  input: z.object({ id: Id }),
  output: Approval,
});

export const grantApproval = defineOperation({
  name: "paths.approval.grant",
  summary: "Approve a run that waits; never by who asked for it.",
  scope: "paths:write",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/approvals/{id}/grant" },
  input: z.object({
    id: Id,
    reason: z.string().trim().max(2_000).optional(),
    digest: z.string().max(100).optional().describe("Of what you looked at: another one is refused"),
  }),
  output: Approval,
});

export const refuseApproval = defineOperation({
  name: "paths.approval.refuse",
  summary: "Refuse a run that waits: it ends with your reason, and has made nothing.",
  scope: "paths:write",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/approvals/{id}/refuse" },
  input: z.object({ id: Id, reason: z.string().trim().min(3, "must say why").max(2_000) }),
  output: Approval,
});

const about = z.object({
  approval: z.string(),
  runId: z.string(),
  path: z.string(),
  pathTitle: z.string(),
  entityRef: z.string().optional(),
  /** References of who may approve. */
  approvers: z.array(z.string()),
  requestedByName: z.string(),
});
export const approvalRequested = defineEvent({
  name: "paths.approval.requested",
  summary: "A run waits for an approval.",
  payload: about.extend({ expiresAt: z.iso.datetime(), because: z.string() }),
});
export const approvalReminded = defineEvent({
  name: "paths.approval.reminded",
  summary: "A run still waits for an approval.",
  payload: about.extend({ expiresAt: z.iso.datetime() }),
});
export const approvalDecided = defineEvent({
  name: "paths.approval.decided",
  summary: "An approval was granted or refused, or came to its end.",
  payload: about.extend({
    state: ApprovalState,
    reason: z.string().optional(),
    /** The account of who asked for the run. */
    requester: z.string().optional(),
  }),
});

export const operations = [listApprovals, showApproval, grantApproval, refuseApproval] as const;
