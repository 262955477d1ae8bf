import { defineEvent, defineOperation, PageInput, pageOf, type EventType } from "@roadbed/core";
import { z } from "zod";

import { EntityRef } from "../catalog.ts";
import { Traffic } from "./relation.ts";

const RelationPick = z.object({
  from: EntityRef,
  type: z.string().min(1).max(60).describe("A declared relation, e.g. dependsOn or consumesApi"),
  to: EntityRef,
});

const DriftItem = z.object({
  finding: z.enum(["unseen", "undeclared", "unknown"]),
  from: z.string(),
  to: z.string(),
  type: z.string(),
  /** In one sentence, with the evidence. */
  reason: z.string(),
  owner: z.string().optional(),
  traffic: Traffic.optional(),
  /** What would settle it; the first is the usual one. */
  fixes: z.array(z.object({ label: z.string(), act: z.enum(["declare", "withdraw"]), from: z.string(), type: z.string(), to: z.string() })),
  dismissed: z.object({ reason: z.string(), by: z.string(), until: z.iso.datetime() }).optional(),
});
export type DriftItem = z.infer<typeof DriftItem>;

export const listDrift = defineOperation({
  name: "catalog.drift.list",
  summary: "List relations that are declared but never seen, and seen but not declared, with evidence and what would settle each.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/drift" },
  input: PageInput.extend({
    finding: z.enum(["unseen", "undeclared", "unknown"]).optional(),
    ref: EntityRef.optional().describe("Only relations of this entity, both ways"),
    owner: EntityRef.optional().describe("Only relations that begin at what this group or person owns"),
    days: z.coerce.number().int().min(1).max(90).default(30).describe("Not seen for so many days counts as never seen"),
    dismissed: z.stringbool().or(z.boolean()).default(false).describe("Also what was dismissed"),
  }),
  output: pageOf(DriftItem).extend({
    counts: z.object({ unseen: z.number().int(), undeclared: z.number().int(), unknown: z.number().int(), dismissed: z.number().int() }),
    strangers: z.number().int(),
    watchedFrom: z.iso.datetime().optional(),
    /** What the answer cannot know, in words. */
    limits: z.array(z.string()),
  }),
  cli: { columns: ["finding", "from", "type", "to", "reason"] },
});

const FixOutput = z.object({
  /** `entity`: changed where it is kept; `overlay`: set beside its descriptor; `commit`: written into the repository; `patch`: for you to apply. */
  applied: z.enum(["entity", "overlay", "commit", "patch"]),
  said: z.string(),
  file: z.string().optional(),
  patch: z.string().optional(),
});

export const declareRelation = defineOperation({
  name: "catalog.drift.declare",
  summary: "Declare a relation that was seen, where the entity is kept, or say which lines to add to its descriptor.",
  scope: "catalog:write",
  risk: "high",
  http: { method: "POST", path: "/api/v1/drift/declare" },
  cli: { positional: ["from", "type", "to"] },
  input: RelationPick,
  output: FixOutput,
  resource: ({ from }) => ({ kind: "entity", id: from }),
});

export const withdrawRelation = defineOperation({
  name: "catalog.drift.withdraw",
  summary: "Withdraw a declared relation that was never seen, where the entity is kept, or say which lines to remove.",
  scope: "catalog:write",
  risk: "high",
  http: { method: "POST", path: "/api/v1/drift/withdraw" },
  cli: { positional: ["from", "type", "to"] },
  input: RelationPick,
  output: FixOutput,
  resource: ({ from }) => ({ kind: "entity", id: from }),
});

export const dismissDrift = defineOperation({
  name: "catalog.drift.dismiss",
  summary: "Set a finding of drift aside for some time, with the reason.",
  scope: "catalog:write",
  risk: "low",
  http: { method: "POST", path: "/api/v1/drift/dismiss" },
  cli: { positional: ["finding", "from", "type", "to"] },
  input: z.object({
    finding: z.enum(["unseen", "undeclared"]),
    from: EntityRef,
    type: z.string().min(1).max(60),
    to: EntityRef,
    reason: z.string().trim().min(3).max(500),
    days: z.coerce.number().int().min(0).max(365).default(90).describe("For how long; 0 takes a dismissal back"),
  }),
  output: z.object({ until: z.iso.datetime() }),
  resource: ({ from }) => ({ kind: "entity", id: from }),
});

export const driftDismissed: EventType<{ finding: string; from: string; to: string; type: string; reason: string; until: string }> =
  defineEvent({
    name: "catalog.drift.dismissed",
    summary: "A finding of drift was set aside, or taken up again.",
    payload: z.object({ finding: z.string(), from: z.string(), to: z.string(), type: z.string(), reason: z.string(), until: z.string() }),
  });
