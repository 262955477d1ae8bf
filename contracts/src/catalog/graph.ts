import { defineEvent, defineOperation, PageInput, pageOf, type EventType } from "@roadbed/core";
import { z } from "zod";

import { AsOf, EntityRef } from "../catalog.ts";

/** How a relation is known: a descriptor says so, traces say so, or a rule says so. */
export const Origin = z.enum(["declared", "observed", "inferred"]);
export type Origin = z.infer<typeof Origin>;

const words = <T extends z.ZodType>(item: T) =>
  z.preprocess((value) => (typeof value === "string" ? value.split(",").map((word) => word.trim()) : value), z.array(item).max(200));

const Origins = words(Origin).optional().describe("Which relations to follow: declared, observed, inferred; default: all");
const Filter = z.string().max(4_000).optional().describe("Which entities to answer with, as in catalog.entity.list");
const Types = words(z.string().max(60)).optional().describe("Relation types to follow, e.g. dependsOn,consumesApi,calls");
const Depth = z.coerce.number().int().min(1).max(50);

/** What was counted on an observed relation. Figures are of the last 24 hours; the quantile is of the newest hour with calls. */
export const Traffic = z.object({
  calls: z.number().int(),
  errors: z.number().int(),
  /** Absent without calls: no calls are not zero errors. */
  errorShare: z.number().optional(),
  perMinute: z.number(),
  p95Ms: z.number().optional(),
  /** To the hour. */
  firstSeen: z.iso.datetime(),
  lastSeen: z.iso.datetime(),
  /** A trace in which it can be looked at. */
  traceId: z.string(),
});
export type Traffic = z.infer<typeof Traffic>;

export const GraphEdge = z.object({
  /** A reference, or the key of a group. */
  from: z.string(),
  to: z.string(),
  type: z.string(),
  origins: z.array(Origin),
  traffic: Traffic.optional(),
  /** The API by which an observed call is declared. */
  via: z.string().optional(),
  drift: z.enum(["unseen", "undeclared"]).optional(),
});
export type GraphEdge = z.infer<typeof GraphEdge>;

export const GraphNodeView = z.object({
  ref: z.string(),
  kind: z.string(),
  name: z.string(),
  title: z.string().optional(),
  type: z.string().optional(),
  owner: z.string().optional(),
  system: z.string().optional(),
  lifecycle: z.string().optional(),
  found: z.boolean(),
  /** Steps from where the walk began; 0 without a walk. */
  depth: z.number().int(),
  group: z.string().optional(),
});
export type GraphNodeView = z.infer<typeof GraphNodeView>;

export const GroupBy = z.enum(["system", "owner", "domain", "kind", "none"]);
export type GroupBy = z.infer<typeof GroupBy>;

const ViewInput = z.object({
  ref: EntityRef.optional().describe("Where to begin; without it, all entities that match the filter"),
  filter: Filter,
  asOf: AsOf,
  direction: z.enum(["down", "up", "both"]).default("both").describe("down: what it depends on; up: what depends on it"),
  depth: Depth.default(1),
  types: Types,
  origins: Origins,
  groupBy: GroupBy.default("none"),
  open: words(z.string().max(300)).optional().describe("Groups whose members are shown one by one"),
  limit: z.coerce.number().int().min(1).max(5_000).default(500).describe("Most entities that are shown one by one"),
});

export const viewGraph = defineOperation({
  name: "catalog.graph.view",
  summary:
    "Show how entities hang together, in groups with counts, with declared, observed and inferred relations side by side; of the past, the declared ones.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/graph/view" },
  input: ViewInput,
  output: z.object({
    nodes: z.array(GraphNodeView),
    /** Closed groups, and open ones with what they hold. */
    groups: z.array(z.object({ key: z.string(), label: z.string(), count: z.number().int(), open: z.boolean(), shown: z.number().int() })),
    edges: z.array(GraphEdge),
    /** Between closed groups, and between a group and an entity: how many relations of each origin. */
    bundles: z.array(
      z.object({
        from: z.string(),
        to: z.string(),
        declared: z.number().int(),
        observed: z.number().int(),
        inferred: z.number().int(),
        drift: z.number().int(),
        calls: z.number().int(),
        errors: z.number().int(),
      }),
    ),
    /** How many entities there are in all, shown or in groups. */
    reached: z.number().int(),
    relations: z.number().int(),
    truncated: z.boolean(),
    /** Since when traces are watched; absent while nobody watches, and for a moment of the past. */
    watchedFrom: z.iso.datetime().optional(),
  }),
  cli: { rows: "nodes", columns: ["depth", "ref", "type", "owner", "group"], positional: ["ref"] },
});

