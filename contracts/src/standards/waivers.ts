import { defineEvent, defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

import { EntityRef } from "../catalog/ref.ts";

const Name = z.string().min(1).max(253);
const Reason = z.string().trim().min(10, "say in a sentence why").max(2_000);

export const WaiverState = z.enum(["requested", "approved", "refused", "revoked", "expired", "ended"]);
export type WaiverState = z.infer<typeof WaiverState>;

/** A declared deviation from a policy: what is found is shown as waived, and stops nothing, until it ends. */
export const Waiver = z.object({
  id: z.string(),
  policy: z.string(),
  /** What it is about: one of these. */
  entity: z.string().optional(),
  namespace: z.string().optional(),
  team: z.string().optional(),
  reason: z.string(),
  /** Who answers for the deviation. */
  owner: z.string(),
  requestedBy: z.string(),
  requestedAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  /** `ended`: the entity that it was about is gone. */
  state: WaiverState,
  decidedBy: z.string().optional(),
  decidedAt: z.iso.datetime().optional(),
  /** What whoever decided had to say. */
  note: z.string().optional(),
  /** The rule that approved it, where nobody had to. */
  rule: z.string().optional(),
});
export type Waiver = z.infer<typeof Waiver>;

const id = z.object({ id: z.string() });

export const requestWaiver = defineOperation({
  name: "standards.waiver.request",
  summary: "Ask for a waiver of a policy for an entity, a namespace or a team, with a reason and an end.",
  // Whoever may describe things may ask for a deviation of them.
  scope: "catalog:write",
  risk: "low",
  http: { method: "POST", path: "/api/v1/waivers" },
  input: z.object({
    policy: Name,
    entity: EntityRef.optional().describe("The entity it is for, e.g. component:default/shop"),
    namespace: Name.optional().describe("Or everything in this namespace"),
    team: EntityRef.optional().describe("Or everything that this team owns, e.g. group:default/payments"),
    reason: Reason.describe("Why the rule cannot be kept, in a sentence"),
    owner: Name.optional().describe("Who answers for it; default: whoever asks"),
    days: z.coerce.number().int().min(1).max(365).default(30).describe("Days until it expires"),
  }),
  output: Waiver,
  cli: { positional: ["policy"] },
});

export const approveWaiver = defineOperation({
  name: "standards.waiver.approve",
  summary: "Approve a waiver that somebody else asked for.",
  scope: "standards:admin",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/waivers/{id}/approve" },
  input: id.extend({ note: z.string().trim().max(2_000).optional() }),
  output: Waiver,
});

export const refuseWaiver = defineOperation({
  name: "standards.waiver.refuse",
  summary: "Refuse a waiver, and say why.",
  scope: "standards:admin",
  risk: "low",
  http: { method: "POST", path: "/api/v1/waivers/{id}/refuse" },
  input: id.extend({ note: z.string().trim().min(1).max(2_000) }),
  output: Waiver,
});

export const revokeWaiver = defineOperation({
  name: "standards.waiver.revoke",
  summary: "End a waiver before its day: whoever asked for it may, and administrators.",
  scope: "catalog:write",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/waivers/{id}/revoke" },
  input: id.extend({ note: z.string().trim().max(2_000).optional() }),
  output: Waiver,
});

export const listWaivers = defineOperation({
  name: "standards.waiver.list",
  summary: "List waivers, newest first.",
  scope: "standards:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/waivers" },
  input: PageInput.extend({
    state: WaiverState.optional(),
    policy: Name.optional(),
    entity: Name.optional(),
    team: Name.optional(),
    mine: z.stringbool().or(z.boolean()).optional().describe("Only what waits for your decision"),
  }),
  output: pageOf(Waiver),
  cli: { columns: ["id", "state", "policy", "entity", "namespace", "team", "owner", "expiresAt"], empty: "There are no waivers." },
});

export const getWaiver = defineOperation({
  name: "standards.waiver.get",
  summary: "Show one waiver.",
  scope: "standards:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/waivers/{id}" },
  input: id,
  output: Waiver,
});

const Count = z.object({ name: z.string(), requested: z.number().int(), approved: z.number().int(), expiringSoon: z.number().int() });

export const reportWaivers = defineOperation({
  name: "standards.waiver.report",
  summary: "Report on waivers: by policy, what is in force, what waits, what ends within 14 days, and how long they last.",
  scope: "standards:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/waiver-report" },
  input: z.object({}),
  output: z.object({
    inForce: z.number().int(),
    waiting: z.number().int(),
    expiringSoon: z.number().int(),
    /** Of the last 90 days. */
    expired: z.number().int(),
    revoked: z.number().int(),
    refused: z.number().int(),
    byRule: z.number().int(),
    policies: z.array(Count),
  }),
  cli: { rows: "policies", columns: ["name", "approved", "requested", "expiringSoon"] },
});

/** A waiver that fits is approved when it is asked for. */
export const WaiverRule = z.object({
  name: z.string(),
  /** CEL over `waiver` (policy, entity, namespace, team, reason, owner, days) and `policy` (name, pack, severity). */
  when: z.string(),
  maxDays: z.number().int(),
  setBy: z.string(),
  setAt: z.iso.datetime(),
});
export type WaiverRule = z.infer<typeof WaiverRule>;

export const saveWaiverRule = defineOperation({
  name: "standards.waiver-rule.save",
  summary: "Save a rule by which waivers are approved when they are asked for.",
  scope: "standards:admin",
  risk: "high",
  http: { method: "PUT", path: "/api/v1/waiver-rules/{name}" },
  input: z.object({
    name: z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "must be small letters, digits and -"),
    when: z.string().min(1).max(5_000).describe("CEL over waiver and policy, e.g. policy.severity == 'warn' && waiver.entity != ''"),
    maxDays: z.coerce.number().int().min(1).max(365).default(30).describe("Longest waiver that it approves"),
  }),
  output: WaiverRule,
  cli: { positional: ["name", "when"] },
});

export const listWaiverRules = defineOperation({
  name: "standards.waiver-rule.list",
  summary: "List the rules by which waivers are approved when they are asked for.",
  scope: "standards:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/waiver-rules" },
  input: PageInput,
  output: pageOf(WaiverRule),
  cli: { columns: ["name", "when", "maxDays", "setBy"], empty: "Every waiver is approved by somebody." },
});

export const deleteWaiverRule = defineOperation({
  name: "standards.waiver-rule.delete",
  summary: "Delete a rule by which waivers are approved. What it approved stays.",
  scope: "standards:admin",
  risk: "medium",
  http: { method: "DELETE", path: "/api/v1/waiver-rules/{name}" },
  input: z.object({ name: z.string() }),
  output: z.object({ removed: z.string() }),
});

const payload = z.object({
  waiverId: z.string(),
  policy: z.string(),
  entity: z.string().optional(),
  state: WaiverState,
  owner: z.string(),
  expiresAt: z.string(),
});

export const waiverChanged = defineEvent({
  name: "standards.waiver.changed",
  summary: "A waiver was asked for, approved, refused or revoked, or it came to its end.",
  payload,
});

export const waiverEnding = defineEvent({
  name: "standards.waiver.ending",
  summary: "A waiver ends within a week, or within a day.",
  payload: payload.extend({ days: z.number().int() }),
});

export const operations = [
  requestWaiver,
  approveWaiver,
  refuseWaiver,
  revokeWaiver,
  listWaivers,
  getWaiver,
  reportWaivers,
  saveWaiverRule,
  listWaiverRules,
  deleteWaiverRule,
] as const;
