import { defineOperation } from "@roadbed/core";
import { z } from "zod";

import { EntityRef } from "../catalog/ref.ts";
import { Finding, PolicyMoment, Resource, Verdict } from "../standards.ts";
import { PlanText } from "./plans.ts";

/** What is wrong with the text of a policy, and where. */
const TextProblem = z.object({
  line: z.number().int(),
  column: z.number().int().optional(),
  reason: z.string(),
  mend: z.string().optional(),
});

export const tryPolicy = defineOperation({
  name: "standards.policy.try",
  summary: "Check the text of a policy and ask it about manifests or a thing of the catalogue; nothing is stored.",
  scope: "standards:read",
  risk: "read",
  http: { method: "POST", path: "/api/v1/policies/try" },
  input: z.object({
    text: z.string().min(1).max(200_000).describe("The policy as its YAML file says it, with bindings and parameters if it has such"),
    resources: z.array(Resource).max(500).default([]),
    entity: EntityRef.optional().describe("A thing of the catalogue to ask it about"),
    plan: PlanText.optional(),
    moment: PolicyMoment.default("provision"),
  }),
  output: z.object({
    problems: z.array(TextProblem),
    verdict: Verdict,
    findings: z.array(Finding),
    evaluated: z.number().int(),
  }),
  cli: {
    positional: ["text"],
    files: ["text", "plan"],
    rows: "findings",
    columns: ["severity", "result", "policy", "resource", "message"],
  },
});

const Changed = z.object({
  /** Decisions that were asked again. */
  asked: z.number().int(),
  /** That would have been stopped and were not; that would not have been stopped and were; that would only have been warned. */
  stopped: z.number().int(),
  freed: z.number().int(),
  warned: z.number().int(),
});

/** What stored decisions would have been, had a policy held. */
export const PastDecisions = Changed.extend({
  since: z.iso.datetime(),
  /** Decisions in that time that the caller may see. */
  decisions: z.number().int(),
  teams: z.array(Changed.extend({ name: z.string() })),
  points: z.array(Changed.extend({ name: PolicyMoment })),
  examples: z
    .array(
      z.object({
        id: z.string(),
        at: z.iso.datetime(),
        subject: z.string(),
        moment: PolicyMoment,
        team: z.string().optional(),
        before: Verdict,
        after: Verdict,
        findings: z.array(Finding),
      }),
    )
    .max(50),
  /** Decisions that could not be asked again, and why. `redacted` ones were asked, without what was taken out of them. */
  notCovered: z.object({
    /** From before inputs were kept, or no longer kept. */
    notKept: z.number().int(),
    tooLarge: z.number().int(),
    redacted: z.number().int(),
    /** Older than the most that one back-test asks again. */
    beyond: z.number().int(),
  }),
});
export type PastDecisions = z.infer<typeof PastDecisions>;

export const backtestPolicy = defineOperation({
  name: "standards.policy.backtest",
  summary:
    "Say what a policy would find on today's catalogue, and which decisions of the last days would have been others, by team and by point; nothing is stored.",
  scope: "standards:read",
  risk: "read",
  http: { method: "POST", path: "/api/v1/policies/backtest" },
  input: z.object({
    text: z.string().min(1).max(200_000).describe("The policy as its YAML file says it"),
    days: z.number().int().min(0).max(90).default(90).describe("How far back decisions are asked again; 0: today's catalogue only"),
  }),
  output: z.object({
    problems: z.array(TextProblem),
    /** Things that were looked at; all that the caller may see, where `complete`. */
    looked: z.number().int(),
    complete: z.boolean(),
    /** Things on which it finds something. */
    found: z.number().int(),
    /** On which the policy of the same name finds nothing today. */
    newly: z.number().int(),
    /** On which that one finds something, and this one would not. */
    noLonger: z.number().int(),
    teams: z.array(z.object({ name: z.string(), found: z.number().int(), newly: z.number().int(), noLonger: z.number().int() })),
    examples: z.array(Finding).max(50),
    /** The decisions of these days, had it held then where its text says; absent for 0 days. */
    past: PastDecisions.optional(),
  }),
  cli: { positional: ["text"], files: ["text"], rows: "teams", columns: ["name", "found", "newly", "noLonger"] },
});

export const operations = [tryPolicy, backtestPolicy] as const;
