import { defineEvent, defineOperation, PageInput, pageOf, type EventType } from "@roadbed/core";
import { z } from "zod";

import { EntityRef } from "../catalog.ts";

/** The name of a kind as documents write it, e.g. `Environment`. */
export const KindName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9]{0,62}$/, "must begin with a letter and hold letters and digits only, 63 at most, e.g. Environment");

const RelationType = z
  .string()
  .regex(/^[a-z][A-Za-z0-9]{0,62}$/, "must begin with a small letter and hold letters and digits only, e.g. deployedOn");

const FieldName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_-]{0,62}$/, "must be a name of letters, digits, - and _, 63 at most")
  .refine((name) => name !== "__proto__" && name !== "constructor" && name !== "prototype", "is not a name that can be used");

const Words = z.string().max(2_000);

/** A field of `spec` that names other entities: each name is a relation, known to both ends. */
export const KindRelation = z.strictObject({
  type: RelationType.describe("What the relation is called from here, e.g. deployedOn; one of the built-in relations, or a new one"),
  inverse: RelationType.optional().describe("What it is called from the other end, e.g. hosts; known already for the built-in relations"),
  target: z
    .preprocess((value) => (typeof value === "string" ? [value] : value), z.array(KindName).min(1).max(20))
    .optional()
    .describe("The kinds it may lead to; without it, any, and a reference has to name its kind"),
  many: z.boolean().default(false).describe("A list of references instead of one"),
  required: z.boolean().default(false),
  title: z.string().max(100).optional(),
  description: Words.optional(),
});

const Path = z.string().min(1).max(300);

/** A property that nobody writes: it follows from others, and is kept up as they change. */
export const DerivedProperty = z
  .strictObject({
    title: z.string().max(100).optional(),
    description: Words.optional(),
    unit: z.string().max(20).optional(),
    mirror: Path.optional().describe("A property of a related entity, e.g. partOf[System].ownedBy.metadata.title"),
    many: z.boolean().optional().describe("With mirror: all values as a list, instead of that of the first by reference"),
    calculate: z
      .string()
      .min(1)
      .max(20_000)
      .optional()
      .describe("A CEL expression over `entity`, with `entity.derived` and `entity.relations`"),
    aggregate: z
      .strictObject({
        relation: Path.optional().describe("Relations to follow, e.g. hasPart[Component].dependencyOf"),
        kind: KindName.optional().describe("Instead of relations: every entity of this kind"),
        filter: z.string().max(4_000).optional().describe("key=value pairs, or CEL over `entity`: which of them count"),
        function: z.enum(["count", "sum", "min", "max", "average", "median"]),
        property: Path.optional().describe("What is added up or compared, e.g. spec.cost or derived.cost; not needed to count"),
      })
      .optional(),
  })
  .refine((one) => [one.mirror, one.calculate, one.aggregate].filter((part) => part !== undefined).length === 1, {
    error: "must have exactly one of mirror, calculate and aggregate",
  });

/** Makes relations by itself wherever two entities fit. */
export const RelationRule = z.strictObject({
  title: z.string().max(100).optional(),
  type: RelationType,
  inverse: RelationType.optional(),
  target: KindName.describe("The kind at the other end; this kind is the source"),
  when: z
    .strictObject({
      equal: z
        .strictObject({ a: Path, b: Path })
        .optional()
        .describe("Two properties with the same value, e.g. source.spec.cluster and target.metadata.name"),
      member: z.strictObject({ list: Path, value: Path }).optional().describe("A value that is in a list of the other end"),
      cel: z
        .string()
        .min(1)
        .max(20_000)
        .optional()
        .describe("An expression over `source` and `target`; beside equal or member it narrows them"),
    })
    .refine(({ equal, member }) => equal === undefined || member === undefined, { error: "must not have both equal and member" })
    .refine(({ equal, member, cel }) => (equal ?? member ?? cel) !== undefined, { error: "must have equal, member or cel" }),
});

