import { defineEvent, defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

import { PolicyAction, PolicyMoment } from "../standards.ts";

const Name = z.string().min(1).max(253);

/** What a policy, or a whole pack, does at its points from an instant on, whatever its text says. */
export const Stage = z.object({
  id: z.string(),
  policy: z.string().optional(),
  pack: z.string().optional(),
  /** Absent: at every point at which the policy holds. */
  moments: z.array(PolicyMoment).optional(),
  action: z.enum([...PolicyAction.options, "off"]),
  from: z.iso.datetime(),
  /** `announced`: not yet; `over`: another one took its place. */
  state: z.enum(["announced", "in force", "over"]),
  reason: z.string().optional(),
  setBy: z.string(),
  setAt: z.iso.datetime(),
});
export type Stage = z.infer<typeof Stage>;

export const setStage = defineOperation({
  name: "standards.stage.set",
  summary: "Say what a policy or a pack does from a day on: off, audit, warn or deny, at all its points or some.",
  scope: "standards:admin",
  risk: "high",
  http: { method: "POST", path: "/api/v1/policy-stages" },
  input: z.object({
    policy: Name.optional().describe("The policy; or name a pack"),
    pack: Name.optional().describe("All policies of this pack"),
    action: z
      .enum([...PolicyAction.options, "off"])
      .describe("What a no does: deny stops the act, warn tells, audit notes; off asks no more"),
    moments: z
      .preprocess((value) => (typeof value === "string" ? value.split(",").filter(Boolean) : value), z.array(PolicyMoment).min(1).max(5))
      .optional()
      .describe("Points, e.g. pull-request,promotion. Default: every point at which the policy holds"),
    from: z.iso
      .datetime({ offset: true })
      .optional()
      .describe("From when on, e.g. 2026-03-01T00:00:00Z. Default: now; later is announced until then"),
    reason: z.string().trim().min(1).max(1_000).optional(),
  }),
  output: Stage,
  cli: { positional: ["action"] },
});

export const listStages = defineOperation({
  name: "standards.stage.list",
  summary: "List what was said of policies and packs: in force, announced and over, newest first.",
  scope: "standards:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/policy-stages" },
  input: PageInput.extend({ policy: Name.optional(), pack: Name.optional() }),
  output: pageOf(Stage),
  cli: { columns: ["id", "state", "action", "policy", "pack", "moments", "from", "setBy"], empty: "Every policy does what its text says." },
});

export const removeStage = defineOperation({
  name: "standards.stage.remove",
  summary: "Take back what was said of a policy or a pack: what was said before counts again, else its text.",
  scope: "standards:admin",
  risk: "high",
  http: { method: "DELETE", path: "/api/v1/policy-stages/{id}" },
  input: z.object({ id: z.string() }),
  output: z.object({ removed: z.string() }),
});

export const stageSet = defineEvent({
  name: "standards.stage.set",
  summary: "Somebody said what a policy or a pack does from an instant on, or took it back.",
  payload: z.object({
    policy: z.string().optional(),
    pack: z.string().optional(),
    action: z.string(),
    from: z.string(),
    removed: z.boolean(),
  }),
});

export const operations = [setStage, listStages, removeStage] as const;
