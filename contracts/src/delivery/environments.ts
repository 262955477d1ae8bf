import { defineEvent, defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

import { EntityRef } from "../catalog.ts";
import { Flag } from "../catalog/entity-operations.ts";
import { KubernetesPlace } from "./kubernetes-place.ts";

/** As routers, branches and folders call it. */
export const EnvironmentName = z
  .string()
  .regex(/^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/, "must be 1 to 40 lower-case letters, digits and hyphens, beginning with a letter");

/** Who has to say yes before a release comes here: computed from the graph for each component. */
export const RequiredPromotionApproval = z.strictObject({
  by: z.enum(["owner", "on-call", "team-lead", "platform", "named"]),
  names: z.array(EntityRef).max(20).optional().describe("With by=named: users and groups"),
  count: z.number().int().min(1).max(10).default(1).describe("How many of them"),
});
export type RequiredPromotionApproval = z.infer<typeof RequiredPromotionApproval>;

/** A condition of an environment's own: an expression, or an address that is asked. */
export const CustomGate = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/, "must be lower-case letters, digits and hyphens"),
    cel: z.string().min(1).max(4_000).optional().describe('True lets it through, e.g. release.parts.all(p, p.kind != "model")'),
    http: z
      .url({ protocol: /^https?$/ })
      .max(2_000)
      .optional()
      .describe("Asked by POST; 2xx with allowed: true lets it through"),
    message: z.string().max(500).optional().describe("What is told when it does not"),
  })
  .refine(({ cel, http }) => (cel === undefined) !== (http === undefined), "must have either cel or http");
export type CustomGate = z.infer<typeof CustomGate>;

/** How a release gets onto the branch of an environment: written by the platform, or merged by somebody who may. */
export const PromotedBy = z
  .enum(["commit", "pull-request"])
  .describe("Whether a release that passes every gate is written to Git at once, or proposed as a change that somebody merges");
export type PromotedBy = z.infer<typeof PromotedBy>;

/** What is done when something runs that Git does not say. */
export const DriftPolicy = z
  .enum(["tell", "heal", "ask"])
  .describe("When what runs is not what Git says: tell it, heal it at once, or ask the owner in the inbox");
export type DriftPolicy = z.infer<typeof DriftPolicy>;

