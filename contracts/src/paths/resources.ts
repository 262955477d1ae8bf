import { defineEvent, defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

import { stopsTheAct, Verdict } from "../standards.ts";
import { ClassName, MonthlyCost, ResourceType } from "./resource-classes.ts";

/** Of what is provisioned. Short enough that name and environment together name a database. */
export const ResourceName = z
  .string()
  .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, "must be lower-case letters and digits, with single dashes between them")
  .max(40);
const EnvironmentName = z
  .string()
  .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, "must be lower-case letters and digits, with single dashes between them")
  .max(20)
  .describe("Where it is to be, e.g. dev");
const Ref = z.string().min(3).max(300);
const Id = z.string().min(1).max(100).describe("Its id, e.g. res_1; see roadbed resource list");

/**
 * `requested`: asked for, not begun. `applying`: it is being made or changed. `ready`: it is there. `failed`: the last act did not come
 * to its end, and why. `destroying`, `destroyed`: it goes, it is gone.
 */
export const ResourceState = z.enum(["requested", "applying", "ready", "failed", "destroying", "destroyed"]);
export type ResourceState = z.infer<typeof ResourceState>;

/** One thing that a provisioner would do. */
export const ResourceChange = z.object({
  action: z.enum(["create", "update", "delete", "replace", "none"]),
  kind: z.string(),
  name: z.string(),
  summary: z.string(),
  /** What would be different in it, line by line. */
  diff: z.string().optional(),
});
export type ResourceChange = z.infer<typeof ResourceChange>;

/** What is otherwise than it was made. */
export const ResourceDrift = z.object({ what: z.string(), wanted: z.string(), found: z.string() });
export type ResourceDrift = z.infer<typeof ResourceDrift>;

export const ProvisionedResource = z.object({
  id: z.string(),
  type: z.string(),
  class: z.string(),
  name: z.string(),
  environment: z.string(),
  /** Of the catalogue's entity of kind Resource. */
  entityRef: z.string(),
  owner: z.string(),
  /** Who uses it; its workload gets the credentials. */
  consumer: z.string().optional(),
  provisioner: z.string(),
  state: ResourceState,
  error: z.string().optional(),
  /** Where it is and what it is called, without what is secret. */
  facts: z.record(z.string(), z.unknown()),
  /** Names of the variables by which its consumer's workload finds it. */
  variables: z.array(z.string()),
  cost: MonthlyCost.optional(),
  /** When it was last looked at, what was found, and what is otherwise than it was made. */
  readAt: z.iso.datetime().optional(),
  seen: z.enum(["present", "gone", "unknown"]).optional(),
  seenWords: z.string().optional(),
  drift: z.array(ResourceDrift),
  decisionId: z.string().optional(),
  runId: z.string().optional(),
  actor: z.string(),
  createdAt: z.iso.datetime(),
  changedAt: z.iso.datetime(),
});
export type ProvisionedResource = z.infer<typeof ProvisionedResource>;

export const ResourceDetail = ProvisionedResource.extend({
  classTitle: z.string().optional(),
  promises: z.array(z.string()),
  params: z.record(z.string(), z.unknown()),
  /** What depends on it in the catalogue. */
  dependants: z.array(z.string()),
  /** Classes it can be changed to. */
  classes: z.array(z.string()),
  /** What happened to it, newest first. */
  history: z.array(z.object({ at: z.iso.datetime(), actor: z.string(), words: z.string(), failed: z.boolean() })),
  /** Whether you may change it, see its credentials and destroy it. */
  yours: z.boolean(),
});
export type ResourceDetail = z.infer<typeof ResourceDetail>;

export const listResources = defineOperation({
  name: "paths.resource.list",
  summary: "List what was provisioned: databases, buckets, queues and whatever classes there are.",
  scope: "paths:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/resources" },
  input: PageInput.extend({
    q: z.string().max(200).optional().describe("A part of its name"),
    type: ResourceType.optional(),
    environment: EnvironmentName.optional(),
    state: z.enum([...ResourceState.options, "drifted"]).optional(),
    entityRef: Ref.optional().describe("Only this resource, or what this entity uses or owns"),
    runId: z.string().max(100).optional().describe("Only what this run requested"),
  }),
  output: pageOf(ProvisionedResource),
  cli: {
    columns: ["id", "type", "class", "name", "environment", "state", "consumer", "owner"],
    empty: "Nothing was provisioned yet. See what can be: roadbed resource-class list",
  },
});

export const showResource = defineOperation({
  name: "paths.resource.show",
  summary: "Show one provisioned resource: what, where, class, price, state, what was last seen, who uses it.",
  scope: "paths:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/resources/{resource}" },
  input: z.object({ resource: Id }),
  output: ResourceDetail,
});

