import { defineEvent, defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

import { PathName } from "../paths.ts";
import { Deviation } from "./ledger.ts";

const Id = z.string().min(1).max(100);

export const declareDeviation = defineOperation({
  name: "paths.deviation.declare",
  summary: "Declare that files of a made thing differ from its path knowingly, for a reason, until a day.",
  scope: "paths:write",
  risk: "low",
  http: { method: "POST", path: "/api/v1/ledger/{thing}/deviations" },
  input: z.object({
    thing: z.string().min(1).max(300),
    files: z.array(z.string().min(1).max(1_000)).min(1).max(1_000).optional().describe("Default: every managed file that differs now"),
    reason: z.string().trim().min(10, "must say why, in at least 10 characters").max(2_000),
    owner: z.string().min(1).max(300).optional().describe("Who answers for it: a group or user. Default: the owner of the thing"),
    days: z.coerce.number().int().min(1).max(730).default(90).describe("How long it holds; the path may allow less"),
  }),
  output: Deviation,
});

export const listDeviations = defineOperation({
  name: "paths.deviation.list",
  summary: "List declared deviations, newest first.",
  scope: "paths:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/deviations" },
  input: PageInput.extend({
    status: z.enum(["requested", "active", "expired", "refused", "ended"]).optional(),
    thing: z.string().max(300).optional(),
    path: PathName.optional(),
  }),
  output: pageOf(Deviation.extend({ repository: z.string(), path: z.string() })),
  cli: { columns: ["id", "repository", "status", "owner", "expiresAt", "reason"], empty: "Nothing deviates knowingly." },
});

const decide = (verb: "approve" | "refuse", summary: string) =>
  defineOperation({
    name: `paths.deviation.${verb}`,
    summary,
    scope: "paths:write",
    risk: "medium",
    http: { method: "POST", path: `/api/v1/deviations/{id}/${verb}` },
    input: z.object({ id: Id, note: z.string().max(2_000).optional() }),
    output: Deviation,
  });
export const approveDeviation = decide("approve", "Approve a requested deviation; never by who asked for it.");
export const refuseDeviation = decide("refuse", "Refuse a requested deviation; its files count as drift.");

export const endDeviation = defineOperation({
  name: "paths.deviation.end",
  summary: "End a deviation before its day: what still differs is drift again.",
  scope: "paths:write",
  risk: "low",
  http: { method: "POST", path: "/api/v1/deviations/{id}/end" },
  input: z.object({ id: Id }),
  output: Deviation,
});

const about = z.object({
  deviation: z.string(),
  thing: z.string(),
  repository: z.string(),
  entityRef: z.string().optional(),
  /** Who decides, or answers for it. */
  to: z.string().optional(),
});
export const deviationChanged = defineEvent({
  name: "paths.deviation.changed",
  summary: "A deviation was declared, approved, refused or ended.",
  payload: about.extend({ status: z.string() }),
});
export const deviationExpiring = defineEvent({
  name: "paths.deviation.expiring",
  summary: "A deviation ends within a week, and its files still differ.",
  payload: about.extend({ expiresAt: z.iso.datetime() }),
});
export const deviationExpired = defineEvent({
  name: "paths.deviation.expired",
  summary: "A deviation came to its end, and its files still differ: they are drift now.",
  payload: about.extend({ files: z.number().int() }),
});

export const operations = [declareDeviation, listDeviations, approveDeviation, refuseDeviation, endDeviation] as const;
