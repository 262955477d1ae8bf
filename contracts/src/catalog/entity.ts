import { z } from "zod";

export const EntityMetadata = z.looseObject({
  name: z.string(),
  namespace: z.string().optional(),
  uid: z.string().optional(),
  etag: z.string().optional(),
  title: z.string().optional(),
  description: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
  tags: z.array(z.string()).optional(),
  links: z
    .array(z.looseObject({ url: z.string(), title: z.string().optional(), icon: z.string().optional(), type: z.string().optional() }))
    .optional(),
});

/** The Backstage envelope, as stored and as answered. Validation of what comes in is stricter: modules/catalog. */
export const Entity = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: EntityMetadata,
  spec: z.record(z.string(), z.unknown()).optional(),
  relations: z.array(z.object({ type: z.string(), targetRef: z.string() })).optional(),
});
export type Entity = z.infer<typeof Entity>;

/** One value that differs: `before` is missing where it was not there, `after` where it is gone. Longer texts are cut, and say so. */
export const ValueChange = z.object({
  field: z.string().describe("Dotted path"),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
  /** A value was too long to be told whole. */
  cut: z.boolean().optional(),
});
export type ValueChange = z.infer<typeof ValueChange>;

/** Where an entity came from and how old that knowledge is. */
export const Provenance = z.object({
  sourceId: z.string(),
  sourceName: z.string(),
  /** File or address, and the line where the document begins. */
  location: z.string(),
  line: z.number().int().optional(),
  observedAt: z.iso.datetime(),
  sample: z.boolean(),
  orphan: z.boolean(),
});

/** How far to trust what is answered, 0 to 1 each. */
export const EntityTrust = z.object({
  /** That of the weakest fact among those that matter most: owner, lifecycle, who is on call, unless others were declared. */
  overall: z.number(),
  weakest: z.string().optional(),
  /** When the weakest was last said or confirmed. */
  observedAt: z.iso.datetime().optional(),
  properties: z.record(z.string(), z.number()),
  /** Fields below their threshold: ask before you rely on them. */
  stale: z.array(z.string()),
});
export type EntityTrust = z.infer<typeof EntityTrust>;

/** The other end of a relation, with what is known of it; `found: false` where it dangles. */
export const NeighbourView = z.object({
  type: z.string(),
  ref: z.string(),
  title: z.string().optional(),
  kind: z.string(),
  specType: z.string().optional(),
  found: z.boolean(),
  /** `inferred` where a rule made the relation and no document states it. */
  origin: z.enum(["declared", "inferred"]),
  rule: z.string().optional(),
});
export type NeighbourView = z.infer<typeof NeighbourView>;

export const EntityView = z.object({
  ref: z.string(),
  entity: Entity,
  provenance: Provenance,
  /** One step away in the graph: the first 200 of each relation; the rest with `catalog.neighbour.list`. */
  neighbours: z.array(NeighbourView),
  /** How many of each relation there are. */
  relationCounts: z.record(z.string(), z.number().int()),
  /** Properties that nobody writes: each with how it comes about, and without a value where there is none. */
  derived: z.array(
    z.object({
      name: z.string(),
      title: z.string().optional(),
      unit: z.string().optional(),
      value: z.unknown().optional(),
      how: z.string(),
      text: z.string(),
      /** Why an expression gave no value. */
      fault: z.string().optional(),
    }),
  ),
  /** True when the entity has documentation that `catalog.docs.get` can render. */
  hasDocs: z.boolean(),
  trust: EntityTrust.optional().describe("Only where it was asked for"),
});
export type EntityView = z.infer<typeof EntityView>;

/** One row of a list: what tables and pickers need, without the whole document. */
export const EntityRow = z.object({
  ref: z.string(),
  kind: z.string(),
  namespace: z.string(),
  name: z.string(),
  title: z.string().optional(),
  description: z.string().optional(),
  type: z.string().optional(),
  lifecycle: z.string().optional(),
  owner: z.string().optional(),
  system: z.string().optional(),
  tags: z.array(z.string()),
  sample: z.boolean(),
  trust: z.number().optional().describe("Of the weakest fact that matters, 0 to 1; only where it was asked for"),
  /** What `fields` asked for, as far as it is there. */
  values: z.record(z.string(), z.unknown()).optional(),
});
export type EntityRow = z.infer<typeof EntityRow>;

/** The name under which a component's telemetry arrives: the annotation if it has one, else its own name. */
export function serviceNameOf(entity: Entity): string {
  return entity.metadata.annotations?.["roadbed.dev/service-name"] ?? entity.metadata.name;
}
