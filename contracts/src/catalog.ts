import { defineEvent, defineOperation, PageInput, pageOf, type EventType } from "@roadbed/core";
import { z } from "zod";

/** `kind:namespace/name`, lower case: the one name of a thing everywhere in Roadbed. */
export const EntityRef = z
  .string()
  .trim()
  .max(200)
  .regex(/^[a-z][a-z0-9]*:[a-z0-9-]+\/[^\s/:]+$/i, "must look like kind:namespace/name, e.g. component:default/orders")
  .transform((ref) => ref.toLowerCase());

export interface RefParts {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/**
 * Splits `[kind:][namespace/]name`; a short one takes `defaults`. A slash before the first colon means that there is no kind.
 * Throws `TypeError` for an empty part or a missing kind.
 */
export function parseRef(text: string, defaults: { readonly kind?: string; readonly namespace?: string } = {}): RefParts {
  const ref = text.trim();
  const slash = ref.indexOf("/");
  const colon = slash >= 0 && slash < ref.indexOf(":") ? -1 : ref.indexOf(":");
  const kind = colon < 0 ? defaults.kind : ref.slice(0, colon);
  const namespace = slash < 0 ? (defaults.namespace ?? "default") : ref.slice(colon + 1, slash);
  const name = ref.slice(Math.max(colon, slash) + 1);
  if (!kind || namespace === "" || name === "") throw new TypeError(`"${text}" is not a reference of the form kind:namespace/name`);
  return { kind, namespace, name };
}

/** The canonical form: all three parts in lower case. */
export function formatRef({ kind, namespace, name }: RefParts): string {
  return `${kind}:${namespace}/${name}`.toLowerCase();
}

/**
 * A moment, as people give it: ISO 8601 with a zone, a day (its beginning, UTC), or how long ago: `-90m`, `-2h`, `-7d`. Parsed, it is
 * ISO 8601 in UTC, in whole milliseconds.
 */
export const Instant = z
  .string()
  .trim()
  .max(40)
  .transform((text, ctx) => {
    const instant = readInstant(text, Date.now());
    if (instant !== undefined) return instant;
    ctx.addIssue({ code: "custom", message: "must be a moment, e.g. 2026-03-01T14:05:00Z, 2026-03-01 or -2h (two hours ago)" });
    return z.NEVER;
  });

/** `now` in milliseconds; undefined for what is no moment between the years 1970 and 2200. */
export function readInstant(text: string, now: number): string | undefined {
  const [, ago, unit] = /^-(\d{1,6})([smhdw])$/.exec(text) ?? [];
  const ms = ago === undefined ? Date.parse(IS_INSTANT.test(text) ? text : "") : now - Number(ago) * UNITS[unit as keyof typeof UNITS];
  return ms >= 0 && ms < LAST_INSTANT ? new Date(ms).toISOString() : undefined;
}

const IS_INSTANT = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/i;
const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const LAST_INSTANT = Date.UTC(2200, 0);

export const AsOf = Instant.optional().describe("Answer from the catalogue as it was at that moment, e.g. 2026-03-01T14:05:00Z or -2h");

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

/** A switch: what a query or a command line gives as a word is understood too. */
export const Flag = z.preprocess((value) => (value === "true" ? true : value === "false" ? false : value), z.boolean().default(false));

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

const WithTrust = z
  .preprocess((value) => (value === "true" ? true : value === "false" ? false : value), z.boolean().optional())
  .describe("Also answer how far what is said may be trusted now");

export const EntityView = z.object({
  ref: z.string(),
  entity: Entity,
  provenance: Provenance,
  /** One step away in the graph, with what is known of the other end; `found: false` for a dangling target. */
  neighbours: z.array(
    z.object({
      type: z.string(),
      ref: z.string(),
      title: z.string().optional(),
      kind: z.string(),
      specType: z.string().optional(),
      found: z.boolean(),
      /** `inferred` where a rule made the relation and no document states it. */
      origin: z.enum(["declared", "inferred"]),
      rule: z.string().optional(),
    }),
  ),
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

export const Filter = z
  .string()
  .max(4_000)
  .optional()
  .describe(
    'Either key=value pairs joined by commas, e.g. kind=component,spec.owner=team-a; or a CEL expression over `entity`, e.g. entity.kind == "Component" && "node" in entity.metadata.tags',
  );

const SEARCH_BOX =
  'Words, "phrases", filters such as kind:component owner:team-a language:go (commas between alternatives), and - before what must not be';

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

export const searchAll = defineOperation({
  name: "catalog.search.query",
  summary: "Search entities, people, golden paths, API operations and documentation, best first.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/search" },
  input: z.object({ q: z.string().max(500).describe(SEARCH_BOX), limit: z.coerce.number().int().min(1).max(50).default(10) }),
  output: z.object({
    items: z.array(
      z.object({
        /** Of which sort it is: `person` is a user or group, `path` a golden path, `operation` something that an API offers. */
        kind: z.enum(["entity", "person", "path", "operation", "doc"]),
        ref: z.string(),
        title: z.string(),
        subtitle: z.string().optional(),
        entityKind: z.string(),
        page: z.string().optional(),
        excerpt: z.string().optional(),
        score: z.number(),
        /** Where title and excerpt show what was looked for: from a letter up to, but without, another. */
        marks: z.object({ title: z.array(z.tuple([z.number(), z.number()])), excerpt: z.array(z.tuple([z.number(), z.number()])) }),
      }),
    ),
    /** How filters, phrases and exclusions in `q` were understood; empty for plain words. */
    understood: z.string(),
    /** What would mend `q`, e.g. for a filter that there is not. */
    hints: z.array(z.string()),
  }),
  cli: { positional: ["q"], columns: ["kind", "ref", "title", "score"], command: "search" },
});

export const SourceKind = z.enum(["folder", "git", "repository", "inline", "connector", "upload"]);
export const SyncCounts = z.object({
  read: z.number().int(),
  registered: z.number().int(),
  changed: z.number().int(),
  unchanged: z.number().int(),
  removed: z.number().int(),
  failed: z.number().int(),
  conflicts: z.number().int(),
});
export const SourceProblem = z.object({
  file: z.string(),
  line: z.number().int().optional(),
  at: z.string().describe("The field, as a JSON pointer or dotted path"),
  reason: z.string(),
  mend: z.string().optional(),
  ref: z.string().optional(),
});

/** One run of a source: what began it, what it did, how it ended. */
export const SyncRun = z.object({
  id: z.string(),
  at: z.iso.datetime(),
  durationMs: z.number(),
  cause: z.enum(["asked", "schedule", "watch", "webhook", "approve", "undo"]),
  /** `held`: it asked instead of writing. `undone`: taken back by a later run. */
  state: z.enum(["ok", "partial", "failed", "held", "undone"]),
  actor: z.string(),
  counts: SyncCounts,
  error: z.string().optional(),
  note: z.string().optional(),
  /** The run that this one took back. */
  undoes: z.string().optional(),
  undoneBy: z.string().optional(),
});

/** What a run that would remove too much would do, were it approved. */
export const SourceHold = z.object({
  at: z.iso.datetime(),
  reason: z.string(),
  /** Entities the source has now. */
  owned: z.number().int(),
  added: z.number().int(),
  changed: z.number().int(),
  removed: z.number().int(),
  samples: z.object({ added: z.array(z.string()), changed: z.array(z.string()), removed: z.array(z.string()) }),
});

export const Source = z.object({
  id: z.string(),
  name: z.string(),
  kind: SourceKind,
  /** Folder path or Git URL. Credentials are never part of it. */
  target: z.string(),
  watch: z.boolean(),
  sample: z.boolean(),
  /** `held`: the last run would have removed too much, changed nothing, and asks. */
  state: z.enum(["never", "ok", "partial", "failed", "held", "syncing"]),
  lastSyncAt: z.iso.datetime().optional(),
  lastError: z.string().optional(),
  counts: SyncCounts.optional(),
  problems: z.number().int(),
  entities: z.number().int(),
  /** Groups and people who may see what it describes; absent for everybody. */
  visibleTo: z.array(z.string()).optional(),
  /** Which connector reads it; absent for files and calls. */
  connector: z.string().optional(),
  /** How often it is read by itself; absent where only changes and pushes start a run. */
  everyMinutes: z.number().int().optional(),
  nextRunAt: z.iso.datetime().optional(),
  pausedAt: z.iso.datetime().optional(),
  pausedReason: z.string().optional(),
  /** A run that would remove more per cent of its entities than this, or all, waits for a decision. */
  thresholdPercent: z.number().int(),
  /** Calls that the system still allows until `resetAt`. */
  budget: z.object({ remaining: z.number(), limit: z.number(), resetAt: z.iso.datetime() }).optional(),
  /** Objects that could not be read, or are kept though the source names them no more. */
  quarantined: z.number().int(),
});
export type Source = z.infer<typeof Source>;

/** Targets that are no folder of the server's machine: Git addresses, and repositories of the embedded host. */
const REMOTE = /^(?:https?:\/\/|ssh:\/\/|repository:|[a-z0-9][\w.-]*@[\w.-]+:(?!\/\/))/i;

export const importSource = defineOperation({
  name: "catalog.source.import",
  summary: "Read descriptors from a folder or Git URL, keep it as a source, and answer when all of it can be queried.",
  scope: "catalog:write",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/import" },
  input: z.object({
    target: z.string().min(1).max(1_000).describe("A folder on the server's machine, or a Git URL"),
    name: z.string().min(1).max(100).optional(),
    watch: z.boolean().default(true).describe("Follow changes from now on"),
    branch: z.string().max(200).optional(),
  }),
  output: z.object({ source: Source, counts: SyncCounts, problems: z.array(SourceProblem), durationMs: z.number() }),
  // What is surely elsewhere needs the scope alone; all else would make the server read its own machine.
  resource: ({ target }) => (REMOTE.test(target.trim()) ? undefined : { kind: "folder", id: target.trim() }),
  cli: {
    positional: ["target"],
    paths: ["target"],
    rows: "problems",
    columns: ["file", "line", "at", "reason", "mend"],
    command: "import",
  },
});

export const listSources = defineOperation({
  name: "catalog.source.list",
  summary: "List where entities come from, with the state of each.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/sources" },
  input: PageInput,
  output: pageOf(Source),
  cli: { columns: ["id", "name", "kind", "state", "entities", "problems", "lastSyncAt"] },
});

export const getSource = defineOperation({
  name: "catalog.source.get",
  summary: "Show one source with its problems and its last synchronisations.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/sources/{id}" },
  input: z.object({ id: z.string() }),
  output: z.object({
    source: Source,
    problems: z.array(SourceProblem),
    /** The newest twenty; `catalog.source.runs` lists all. */
    syncs: z.array(SyncRun),
    hold: SourceHold.optional(),
    /** What was filled in for a connector; what is secret is never among it. */
    settings: z.record(z.string(), z.unknown()),
    /** Names of the secret settings that have a value. */
    secretsSet: z.array(z.string()),
    /** Where the system may tell of changes: `<server>` and this path. */
    hookPath: z.string(),
    hookReady: z.boolean().describe("Whether the webhook has a secret; catalog.hook.rotate makes one"),
  }),
});