export const findPaths = defineOperation({
  name: "catalog.graph.path",
  summary: "Find how one entity leads to another: the shortest ways, by direction.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/graph/path" },
  input: z.object({
    from: EntityRef,
    to: EntityRef,
    asOf: AsOf,
    direction: z.enum(["down", "up", "any"]).default("down").describe("down: along what is needed; up: against it; any: either way"),
    types: Types,
    origins: Origins,
    paths: z.coerce.number().int().min(1).max(10).default(3).describe("Most ways to answer with"),
    depth: Depth.default(20),
  }),
  output: z.object({
    items: z.array(z.object({ length: z.number().int(), nodes: z.array(GraphNodeView), edges: z.array(GraphEdge), text: z.string() })),
  }),
  cli: { positional: ["from", "to"], columns: ["length", "text"] },
});

export const exportGraph = defineOperation({
  name: "catalog.graph.export",
  summary: "Write a graph as Mermaid, CSV, DOT or SVG.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/graph/export" },
  input: ViewInput.extend({ format: z.enum(["mermaid", "csv", "dot", "svg"]).default("mermaid") }),
  output: z.object({
    format: z.string(),
    mediaType: z.string(),
    fileName: z.string(),
    text: z.string(),
    nodes: z.number().int(),
    edges: z.number().int(),
    truncated: z.boolean(),
  }),
});

/** One hop of a way, from what is affected towards what changes. */
const Hop = z.object({ from: z.string(), type: z.string(), to: z.string(), origins: z.array(Origin), share: z.number().optional() });

const Affected = z.object({
  ref: z.string(),
  kind: z.string(),
  title: z.string().optional(),
  type: z.string().optional(),
  owner: z.string().optional(),
  system: z.string().optional(),
  distance: z.number().int(),
  /** Criticality times exposure, from 0 to 1: what to look at first. */
  weight: z.number(),
  criticality: z.number(),
  exposure: z.number(),
  /** Why: the strongest way from it to what changes. */
  path: z.array(Hop),
});

const Tally = z.array(z.object({ ref: z.string(), count: z.number().int() }));

const ImpactOutput = z.object({
  /** The whole answer in one sentence. */
  summary: z.string(),
  start: z.array(z.string()),
  items: z.array(Affected),
  nextCursor: z.string().optional(),
  total: z.number().int(),
  byDistance: z.array(z.object({ distance: z.number().int(), count: z.number().int() })),
  byKind: z.array(z.object({ kind: z.string(), count: z.number().int() })),
  /** Teams and people to tell, those with most at stake first. */
  owners: z.array(
    z.object({
      ref: z.string(),
      count: z.number().int(),
      weight: z.number(),
      title: z.string().optional(),
      contact: z.string().optional(),
    }),
  ),
  ownersTotal: z.number().int(),
  withoutOwner: z.number().int(),
  systems: Tally,
  systemsTotal: z.number().int(),
  domains: Tally,
  apis: z.array(z.string()),
  apisTotal: z.number().int(),
  /** What the weights stand on: `paths`, or `distance` where so much is affected that ways are not weighed one by one. */
  weighedBy: z.enum(["paths", "distance"]),
  /** What a planned change was read to touch. */
  touched: z
    .array(z.object({ ref: z.string(), how: z.enum(["changed", "added", "removed", "named"]), file: z.string().optional() }))
    .optional(),
  relations: z
    .array(
      z.object({ from: z.string(), type: z.string(), to: z.string(), change: z.enum(["added", "removed"]), file: z.string().optional() }),
    )
    .optional(),
});

const ImpactInput = PageInput.extend({
  direction: z.enum(["up", "down", "both"]).default("up").describe("up: who is affected; down: what it stands on"),
  depth: Depth.default(50),
  filter: Filter,
  types: Types,
  origins: Origins,
});

