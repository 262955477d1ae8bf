/**
 * What the Backstage face asks of the catalogue. These operations have no face of their own: they exist so that its calls are
 * checked, seen and recorded like all others. Entities are answered as JSON text, which is kept ready.
 */
import { defineOperation } from "@roadbed/core";
import { z } from "zod";

import { EntityRef, SourceProblem } from "../catalog.ts";
import { EntityPredicate } from "./query.ts";

const none = (name: string) => ({ method: "POST", path: `/internal/backstage/${name}` }) as const;

/** Filter groups as Backstage writes them: `a=b,c=d`; one of them must hold. */
const FilterGroups = z.array(z.string().max(20_000)).max(200);
const Field = z.string().min(1).max(500);

const Choice = z.object({
  filter: FilterGroups.default([]),
  query: EntityPredicate.optional(),
  text: z.object({ term: z.string().max(1_000), fields: z.array(Field).max(50).optional() }).optional(),
});

/** Where a row stands in an order: for each field whether it has a value, and which; then the reference. */
export const Position = z.object({
  at: z.array(z.tuple([z.number().int().min(0).max(2), z.string().max(1_000)])).max(10),
  ref: z.string().max(1_000),
});
export type Position = z.infer<typeof Position>;

const Order = z.array(z.object({ field: Field, order: z.enum(["asc", "desc"]).default("asc") })).max(10);

export const readEntities = defineOperation({
  name: "catalog.backstage.entities",
  summary: "Answer one page of entities as text.",
  scope: "catalog:read",
  risk: "read",
  http: none("entities"),
  input: Choice.extend({
    order: Order.default([]),
    /** Entities that lack the first field of the order: at the end, or not there. */
    lacking: z.enum(["last", "out"]),
    fields: z.array(Field).max(500).default([]),
    limit: z.number().int().min(0).max(10_000),
    offset: z.number().int().min(0).default(0),
    from: z.object({ position: Position, backwards: z.boolean() }).optional(),
    count: z.boolean().default(true),
  }),
  output: z.object({
    texts: z.array(z.string()),
    total: z.number().int(),
    first: Position.optional(),
    last: Position.optional(),
    more: z.boolean(),
    before: z.boolean(),
  }),
});

export const readEntitiesByRef = defineOperation({
  name: "catalog.backstage.refs",
  summary: "Answer entities by reference as text.",
  scope: "catalog:read",
  risk: "read",
  http: none("refs"),
  input: Choice.omit({ text: true }).extend({
    refs: z.array(z.string().max(1_000)).max(10_000),
    fields: z.array(Field).max(500).default([]),
  }),
  output: z.object({ texts: z.array(z.string().nullable()) }),
});

export const findEntityByUid = defineOperation({
  name: "catalog.backstage.uid",
  summary: "Find the entity that has a uid.",
  scope: "catalog:read",
  risk: "read",
  http: none("uid"),
  input: z.object({ uid: z.string().max(100) }),
  output: z.object({ ref: z.string() }),
});

export const readAncestry = defineOperation({
  name: "catalog.backstage.ancestry",
  summary: "Answer an entity with the Location entities that led to it.",
  scope: "catalog:read",
  risk: "read",
  http: none("ancestry"),
  input: z.object({ ref: EntityRef }),
  output: z.object({ root: z.string(), items: z.array(z.object({ text: z.string(), parents: z.array(z.string()) })) }),
});

export const readFacets = defineOperation({
  name: "catalog.backstage.facets",
  summary: "Count values over the entities that match.",
  scope: "catalog:read",
  risk: "read",
  http: none("facets"),
  input: Choice.omit({ text: true }).extend({ facets: z.array(Field).min(1).max(100) }),
  output: z.object({ facets: z.record(z.string(), z.array(z.object({ value: z.string(), count: z.number().int() }))) }),
});