/** A kind as a document: in a file of any source, or saved by a call. */
export const KindDocument = z.strictObject({
  apiVersion: z.literal("roadbed.dev/v1"),
  kind: z.literal("Kind"),
  metadata: z.looseObject({
    name: KindName,
    namespace: z.literal("default", { error: "must be default: a kind is the same everywhere" }).optional(),
    title: z.string().max(100).optional(),
    description: Words.optional(),
    icon: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,40}$/, "must be the name of an icon, e.g. server")
      .optional(),
  }),
  spec: z.strictObject({
    plural: z.string().max(100).optional(),
    apiVersions: z
      .array(z.string().max(100))
      .min(1)
      .max(10)
      .optional()
      .describe("What entities of this kind write; default roadbed.dev/v1"),
    schema: z.record(z.string(), z.unknown()).optional().describe("JSON Schema (draft 2020-12) of `spec`"),
    relations: z.record(FieldName, KindRelation).optional(),
    columns: z.array(Path).max(12).optional().describe("Columns of the table, e.g. spec.region, derived.services, relations.deployedOn"),
    derived: z.record(FieldName, DerivedProperty).optional(),
    rules: z.record(FieldName, RelationRule).optional(),
  }),
});
export type KindDocument = z.infer<typeof KindDocument>;
export type KindRelation = z.infer<typeof KindRelation>;
export type DerivedProperty = z.infer<typeof DerivedProperty>;
export type RelationRule = z.infer<typeof RelationRule>;

const KindProblem = z.object({ line: z.number().int().optional(), at: z.string(), reason: z.string(), mend: z.string().optional() });

export const KindRow = z.object({
  name: z.string(),
  plural: z.string(),
  title: z.string().optional(),
  description: z.string().optional(),
  icon: z.string().optional(),
  origin: z.enum(["built-in", "extended", "own"]),
  entities: z.number().int(),
  fields: z.number().int(),
  relations: z.number().int(),
  derived: z.number().int(),
  rules: z.number().int(),
});
export type KindRow = z.infer<typeof KindRow>;

export const listKinds = defineOperation({
  name: "catalog.kind.list",
  summary: "List the kinds of entities, built in and your own.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/kinds" },
  input: PageInput,
  output: pageOf(KindRow),
  cli: { columns: ["name", "origin", "entities", "fields", "relations", "derived", "rules"] },
});

const RelationView = z.object({
  field: z.string(),
  type: z.string(),
  inverse: z.string(),
  target: z.array(z.string()),
  many: z.boolean(),
  required: z.boolean(),
  title: z.string().optional(),
  builtIn: z.boolean(),
});

const InvalidEntities = z.object({ count: z.number().int(), items: z.array(KindProblem.extend({ ref: z.string() })) });

export const getKind = defineOperation({
  name: "catalog.kind.get",
  summary: "Show one kind: its fields, relations, derived properties and rules.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/kinds/{name}" },
  input: z.object({ name: KindName }),
  output: KindRow.extend({
    /** What was saved: absent for a built-in kind that nobody extended. */
    document: z.record(z.string(), z.unknown()).optional(),
    ref: z.string().optional(),
    apiVersion: z.string(),
    /** JSON Schema of `spec` with the relations as fields, fit to draw a form from. */
    form: z.record(z.string(), z.unknown()),
    columns: z.array(z.string()),
    relationFields: z.array(RelationView),
    derivedProperties: z.array(z.object({ name: z.string(), title: z.string().optional(), how: z.string(), text: z.string() })),
    ruleStates: z.array(
      z.object({
        name: z.string(),
        type: z.string(),
        target: z.string(),
        /** Relations that the rule makes now. */
        edges: z.number().int(),
        /** True where some source has more candidates than are looked at. */
        cut: z.boolean(),
        fault: z.string().optional(),
      }),
    ),
    versions: z.number().int(),
    problems: z.array(KindProblem),
  }),
});

