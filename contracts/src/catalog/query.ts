import { defineOperation, PageInput } from "@roadbed/core";
import { z } from "zod";

const Primitive = z.union([z.string().max(1_000), z.number(), z.boolean()]);
export type Primitive = z.infer<typeof Primitive>;

/** What one value must be. */
export type ValuePredicate =
  | Primitive
  | { readonly $exists: boolean }
  | { readonly $in: readonly Primitive[] }
  | { readonly $contains: AnyPredicate }
  | { readonly $hasPrefix: string };

/** What an object must be: its values by dotted path, or a combination of predicates. */
export type EntityPredicate =
  | { readonly $all: readonly EntityPredicate[] }
  | { readonly $any: readonly EntityPredicate[] }
  | { readonly $not: EntityPredicate }
  | { readonly [path: string]: ValuePredicate };

/** What an item of a list must be: it need not be an object. */
export type AnyPredicate =
  | Primitive
  | { readonly $all: readonly AnyPredicate[] }
  | { readonly $any: readonly AnyPredicate[] }
  | { readonly $not: AnyPredicate }
  | { readonly [path: string]: ValuePredicate };

/** Most branches of one predicate: more was made to keep the server busy. */
const MAX_BRANCHES = 1_000;
const Path = z.string().max(500).regex(/^[^$]/, "is no operator: they are $all, $any, $not, $exists, $in, $contains and $hasPrefix");

const Value: z.ZodType<ValuePredicate> = z.lazy(() =>
  z.union([
    Primitive,
    z.strictObject({ $exists: z.boolean() }),
    z.strictObject({ $in: z.array(Primitive).max(MAX_BRANCHES) }),
    z.strictObject({ $contains: Item }),
    z.strictObject({ $hasPrefix: z.string().max(1_000) }),
  ]),
);
const Expression = z.record(Path, Value);
const Item: z.ZodType<AnyPredicate> = z.lazy(() =>
  z.union([
    Primitive,
    z.strictObject({ $all: z.array(Item).max(MAX_BRANCHES) }),
    z.strictObject({ $any: z.array(Item).max(MAX_BRANCHES) }),
    z.strictObject({ $not: Item }),
    Expression,
  ]),
);

/**
 * A condition on entities, as Backstage's predicates: `{"kind": "Component", "spec.type": {"$in": ["service", "website"]}}`;
 * `$all`, `$any` and `$not` combine. Values are compared without regard to case, numbers as text.
 */
export const EntityPredicate: z.ZodType<EntityPredicate> = z.lazy(() =>
  z.union([
    z.strictObject({ $all: z.array(EntityPredicate).max(MAX_BRANCHES) }),
    z.strictObject({ $any: z.array(EntityPredicate).max(MAX_BRANCHES) }),
    z.strictObject({ $not: EntityPredicate }),
    Expression,
  ]),
);

/** A text, list or comma-joined text of words. */
const words = (most: number, length: number) =>
  z.preprocess(
    (value) => (typeof value === "string" ? value.split(",").map((word) => word.trim()) : value),
    z.array(z.string().min(1).max(length)).max(most),
  );

/** A field of an entity, e.g. `-metadata.name`. */
const OrderedField = z
  .string()
  .regex(
    /^-?(?:kind|apiVersion|(?:metadata|spec|status|relations|derived)\..+)$/i,
    "must be kind, apiVersion, or a field below metadata, spec, status, relations or derived, e.g. metadata.name",
  );

export const queryEntities = defineOperation({
  name: "catalog.entity.query",
  summary: "Ask for whole entities, or some of their fields, in any order and page by page in both directions.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "POST", path: "/api/v1/entities/query" },
  input: PageInput.extend({
    filter: z
      .string()
      .max(4_000)
      .optional()
      .describe("key=value pairs joined by commas, or a CEL expression over `entity`, as in the list of entities"),
    predicate: EntityPredicate.optional().describe(
      'As JSON, e.g. {"kind": "Component", "metadata.tags": {"$contains": "java"}}; with a filter, both must hold',
    ),
    order: words(5, 300)
      .pipe(z.array(OrderedField))
      .default([])
      .describe("Fields to sort by, the most important first; a dash in front turns the order round, e.g. spec.type,-metadata.name"),
    fields: words(100, 300).default([]).describe("Fields to answer, e.g. kind,metadata.name; without any, all"),
    contains: z.string().max(200).optional().describe("Text that one of the fields of --in must contain; % stands for any text"),
    in: words(20, 300).default([]).describe("Fields that --contains looks into; without any, the first one that is sorted by"),
  }),
  output: z.object({
    items: z.array(z.looseObject({})),
    nextCursor: z.string().optional(),
    prevCursor: z.string().optional(),
    total: z.number().int(),
  }),
  cli: { columns: ["kind", "metadata.namespace", "metadata.name", "spec.type", "spec.owner"] },
});

export const exportEntities = defineOperation({
  name: "catalog.entity.export",
  summary: "Give entities back as descriptors, as they came in: to keep them in files, or to move on.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "POST", path: "/api/v1/entities/export" },
  input: PageInput.extend({
    filter: z.string().max(4_000).optional().describe("As in the list of entities: key=value pairs joined by commas, or a CEL expression"),
    format: z.enum(["yaml", "ndjson"]).default("yaml"),
    limit: z.coerce.number().int().min(1).max(500).default(500),
  }),
  output: z.object({
    /** YAML documents, or one JSON object per line. Pages can be written one behind the other. */
    text: z.string(),
    entities: z.number().int(),
    nextCursor: z.string().optional(),
    total: z.number().int(),
  }),
  cli: { text: "text" },
});

/** What the platform can do here. */
export const operations = [queryEntities, exportEntities] as const;