export const syncSource = defineOperation({
  name: "catalog.source.sync",
  summary: "Read a source again now.",
  scope: "catalog:write",
  risk: "low",
  http: { method: "POST", path: "/api/v1/sources/{id}/sync" },
  input: z.object({ id: z.string() }),
  output: importSource.output,
  cli: {
    rows: "problems",
    columns: ["file", "line", "at", "reason", "mend"],
    exitCode: ({ source }) => (source?.state === "failed" ? 1 : 0),
  },
});

export const deleteSource = defineOperation({
  name: "catalog.source.delete",
  summary: "Forget a source and remove the entities that only it named.",
  // Its entities have many owners; what only they may remove one by one, nobody else removes all at once.
  scope: "catalog:admin",
  risk: "destructive",
  http: { method: "DELETE", path: "/api/v1/sources/{id}" },
  input: z.object({ id: z.string() }),
  output: z.object({ removedEntities: z.number().int() }),
});

export const getSample = defineOperation({
  name: "catalog.sample.get",
  summary: "Tell whether the sample estate is loaded.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/sample" },
  input: z.object({}),
  output: z.object({ loaded: z.boolean(), entities: z.number().int() }),
});

export const removeSample = defineOperation({
  name: "catalog.sample.remove",
  summary: "Remove the sample estate: its entities, people, telemetry and incidents.",
  scope: "catalog:admin",
  risk: "destructive",
  http: { method: "DELETE", path: "/api/v1/sample" },
  input: z.object({}),
  output: z.object({ removedEntities: z.number().int() }),
});