/** What scores have to show of models, prompts and agents before they come here. */
export const EvaluationRequirement = z
  .strictObject({
    set: z
      .string()
      .regex(/^[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?$/, "must be lower-case letters, digits and hyphens")
      .default("cases")
      .describe("Of each component: its newest version counts"),
    least: z.number().min(0).max(1).optional().describe("The mean score is at least this"),
    worseBy: z.number().min(0).max(1).optional().describe("It is no worse than what is there by more than this, on the same cases"),
    confidence: z.number().min(0.5).max(0.9999).default(0.95).describe("How sure that has to be"),
  })
  .refine(({ least, worseBy }) => least !== undefined || worseBy !== undefined, "must name least, worseBy or both");
export type EvaluationRequirement = z.infer<typeof EvaluationRequirement>;

const Budget = z.strictObject({
  amount: z.string().regex(/^\d{1,12}(\.\d{1,2})?$/, 'must be money as text, e.g. "250.00"'),
  currency: z.string().regex(/^[A-Z]{3}$/, "must be three letters, e.g. EUR"),
  blockUnknown: z.boolean().default(false).describe("Whether a release whose cost nobody knows is kept out"),
});

/** What has to be left of the error budget of a component's objectives before a release of it comes. */
export const ErrorBudgetRule = z.strictObject({
  leastPercent: z.number().min(0).max(100).describe("Of each objective's error budget"),
  required: z.boolean().default(false).describe("A component without an objective may not come"),
});
export type ErrorBudgetRule = z.infer<typeof ErrorBudgetRule>;

export const Freeze = z.object({
  id: z.string(),
  title: z.string(),
  reason: z.string(),
  environments: z.array(z.string()).describe("None: every environment"),
  from: z.iso.datetime(),
  until: z.iso.datetime(),
  repeats: z
    .object({
      cron: z.string().describe("When it begins each time, in five fields"),
      timeZone: z.string(),
      minutes: z.number().int().describe("How long it is each time"),
    })
    .optional(),
  hotfixes: z.boolean().describe("Whether a release that is marked as a hotfix may pass"),
  state: z.enum(["planned", "in force", "between", "over", "lifted"]),
  /** The next or present time. */
  next: z.object({ from: z.iso.datetime(), until: z.iso.datetime() }).optional(),
  madeBy: z.string(),
  madeAt: z.iso.datetime(),
  liftedBy: z.string().optional(),
  liftedAt: z.iso.datetime().optional(),
  liftedWhy: z.string().optional(),
});
export type Freeze = z.infer<typeof Freeze>;

/** `local`: processes of this machine; `kubernetes`: what a GitOps engine applies to a cluster. */
export const RuntimeKind = z.enum(["local", "kubernetes"]);

/** Where workloads run, and what has to hold before a release comes there. */
export const Environment = z.object({
  name: z.string(),
  title: z.string(),
  description: z.string().optional(),
  runtime: RuntimeKind,
  kubernetes: KubernetesPlace.optional().describe("Of the runtime kubernetes: where and how"),
  owner: z.string().optional().describe("The group that answers for it; without one it is shared, and the platform's"),
  region: z.string().optional(),
  residency: z.string().optional().describe("Where its data has to stay, e.g. eu"),
  upstream: z.array(z.string()).describe("Environments whose verified releases may come here; none: releases begin here"),
  downstream: z.array(z.string()).describe("Environments to which releases go from here"),
  automatic: z.boolean().describe("Releases come by themselves when every gate lets them through"),
  soakMinutes: z.number().int().describe("How long a release has to have run healthy upstream"),
  by: PromotedBy,
  drift: DriftPolicy,
  approvals: z.array(RequiredPromotionApproval),
  gates: z.array(CustomGate),
  evaluation: EvaluationRequirement.optional().describe("What scores have to show of models, prompts and agents"),
  policies: z.array(z.string()).describe("The policy packs, and single policies, that are asked here; none: all"),
  budget: Budget.optional().describe("What may run here a month"),
  errorBudget: ErrorBudgetRule.optional(),
  madeBy: z.string().optional(),
  expiresAt: z.iso.datetime().optional().describe("When it ends by itself"),
  endedAt: z.iso.datetime().optional(),
  frozen: z.object({ freeze: z.string(), title: z.string(), until: z.iso.datetime(), hotfixes: z.boolean() }).optional(),
  workloads: z.number().int(),
});
export type Environment = z.infer<typeof Environment>;

export const listEnvironments = defineOperation({
  name: "delivery.environment.list",
  summary: "List the environments, those before the ones they lead to.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/environments" },
  input: PageInput.extend({ ended: Flag.describe("Also those that have ended") }),
  output: pageOf(Environment),
  cli: { columns: ["name", "title", "upstream", "automatic", "soakMinutes", "workloads", "frozen.title", "expiresAt"] },
});

export const getEnvironment = defineOperation({
  name: "delivery.environment.get",
  summary: "Show an environment: what runs there, what has to hold before a release comes, what is frozen.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/environments/{name}" },
  input: z.object({ name: z.string() }),
  output: Environment,
});

/** What people say of an environment. */
export const Described = {
  title: z.string().trim().min(1).max(100).optional(),
  description: z.string().max(1_000).optional(),
  owner: EntityRef.optional().describe("A group; default: shared"),
  region: z.string().max(60).optional().describe("E.g. eu-central-1"),
  residency: z.string().max(60).optional().describe("Where its data has to stay, e.g. eu"),
  upstream: z.array(EnvironmentName).max(20).optional().describe("Environments whose verified releases may come here"),
  automatic: z.boolean().optional().describe("Let releases come by themselves when every gate lets them through"),
  soakMinutes: z.number().int().min(0).max(100_000).optional().describe("How long a release has to have run healthy upstream"),
  by: PromotedBy.optional(),
  drift: DriftPolicy.optional(),
  approvals: z.array(RequiredPromotionApproval).max(10).optional(),
  gates: z.array(CustomGate).max(20).optional(),
  evaluation: EvaluationRequirement.optional().describe("What scores have to show of models, prompts and agents"),
  policies: z
    .array(z.string().trim().min(1).max(253))
    .max(50)
    .optional()
    .describe("The policy packs, and single policies, that are asked here; none: all"),
  budget: Budget.optional(),
  errorBudget: ErrorBudgetRule.optional(),
  runtime: RuntimeKind.optional().describe("Default: local"),
  kubernetes: KubernetesPlace.optional().describe("With runtime=kubernetes: which cluster, and how"),
};

export const createEnvironment = defineOperation({
  name: "delivery.environment.create",
  summary: "Make an environment; with hours it is a throw-away one that ends by itself, which developers may make, too.",
  scope: "delivery:write",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/environments" },
  input: z.object({
    name: EnvironmentName,
    ...Described,
    hours: z.number().positive().max(2_160).optional().describe("It ends by itself after these"),
  }),
  output: Environment,
  cli: { positional: ["name"] },
});