/** What is asked for. */
export const ResourceRequest = z.object({
  type: ResourceType,
  class: ClassName,
  name: ResourceName,
  environment: EnvironmentName.default("dev"),
  owner: Ref.optional().describe("Who answers for it; that of the consumer, if left out"),
  consumer: Ref.optional().describe("The component that uses it, e.g. component:default/orders"),
  prefix: z
    .string()
    .regex(/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/, "must be upper-case letters and digits, e.g. REPORTS")
    .max(40)
    .optional()
    .describe("Before the names of the consumer's variables, where it uses two of a type"),
  params: z.record(z.string(), z.unknown()).default({}).describe("What the class leaves open"),
});
export type ResourceRequest = z.infer<typeof ResourceRequest>;

export const ResourcePlan = z.object({
  provisioner: z.string(),
  words: z.string(),
  changes: z.array(ResourceChange),
  cost: MonthlyCost.optional(),
  verdict: Verdict,
  findings: z.array(z.object({ policy: z.string(), severity: z.string(), message: z.string(), mend: z.string() })),
  /** What cannot be known before it is made. */
  unknown: z.array(z.string()),
});
export type ResourcePlan = z.infer<typeof ResourcePlan>;

export const planResource = defineOperation({
  name: "paths.resource.plan",
  summary: "Show what a request would make, what it costs in a month and what policy says, without making anything.",
  scope: "paths:read",
  risk: "read",
  http: { method: "POST", path: "/api/v1/resource-plans" },
  input: ResourceRequest,
  output: ResourcePlan,
  cli: { positional: ["type", "class", "name"], exitCode: (output: { verdict: Verdict }) => (stopsTheAct(output.verdict) ? 3 : 0) },
});

export const requestResource = defineOperation({
  name: "paths.resource.request",
  summary: "Have a resource made by type and class, e.g. postgres small, and given to the component that uses it.",
  scope: "paths:write",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/resources" },
  input: ResourceRequest,
  output: ProvisionedResource,
  cli: { positional: ["type", "class", "name"], columns: ["id", "type", "class", "name", "environment", "state"] },
});

export const changeResource = defineOperation({
  name: "paths.resource.change",
  summary: "Make a resource one of another class, e.g. larger; what is in it stays.",
  scope: "paths:write",
  risk: "high",
  http: { method: "POST", path: "/api/v1/resources/{resource}/class" },
  input: z.object({ resource: Id, class: ClassName, params: z.record(z.string(), z.unknown()).optional() }),
  output: ProvisionedResource,
  cli: { positional: ["resource", "class"] },
});

export const retryResource = defineOperation({
  name: "paths.resource.retry",
  summary: "Do again what did not come to its end, or make what drifted as it was wanted.",
  scope: "paths:write",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/resources/{resource}/retries" },
  input: z.object({ resource: Id }),
  output: ProvisionedResource,
});

export const checkResource = defineOperation({
  name: "paths.resource.check",
  summary: "Look at a resource now: whether it is there, how large it is, and what is otherwise than it was made.",
  scope: "paths:write",
  risk: "low",
  http: { method: "POST", path: "/api/v1/resources/{resource}/checks" },
  input: z.object({ resource: Id }),
  output: ProvisionedResource,
});

export const revealResource = defineOperation({
  name: "paths.resource.reveal",
  summary: "Show a resource's credentials to somebody of its owner; who did is written down.",
  scope: "paths:write",
  risk: "high",
  http: { method: "POST", path: "/api/v1/resources/{resource}/credentials" },
  input: z.object({ resource: Id }),
  output: z.object({ variables: z.array(z.object({ name: z.string(), value: z.string() })) }),
  cli: { rows: "variables", columns: ["name", "value"] },
});

export const destroyResource = defineOperation({
  name: "paths.resource.destroy",
  summary: "Take a resource away with all that is in it; refused while anything depends on it.",
  scope: "paths:write",
  risk: "destructive",
  http: { method: "DELETE", path: "/api/v1/resources/{resource}" },
  input: z.object({
    resource: Id,
    name: z.string().max(100).describe("Its name once more, so that it is the right one"),
    despite: z.boolean().default(false).describe("Although something depends on it"),
  }),
  output: ProvisionedResource,
});

export const resourceRequested = defineEvent({
  name: "paths.resource.requested",
  summary: "A resource is to be made, changed or taken away.",
  payload: z.object({ resource: z.string(), generation: z.number().int() }),
});

export const resourceChanged = defineEvent({
  name: "paths.resource.changed",
  summary: "A resource is there, could not be made, drifted, is as it was wanted again, or is gone.",
  payload: z.object({
    resource: z.string(),
    entityRef: z.string(),
    consumer: z.string().optional(),
    name: z.string(),
    type: z.string(),
    environment: z.string(),
    state: z.enum(["ready", "failed", "destroyed", "drifted", "restored"]),
    reason: z.string().optional(),
  }),
});

export const operations = [
  listResources,
  showResource,
  planResource,
  requestResource,
  changeResource,
  retryResource,
  checkResource,
  revealResource,
  destroyResource,
] as const;