/** The document as an object (a YAML or JSON file at the command line). */
const Given = z.record(z.string(), z.unknown()).optional().describe("The kind: a document with apiVersion roadbed.dev/v1 and kind Kind");
const GivenYaml = z.string().max(300_000).optional().describe("Instead of kind: the same as YAML text");

export const testKind = defineOperation({
  name: "catalog.kind.test",
  summary: "Say what saving a kind would change, without saving it.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "POST", path: "/api/v1/kinds/test" },
  input: z.object({ kind: Given, yaml: GivenYaml }),
  output: z.object({
    ok: z.boolean(),
    /** What was given, read: for a form beside a text. */
    document: z.record(z.string(), z.unknown()).optional(),
    name: z.string().optional(),
    change: z.enum(["created", "changed", "unchanged"]),
    problems: z.array(KindProblem),
    /** What is not wrong, but may not be what was meant. */
    notes: z.array(KindProblem),
    entities: z.number().int(),
    invalid: InvalidEntities,
    /** How many relations each rule would make; `cut` where more pairs would have to be looked at than are. */
    rules: z.array(z.object({ name: z.string(), edges: z.number().int(), cut: z.boolean(), fault: z.string().optional() })),
  }),
  cli: { positional: ["kind"], rows: "problems", columns: ["at", "reason", "mend"], exitCode: ({ ok }) => (ok ? 0 : 1) },
});

export const saveKind = defineOperation({
  name: "catalog.kind.save",
  summary: "Create or change a kind; entities that it makes invalid have to be confirmed.",
  scope: "catalog:admin",
  risk: "medium",
  http: { method: "PUT", path: "/api/v1/kinds" },
  input: z.object({
    kind: Given,
    yaml: GivenYaml,
    confirm: z.boolean().default(false).describe("Save although existing entities would become invalid"),
  }),
  output: z.object({ name: z.string(), ref: z.string(), change: z.enum(["created", "changed", "unchanged"]), invalid: z.number().int() }),
  cli: { positional: ["kind"] },
});

export const deleteKind = defineOperation({
  name: "catalog.kind.delete",
  summary: "Remove a kind that nothing uses, or the extension of a built-in one.",
  scope: "catalog:admin",
  risk: "destructive",
  http: { method: "DELETE", path: "/api/v1/kinds/{name}" },
  input: z.object({ name: KindName }),
  output: z.object({ removed: z.string() }),
});

export const saveEntity = defineOperation({
  name: "catalog.entity.save",
  summary: "Create or change one entity that no file describes.",
  scope: "catalog:write",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/entities" },
  input: z.object({ entity: z.record(z.string(), z.unknown()).describe("The entity's document: apiVersion, kind, metadata, spec") }),
  output: z.object({ ref: z.string(), change: z.enum(["registered", "changed", "unchanged"]) }),
  // Who may change what is there already is asked of its owner; what is wrong with the rest is said by the check of the document.
  resource: ({ entity }) => {
    const ref = refOf(entity);
    return ref === undefined ? undefined : { kind: "entity", id: ref };
  },
  cli: { positional: ["entity"] },
});

/** The reference that a document has; undefined where it has none that is right. */
function refOf({ kind, metadata }: Record<string, unknown>): string | undefined {
  const { name, namespace = "default" } = (typeof metadata === "object" ? metadata : undefined) ?? ({} as any);
  return EntityRef.safeParse(`${String(kind)}:${String(namespace)}/${String(name)}`).data;
}

const PropertyChange = z.object({
  ref: z.string(),
  kind: z.string(),
  property: z.string(),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
});

export const propertyChanged: EventType<z.infer<typeof PropertyChange>> = defineEvent({
  name: "catalog.property.changed",
  summary: "A derived property of an entity has another value.",
  payload: PropertyChange,
});
export const propertiesChanged = defineEvent({
  name: "catalog.properties.changed",
  summary: "So many derived properties changed at once that they are not told one by one.",
  payload: z.object({ property: z.string(), changes: z.number().int() }),
});

/** What the platform can do here. */
export const operations = [listKinds, getKind, testKind, saveKind, deleteKind, saveEntity] as const;
