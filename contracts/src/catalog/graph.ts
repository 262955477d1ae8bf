import { defineOperation } from "@roadbed/core";
import { z } from "zod";

import { AsOf, EntityRef } from "../catalog.ts";
import { declareRelation, dismissDrift, listDrift, withdrawRelation } from "./drift.ts";
import { getImpact, planImpact } from "./impact.ts";
import { listObserved, listStrangers, mapName, registerStranger } from "./observed.ts";
import { Depth, Filter, Origin, Origins, Traffic, Types, words } from "./relation.ts";

export { declareRelation, dismissDrift, driftDismissed, type DriftItem, listDrift, withdrawRelation } from "./drift.ts";
export { getImpact, planImpact } from "./impact.ts";
export { listObserved, listStrangers, mapName, nameMapped, registerStranger } from "./observed.ts";
export { Origin, Traffic } from "./relation.ts";

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
