import { defineEvent, defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

import { ACTIONS, MOMENTS } from "./policy-file.ts";

/** The points at which a policy is asked. One text serves them all. */
export const PolicyMoment = z.enum(MOMENTS);
export type PolicyMoment = z.infer<typeof PolicyMoment>;

/** What a no does: stops the act, warns whoever acts, or is only noted. */
export const PolicyAction = z.enum(ACTIONS);
export type PolicyAction = z.infer<typeof PolicyAction>;

/** What a policy does at one point. */
export const PolicyPoint = z.object({ moment: PolicyMoment, action: PolicyAction });
export type PolicyPoint = z.infer<typeof PolicyPoint>;

export const Policy = z.object({
  name: z.string(),
  title: z.string(),
  /** Why the rule exists, in one or two sentences. */
  why: z.string(),
  /** What a no does where nothing else is said. */
  severity: PolicyAction,
  version: z.string(),
  /** The pack it belongs to; policies of one's own outside a folder have none. */
  pack: z.string().optional(),
  references: z.array(z.string()),
  /** The points at which it is in force now. */
  moments: z.array(PolicyMoment),
  /** What it does at each of them now. */
  points: z.array(PolicyPoint),
  /** What it will do from a day on. */
  announced: z.array(PolicyPoint.extend({ action: z.enum([...ACTIONS, "off"]), from: z.iso.datetime() })),
  /** Where bindings say where it holds. */
  bindings: z.array(z.object({ name: z.string(), actions: z.array(z.enum(["Deny", "Warn", "Audit"])), moments: z.array(PolicyMoment) })),
  /** The resources it looks at, e.g. `apps/v1/Deployment`, `backstage.io/v1alpha1/Component`. */
  matches: z.array(z.string()),
  rules: z.array(z.object({ expression: z.string(), message: z.string(), mend: z.string() })),
  enabled: z.boolean(),
});
export type Policy = z.infer<typeof Policy>;

export const Finding = z.object({
  policy: z.string(),
  title: z.string(),
  severity: PolicyAction,
  /** `fail`: the rule said no. `error`: it could not be evaluated, which counts as no. `unknown`: it reads what is not known yet. */
  result: z.enum(["fail", "error", "unknown"]),
  /** What is not known yet, e.g. `tags.owner` of a Terraform plan. */
  unknown: z.array(z.string()).optional(),
  message: z.string(),
  mend: z.string(),
  why: z.string(),
  expression: z.string(),
  /** The resource it is about: `Kind name`, and the file it came from where one is known. */
  resource: z.string(),
  file: z.string().optional(),
  /** The binding by which the policy holds here, and the parameters it was asked with. */
  binding: z.string().optional(),
  params: z.string().optional(),
  /** The entity that it is about, and the group that owns it, where they are known. */
  entity: z.string().optional(),
  team: z.string().optional(),
  /** A waiver that holds for it: it is shown, and stops nothing. */
  waiver: z.object({ id: z.string(), reason: z.string(), owner: z.string(), expiresAt: z.string() }).optional(),
});
export type Finding = z.infer<typeof Finding>;

/** `unknown`: what would stop the act cannot be said yet. It is no pass: it stops the act, too. */
export const Verdict = z.enum(["allow", "warn", "deny", "unknown"]);
export type Verdict = z.infer<typeof Verdict>;

/** Whether an act with this verdict must not go on. */
export function stopsTheAct(verdict: Verdict): boolean {
  return verdict === "deny" || verdict === "unknown";
}

export const Decision = z.object({
  id: z.string(),
  at: z.iso.datetime(),
  moment: PolicyMoment,
  /** What was to be done, e.g. `paths.path.run node-service`. */
  subject: z.string(),
  actor: z.string(),
  verdict: Verdict,
  findings: z.array(Finding),
  policies: z.array(z.object({ name: z.string(), version: z.string() })),
  inputDigest: z.string(),
  /** Entities that it is about, and the group that owns the first of them, where they are known. */
  entities: z.array(z.string()),
  team: z.string().optional(),
  /** What else was said of the act, e.g. from which environment to which. */
  details: z.record(z.string(), z.string()).optional(),
  /** Whether what was judged is kept, so that it can be asked again: for 90 days after its last use, without what is secret. */
  input: z.enum(["kept", "too large", "none"]),
});
export type Decision = z.infer<typeof Decision>;

/** One thing to be judged: as it will be, and as it was (`oldObject`). What is removed is given as `object` with `operation` DELETE. */
export const Resource = z.object({
  file: z.string().optional(),
  object: z.record(z.string(), z.unknown()),
  oldObject: z.record(z.string(), z.unknown()).optional(),
  /** Default: by what is there. */
  operation: z.enum(["CREATE", "UPDATE", "DELETE"]).optional(),
  /** Ways from `object` or `oldObject` to what is not known yet: a rule that needs it is neither kept nor broken. */
  unknown: z.array(z.array(z.union([z.string(), z.number().int().min(0)])).min(2)).optional(),
  /** Ways to what may be judged, but never be told or stored. */
  sensitive: z.array(z.array(z.union([z.string(), z.number().int().min(0)])).min(2)).optional(),
});
export type Resource = z.infer<typeof Resource>;

/** What an API server would have answered about one resource, in its words. */
export const AdmissionAnswer = z.object({
  resource: z.string(),
  allowed: z.boolean(),
  code: z.number().int().optional(),
  reason: z.string().optional(),
  message: z.string().optional(),
  warnings: z.array(z.string()),
  auditAnnotations: z.record(z.string(), z.string()),
});
export type AdmissionAnswer = z.infer<typeof AdmissionAnswer>;

export const listPolicies = defineOperation({
  name: "standards.policy.list",
  summary: "List the policies in force.",
  scope: "standards:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/policies" },
  input: PageInput.extend({ pack: z.string().optional() }),
  output: pageOf(Policy),
  cli: { columns: ["name", "pack", "severity", "title", "matches", "enabled"] },
});