const EntityChange = z.object({ ref: z.string(), kind: z.string(), sample: z.boolean() });

export const entityRegistered: EventType<z.infer<typeof EntityChange>> = defineEvent({
  name: "catalog.entity.registered",
  summary: "An entity appeared that was not there.",
  payload: EntityChange,
});
export const entityChanged: EventType<z.infer<typeof EntityChange>> = defineEvent({
  name: "catalog.entity.changed",
  summary: "An entity's document changed.",
  payload: EntityChange,
});
export const entityRemoved: EventType<z.infer<typeof EntityChange>> = defineEvent({
  name: "catalog.entity.removed",
  summary: "An entity is gone.",
  payload: EntityChange,
});
export const sourceSynced = defineEvent({
  name: "catalog.source.synced",
  summary: "A source was read to its end.",
  payload: z.object({ sourceId: z.string(), counts: SyncCounts }),
});
export const sampleRemoved = defineEvent({
  name: "catalog.sample.removed",
  summary: "The sample estate was removed from the catalogue; every module removes what it keeps of it.",
  payload: z.object({}),
});

export const operations = [
  listEntities,
  getEntity,
  facetEntities,
  graphEntities,
  validateEntity,
  deleteEntity,
  entityHistory,
  getDocs,
  searchAll,
  importSource,
  listSources,
  getSource,
  syncSource,
  deleteSource,
  getSample,
  removeSample,
] as const;

/** The name under which a component's telemetry arrives: the annotation if it has one, else its own name. */
export function serviceNameOf(entity: Entity): string {
  return entity.metadata.annotations?.["roadbed.dev/service-name"] ?? entity.metadata.name;
}
