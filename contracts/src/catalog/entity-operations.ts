import { defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

import { EntityRow, EntityView, NeighbourView, ValueChange } from "./entity.ts";
import { AsOf } from "./instant.ts";
import { EntityRef } from "./ref.ts";
import { SEARCH_BOX } from "./search.ts";

/** A switch: what a query or a command line gives as a word is understood too. */
export const Flag = z.preprocess((value) => (value === "true" ? true : value === "false" ? false : value), z.boolean().default(false));

const WithTrust = z
  .preprocess((value) => (value === "true" ? true : value === "false" ? false : value), z.boolean().optional())
  .describe("Also answer how far what is said may be trusted now");

export const Filter = z
  .string()
  .max(4_000)
  .optional()
  .describe(
    'Either key=value pairs joined by commas, e.g. kind=component,spec.owner=team-a; or a CEL expression over `entity`, e.g. entity.kind == "Component" && "node" in entity.metadata.tags',
  );

export const listEntities = defineOperation({
  name: "catalog.entity.list",
  summary: "List entities, filtered and sorted.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/entities" },
  input: PageInput.extend({
    filter: Filter,
    asOf: AsOf,
    text: z.string().max(500).optional().describe(SEARCH_BOX),
    sort: z
      .union([
        z.enum(["name", "-name", "kind", "-kind", "owner", "-owner", "type", "-type", "system", "-system", "lifecycle", "-lifecycle"]),
        z.string().regex(/^-?derived\.[A-Za-z_][\w-]*$/, "must be one of the fields, or derived. and a property, e.g. -derived.cost"),
      ])
      .default("name"),
    trust: WithTrust,
    fields: z
      .preprocess((value) => (typeof value === "string" ? value.split(",") : value), z.array(z.string().max(200)).max(20))
      .optional()
      .describe("Further values of each row, e.g. spec.region,derived.cost,relations.partOf"),
  }),
  output: pageOf(EntityRow),
  cli: { columns: ["ref", "type", "owner", "system", "lifecycle"] },
});

export const getEntity = defineOperation({
  name: "catalog.entity.get",
  summary: "Show one entity with its relations and where it came from.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/entities/{ref}" },
  input: z.object({ ref: EntityRef, asOf: AsOf, trust: WithTrust }),
  output: EntityView,
});

export const listNeighbours = defineOperation({
  name: "catalog.neighbour.list",
  summary: "List what an entity is related to, relation by relation.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/entities/{ref}/neighbours" },
  input: PageInput.extend({
    ref: EntityRef,
    relation: z.string().max(100).optional().describe("Only this relation, as seen from the entity, e.g. hasMember"),
    asOf: AsOf,
  }),
  output: pageOf(NeighbourView).extend({ total: z.number().int() }),
  cli: { columns: ["type", "ref", "title", "origin"] },
});

export const facetEntities = defineOperation({
  name: "catalog.entity.facets",
  summary: "Count the values of the given fields over the entities that match.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/entity-facets" },
  input: z.object({
    filter: Filter,
    asOf: AsOf,
    text: z.string().max(500).optional().describe(SEARCH_BOX),
    facets: z
      .preprocess((value) => (typeof value === "string" ? value.split(",") : value), z.array(z.string().max(200)).min(1).max(20))
      .describe("Fields, e.g. kind,spec.type,metadata.tags"),
  }),
  output: z.object({ facets: z.record(z.string(), z.array(z.object({ value: z.string(), count: z.number().int() }))) }),
});

const GraphNode = z.object({
  ref: z.string(),
  kind: z.string(),
  name: z.string(),
  title: z.string().optional(),
  type: z.string().optional(),
  owner: z.string().optional(),
  system: z.string().optional(),
  found: z.boolean(),
  depth: z.number().int(),
});