export const refreshEntity = defineOperation({
  name: "catalog.backstage.refresh",
  summary: "Read the source of an entity again soon.",
  scope: "catalog:write",
  risk: "low",
  http: none("refresh"),
  input: z.object({ ref: EntityRef }),
  output: z.object({}),
});

export const checkEntity = defineOperation({
  name: "catalog.backstage.validate",
  summary: "Check one entity without registering it.",
  scope: "catalog:read",
  risk: "read",
  http: none("validate"),
  input: z.object({ entity: z.unknown() }),
  output: z.object({ problems: z.array(z.object({ at: z.string(), reason: z.string(), mend: z.string().optional() })) }),
});

/** A source in Backstage's words. */
export const Location = z.object({ id: z.string(), type: z.string(), target: z.string() });
export type Location = z.infer<typeof Location>;

/** Strict, as there: a key that is not known is refused. */
export const LocationSpec = z.strictObject({ type: z.string().min(1).max(50), target: z.string().min(1).max(1_000) });

export const readLocations = defineOperation({
  name: "catalog.backstage.locations",
  summary: "List the sources as Backstage locations.",
  scope: "catalog:read",
  risk: "read",
  http: none("locations"),
  input: z.object({ after: z.string().max(200).default(""), limit: z.number().int().min(1).max(1_000) }),
  output: z.object({ items: z.array(Location), next: z.string().optional() }),
});

export const readLocation = defineOperation({
  name: "catalog.backstage.location",
  summary: "Show one source as a Backstage location, by its id or by an entity of it.",
  scope: "catalog:read",
  risk: "read",
  http: none("location"),
  input: z.object({ id: z.string().max(200).optional(), ref: EntityRef.optional() }),
  output: Location,
});

const Added = z.object({ location: Location, texts: z.array(z.string()), exists: z.boolean(), problems: z.array(SourceProblem) });

export const previewLocation = defineOperation({
  name: "catalog.backstage.location-preview",
  summary: "Read what a location holds, and keep nothing.",
  scope: "catalog:write",
  risk: "read",
  http: none("location-preview"),
  input: LocationSpec,
  output: Added,
  resource: (spec) => folderOf(spec),
});

export const addLocation = defineOperation({
  name: "catalog.backstage.location-add",
  summary: "Make a location a source and read it.",
  scope: "catalog:write",
  risk: "medium",
  http: none("location-add"),
  input: LocationSpec.extend({ onConflict: z.enum(["reject", "refresh"]).default("reject") }),
  output: Added,
  resource: (spec) => folderOf(spec),
});

export const updateLocation = defineOperation({
  name: "catalog.backstage.location-update",
  summary: "Point a location elsewhere and read it.",
  scope: "catalog:write",
  risk: "medium",
  http: none("location-update"),
  input: LocationSpec.extend({ id: z.string().max(200) }),
  output: Location,
  resource: (spec) => folderOf(spec),
});

export const analyzeLocation = defineOperation({
  name: "catalog.backstage.analyze",
  summary: "Say which descriptors a repository holds, or what one for it could look like.",
  scope: "catalog:write",
  risk: "read",
  http: none("analyze"),
  input: z.object({ location: LocationSpec, catalogFilename: z.string().max(200).default("catalog-info.yaml") }),
  output: z.object({
    existing: z.array(z.object({ target: z.string(), registered: z.boolean(), entity: z.looseObject({}) })),
    generated: z.array(
      z.object({
        entity: z.looseObject({}),
        fields: z.array(z.object({ field: z.string(), state: z.string(), value: z.string().nullable(), description: z.string() })),
      }),
    ),
  }),
  resource: ({ location }) => folderOf(location),
});

/** A folder of the server's machine is for administrators, as it is for an import. */
function folderOf({ type, target }: { readonly type: string; readonly target: string }): { kind: string; id: string } | undefined {
  return type === "file" || !/^(?:https?|ssh):\/\//i.test(target) ? { kind: "folder", id: target } : undefined;
}