export const getPolicy = defineOperation({
  name: "standards.policy.get",
  summary: "Show one policy: its rules, why it exists and how to mend a violation.",
  scope: "standards:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/policies/{name}" },
  input: z.object({ name: z.string() }),
  output: Policy,
});

export const checkPolicies = defineOperation({
  name: "standards.policy.check",
  summary: "Judge resources by the policies in force, without storing a decision.",
  scope: "standards:read",
  risk: "read",
  http: { method: "POST", path: "/api/v1/policies/check" },
  input: z.object({ moment: PolicyMoment.default("provision"), resources: z.array(Resource).min(1).max(500) }),
  output: z.object({
    verdict: Verdict,
    findings: z.array(Finding),
    evaluated: z.number().int(),
    /** Of each resource that a policy looks at, what Kubernetes would have answered. */
    admission: z.array(AdmissionAnswer),
  }),
  cli: {
    rows: "findings",
    columns: ["severity", "policy", "resource", "message", "mend"],
    exitCode: (output: { verdict: string }) => (output.verdict === "deny" || output.verdict === "unknown" ? 3 : 0),
  },
});

export const listDecisions = defineOperation({
  name: "standards.decision.list",
  summary: "List stored policy decisions, newest first.",
  scope: "standards:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/decisions" },
  input: PageInput.extend({
    verdict: Verdict.optional(),
    entity: z.string().max(300).optional().describe("Only those about this entity, e.g. component:default/shop"),
  }),
  output: pageOf(Decision),
  cli: { columns: ["id", "at", "verdict", "subject", "actor"] },
});

export const getDecision = defineOperation({
  name: "standards.decision.get",
  summary: "Show one policy decision with its reasons.",
  scope: "standards:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/decisions/{id}" },
  input: z.object({ id: z.string() }),
  output: Decision,
});

export const getDecisionInput = defineOperation({
  name: "standards.decision.input",
  summary: "Show what was judged in a decision, without what is secret; kept for 90 days.",
  scope: "standards:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/decisions/{id}/input" },
  input: z.object({ id: z.string() }),
  output: z.object({
    resources: z.array(Resource),
    /** Something was taken out of it, so policies that read that would answer otherwise. */
    redacted: z.boolean(),
    keptUntil: z.iso.datetime(),
  }),
});

export const rerunDecision = defineOperation({
  name: "standards.decision.rerun",
  summary: "Ask today's policies about what was judged in a decision, and say what is different; nothing is stored.",
  scope: "standards:read",
  risk: "read",
  http: { method: "POST", path: "/api/v1/decisions/{id}/rerun" },
  input: z.object({ id: z.string() }),
  output: z.object({
    before: Verdict,
    after: Verdict,
    /** Found today and not then; found then and not today. What is waived today stops nothing. */
    newly: z.array(Finding),
    noLonger: z.array(Finding),
    redacted: z.boolean(),
  }),
  cli: { rows: "newly", columns: ["severity", "policy", "resource", "message", "mend"] },
});

export const decisionMade = defineEvent({
  name: "standards.decision.made",
  summary: "Policies were asked about an act, and answered.",
  payload: z.object({ decisionId: z.string(), subject: z.string(), verdict: Verdict }),
});

export const operations = [listPolicies, getPolicy, checkPolicies, listDecisions, getDecision, getDecisionInput, rerunDecision] as const;