export const graphEntities = defineOperation({
  name: "catalog.entity.graph",
  summary: "Walk the dependency graph up or down from an entity, or take the whole estate.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/graph" },
  input: z.object({
    ref: EntityRef.optional().describe("Where to begin; without it, the entities that match the filter and the relations among them"),
    filter: Filter,
    asOf: AsOf,
    direction: z.enum(["down", "up", "both"]).default("both").describe("down: what it depends on; up: what depends on it"),
    depth: z.coerce.number().int().min(1).max(20).default(1),
    types: z
      .preprocess((value) => (typeof value === "string" ? value.split(",") : value), z.array(z.string()).optional())
      .describe("Relation types to follow, e.g. dependsOn,consumesApi; default: all that mean dependence or containment"),
    limit: z.coerce.number().int().min(1).max(5_000).default(1_000),
  }),
  output: z.object({
    nodes: z.array(GraphNode),
    /** `origin` and `rule` are there where a rule made the relation and no document states it. */
    edges: z.array(
      z.object({
        from: z.string(),
        to: z.string(),
        type: z.string(),
        origin: z.literal("inferred").optional(),
        rule: z.string().optional(),
      }),
    ),
    /** How many nodes were reached in all; more than `nodes.length` when the limit cut it. */
    reached: z.number().int(),
    truncated: z.boolean(),
  }),
  cli: { rows: "nodes", columns: ["depth", "ref", "type", "owner"] },
});

export const validateEntity = defineOperation({
  name: "catalog.entity.validate",
  summary: "Check descriptors without registering them.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "POST", path: "/api/v1/entities/validate" },
  input: z.object({ yaml: z.string().max(2_000_000) }),
  output: z.object({
    ok: z.boolean(),
    refs: z.array(z.string()),
    problems: z.array(z.object({ line: z.number().int().optional(), at: z.string(), reason: z.string(), mend: z.string().optional() })),
  }),
});

export const deleteEntity = defineOperation({
  name: "catalog.entity.delete",
  summary: "Remove one entity; it comes back if its source still names it.",
  scope: "catalog:write",
  risk: "destructive",
  http: { method: "DELETE", path: "/api/v1/entities/{ref}" },
  input: z.object({ ref: EntityRef, reason: z.string().trim().min(1).max(500).optional().describe("Why; kept with its history") }),
  output: z.object({ removed: z.string() }),
  resource: ({ ref }) => ({ kind: "entity", id: ref }),
});

export const entityHistory = defineOperation({
  name: "catalog.entity.history",
  summary: "List what changed about an entity, newest first.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/entities/{ref}/history" },
  input: PageInput.extend({
    ref: EntityRef,
    values: Flag.describe("With the values before and after, field by field"),
  }),
  output: pageOf(
    z.object({
      at: z.iso.datetime(),
      /** Changes that were made together have the same number. */
      number: z.number().int(),
      change: z.enum(["registered", "changed", "removed"]),
      fields: z.array(z.string()),
      source: z.string(),
      sourceId: z.string().optional(),
      /** Who, e.g. `user:ada` or `system:catalog.sync`. */
      actor: z.string(),
      reason: z.string().optional(),
      /** The run of the source that wrote it. */
      syncId: z.string().optional(),
      /** When asked for, and when it changed: each value that differs. */
      values: z.array(ValueChange).optional(),
    }),
  ),
  cli: { columns: ["at", "change", "fields", "actor", "reason", "source"] },
});

export const getDocs = defineOperation({
  name: "catalog.docs.get",
  summary: "Read an entity's documentation: the list of pages and one page as Markdown.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/entities/{ref}/docs" },
  input: z.object({ ref: EntityRef, page: z.string().max(300).default("index.md") }),
  output: z.object({
    pages: z.array(
      z.object({ path: z.string(), title: z.string(), section: z.array(z.string()).describe("Sections it stands in, outermost first") }),
    ),
    page: z.object({
      path: z.string(),
      title: z.string(),
      markdown: z.string(),
      observedAt: z.iso.datetime().describe("When the catalogue last read it anew"),
      changedAt: z.iso.datetime().describe("When its text last differed from the reading before"),
      editUrl: z.string().optional(),
    }),
    owner: z.string().optional(),
    /** Links and pictures of all its pages that lead nowhere. */
    problems: z.number().int(),
  }),
});
