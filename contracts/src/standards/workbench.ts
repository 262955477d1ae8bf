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
    manifests: z.string().max(1_000_000).optional().describe("Manifests as YAML or JSON, one after another"),
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
    files: ["text", "plan", "manifests"],
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

const EXPECT = ["allow", "audit", "warn", "deny", "skip", "error", "unknown", "unasked"] as const;
const Pointer = z.string().startsWith("/").max(1_000);

/** A test file as it stands beside its policy. */
export const PolicyCases = z.strictObject({
  policy: z.string(),
  /** The point at which it is asked. */
  moment: PolicyMoment.default("provision"),
  objects: z.record(z.string(), z.record(z.string(), z.unknown())),
  cases: z
    .array(
      z.strictObject({
        name: z.string(),
        /** Which of `objects`, changed at JSON pointers. */
        of: z.string(),
        set: z.record(Pointer, z.unknown()).default({}),
        remove: z.array(Pointer).default([]),
        /** What is not known yet, and what may not be told. */
        unknown: z.array(Pointer).default([]),
        sensitive: z.array(Pointer).default([]),
        operation: z.enum(["CREATE", "UPDATE", "DELETE"]).optional(),
        /** What the catalogue knows of the entity. */
        catalog: z.record(z.string(), z.unknown()).optional(),
        /** `unasked`: it does not look at such a thing. `skip`: its conditions leave it out. `error`: it cannot say, which counts as no. */
        expect: z.enum(EXPECT),
        /** Stands in what it finds. */
        message: z.string().optional(),
      }),
    )
    .min(1)
    .max(200),
});
export type PolicyCases = z.infer<typeof PolicyCases>;

const CaseResult = z.object({
  name: z.string(),
  expected: z.enum(EXPECT),
  found: z.enum(EXPECT),
  passed: z.boolean(),
  messages: z.array(z.string()),
  /** The text that no message holds. */
  missing: z.string().optional(),
});
export type CaseResult = z.infer<typeof CaseResult>;

export const testPolicy = defineOperation({
  name: "standards.policy.test",
  summary: "Run the test file of a policy: objects, how each is changed, and what the policy must say of it; nothing is stored.",
  scope: "standards:read",
  risk: "read",
  http: { method: "POST", path: "/api/v1/policies/test" },
  input: z.object({
    text: z.string().min(1).max(200_000).describe("The policy as its YAML file says it"),
    tests: z.string().min(1).max(500_000).describe("Its test file"),
  }),
  output: z.object({
    problems: z.array(TextProblem),
    cases: z.array(CaseResult),
    passed: z.number().int(),
    failed: z.number().int(),
  }),
  cli: {
    positional: ["text", "tests"],
    files: ["text", "tests"],
    rows: "cases",
    columns: ["passed", "name", "expected", "found", "messages"],
    exitCode: ({ failed, problems = [] }: { failed: number; problems?: readonly unknown[] }) => (failed > 0 || problems.length > 0 ? 3 : 0),
  },
});

export const operations = [tryPolicy, backtestPolicy, testPolicy] as const;