export const getImpact = defineOperation({
  name: "catalog.impact.get",
  summary: "Tell the blast radius of an entity: who is affected, through which ways, how much, and whom to tell.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/impact/{ref}" },
  input: ImpactInput.extend({
    ref: EntityRef,
    version: z.string().max(200).optional().describe("Only who reached this version, by service.version of its traces in the last 7 days"),
  }),
  output: ImpactOutput,
  cli: { columns: ["distance", "weight", "ref", "owner"], command: "impact" },
});

export const planImpact = defineOperation({
  name: "catalog.impact.plan",
  summary: "Tell the blast radius of a planned change: several entities, or a unified diff of descriptors.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "POST", path: "/api/v1/impact" },
  input: ImpactInput.extend({
    refs: words(EntityRef).optional().describe("The entities that will change"),
    diff: z
      .string()
      .max(2_000_000)
      .optional()
      .describe("A unified diff, e.g. of git diff; descriptors in it are looked up by file and line"),
    source: z
      .string()
      .max(200)
      .optional()
      .describe("Id or name of the source whose files the diff is about, where several have the same paths"),
  }),
  output: ImpactOutput,
  cli: { columns: ["distance", "weight", "ref", "owner"], command: "change impact" },
});

export const listObserved = defineOperation({
  name: "catalog.observed.list",
  summary: "List relations that traces tell, with calls, errors and whether they are declared.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/observed" },
  input: PageInput.extend({ ref: EntityRef.optional().describe("Only relations of this entity, both ways") }),
  output: pageOf(
    z.object({ from: z.string(), to: z.string(), type: z.string(), declared: z.boolean(), via: z.string().optional(), traffic: Traffic }),
  ),
  cli: { columns: ["from", "type", "to", "declared", "traffic.calls", "traffic.errors", "traffic.lastSeen"] },
});

export const listStrangers = defineOperation({
  name: "catalog.observed.strangers",
  summary: "List names that telemetry knows and the catalogue does not, busiest first.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/observed/strangers" },
  input: PageInput,
  output: pageOf(
    z.object({
      name: z.string(),
      kind: z.enum(["service", "peer"]).describe("service: sends spans itself; peer: others say that they call it"),
      calls: z.number().int(),
      lastSeen: z.iso.datetime(),
      by: z.array(z.string()),
      /** What it looks like: to begin a registration with. */
      guess: z.enum(["component", "resource"]),
      traceId: z.string().optional(),
    }),
  ),
  cli: { columns: ["name", "kind", "calls", "lastSeen", "by"] },
});

export const mapName = defineOperation({
  name: "catalog.observed.map",
  summary: "Say whose name this is in the telemetry, or that it is none of ours.",
  scope: "catalog:write",
  risk: "low",
  http: { method: "PUT", path: "/api/v1/observed/names/{name}" },
  cli: { positional: ["name", "ref"] },
  input: z.object({
    name: z.string().min(1).max(200),
    ref: EntityRef.nullable().optional().describe("The entity; null: none of ours; left out: forget what was said"),
  }),
  output: z.object({ name: z.string(), ref: z.string().nullable().optional() }),
  resource: ({ ref }) => (ref === undefined || ref === null ? undefined : { kind: "entity", id: ref }),
});

export const registerStranger = defineOperation({
  name: "catalog.observed.register",
  summary: "Register an entity for a name that telemetry knows and the catalogue does not.",
  scope: "catalog:write",
  risk: "low",
  http: { method: "POST", path: "/api/v1/observed/names/{name}/register" },
  input: z.object({
    name: z.string().min(1).max(200),
    kind: z.enum(["component", "resource"]).default("component"),
    type: z.string().min(1).max(63).default("service"),
    owner: z.string().min(1).max(200).describe("A group or person, e.g. group:default/team-a"),
    system: z.string().min(1).max(200).optional(),
    lifecycle: z.string().min(1).max(63).default("production"),
  }),
  output: z.object({ ref: z.string() }),
});

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
export const nameMapped: EventType<{ name: string; ref: string | null }> = defineEvent({
  name: "catalog.observed.mapped",
  summary: "Somebody said whose name this is in the telemetry.",
  payload: z.object({ name: z.string(), ref: z.string().nullable() }),
});

/** What the platform can do here. */
export const operations = [
  viewGraph,
  findPaths,
  exportGraph,
  getImpact,
  planImpact,
  listObserved,
  listStrangers,
  mapName,
  registerStranger,
  listDrift,
  declareRelation,
  withdrawRelation,
  dismissDrift,
] as const;