export const updateEnvironment = defineOperation({
  name: "delivery.environment.update",
  summary: "Change what an environment asks for; what is not named stays as it is.",
  scope: "delivery:admin",
  risk: "high",
  http: { method: "PATCH", path: "/api/v1/environments/{name}" },
  input: z.object({
    name: z.string(),
    ...Described,
    clear: z
      .array(z.enum(["description", "owner", "region", "residency", "budget", "errorBudget", "evaluation", "expiry"]))
      .max(8)
      .optional()
      .describe("What it is to have no more"),
  }),
  output: Environment,
});

export const extendEnvironment = defineOperation({
  name: "delivery.environment.extend",
  summary: "Let an environment that ends by itself live longer.",
  scope: "delivery:write",
  risk: "low",
  http: { method: "POST", path: "/api/v1/environments/{name}/extend" },
  input: z.object({ name: z.string(), hours: z.number().positive().max(2_160), reason: z.string().trim().min(3).max(500) }),
  output: Environment,
});

export const endEnvironment = defineOperation({
  name: "delivery.environment.end",
  summary: "End an environment: what runs there is stopped, its history stays.",
  scope: "delivery:write",
  risk: "destructive",
  http: { method: "POST", path: "/api/v1/environments/{name}/end" },
  input: z.object({
    name: z.string(),
    reason: z.string().trim().min(3).max(500),
    force: z.boolean().default(false).describe("Although workloads run there"),
  }),
  output: Environment,
});

export const listFreezes = defineOperation({
  name: "delivery.freeze.list",
  summary: "List when nothing may be changed: in force, planned and, when asked for, past.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/freezes" },
  input: PageInput.extend({ environment: z.string().optional(), past: Flag.describe("Also what is over or lifted") }),
  output: pageOf(Freeze),
  cli: { columns: ["id", "state", "title", "environments", "from", "until", "hotfixes"], empty: "Nothing is frozen, and nothing will be." },
});

export const createFreeze = defineOperation({
  name: "delivery.freeze.create",
  summary: "Say when no release may come to environments: once, or again and again.",
  scope: "delivery:admin",
  risk: "high",
  http: { method: "POST", path: "/api/v1/freezes" },
  input: z.object({
    title: z.string().trim().min(1).max(100),
    reason: z.string().trim().min(3).max(1_000),
    environments: z.array(EnvironmentName).max(50).default([]).describe("Default: every environment"),
    from: z.iso.datetime({ offset: true }).optional().describe("Default: now"),
    until: z.iso.datetime({ offset: true }),
    repeats: z
      .object({
        cron: z.string().min(1).max(100).describe('When it begins each time, e.g. "0 16 * * 5"'),
        timeZone: z.string().default("UTC").describe("E.g. Europe/Berlin"),
        minutes: z.number().int().min(1).max(44_640),
      })
      .optional()
      .describe("Not the whole time, but again and again in it"),
    hotfixes: z.boolean().default(true).describe("Whether a release that is marked as a hotfix may pass"),
  }),
  output: Freeze,
  cli: { positional: ["title"] },
});

export const liftFreeze = defineOperation({
  name: "delivery.freeze.lift",
  summary: "End a freeze before its time.",
  scope: "delivery:admin",
  risk: "high",
  http: { method: "POST", path: "/api/v1/freezes/{id}/lift" },
  input: z.object({ id: z.string(), reason: z.string().trim().min(3).max(500) }),
  output: Freeze,
});

export const environmentChanged = defineEvent({
  name: "delivery.environment.changed",
  summary: "An environment was made, changed, extended, is about to end or has ended.",
  payload: z.object({
    environment: z.string(),
    title: z.string(),
    change: z.enum(["made", "changed", "extended", "ending", "ended"]),
    owner: z.string().optional(),
    expiresAt: z.iso.datetime().optional(),
    reason: z.string().optional(),
  }),
});
export const freezeChanged = defineEvent({
  name: "delivery.freeze.changed",
  summary: "A freeze was announced or lifted.",
  payload: z.object({
    freeze: z.string(),
    title: z.string(),
    environments: z.array(z.string()),
    change: z.enum(["announced", "lifted"]),
    from: z.iso.datetime(),
    until: z.iso.datetime(),
    reason: z.string(),
  }),
});

export const operations = [
  listEnvironments,
  getEnvironment,
  createEnvironment,
  updateEnvironment,
  extendEnvironment,
  endEnvironment,
  listFreezes,
  createFreeze,
  liftFreeze,
] as const;
