import { defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

import { EntityRef, Filter, Flag, Instant, ValueChange } from "../catalog.ts";

/** What is left of an entity that was removed. */
export const Tombstone = z.object({
  ref: z.string(),
  kind: z.string(),
  title: z.string().optional(),
  removedAt: z.iso.datetime(),
  /** Who, e.g. `user:ada` or `system:catalog.sync`. */
  actor: z.string(),
  reason: z.string().optional(),
  sourceId: z.string().optional(),
  sourceName: z.string().optional(),
  /** File or address of its descriptor. */
  location: z.string().optional(),
  /** Until then it can be restored. */
  restorableUntil: z.iso.datetime(),
  /** What appeared in the same moment with the same content: it was probably renamed. */
  becameRef: z.string().optional(),
});
export type Tombstone = z.infer<typeof Tombstone>;

/** Tombstones are kept so long; history stays. */
export const TOMBSTONE_DAYS = 30;

export const listRemoved = defineOperation({
  name: "catalog.entity.removed",
  summary: "List the entities that were removed in the last 30 days, newest first: when, by whom and why.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/removed-entities" },
  input: PageInput.extend({ text: z.string().max(200).optional().describe("A part of the reference") }),
  output: pageOf(Tombstone),
  cli: { columns: ["ref", "removedAt", "actor", "reason", "sourceName", "restorableUntil"] },
});

export const restoreEntity = defineOperation({
  name: "catalog.entity.restore",
  summary: "Bring a removed entity back as it was; it is held until its source names it again.",
  scope: "catalog:write",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/removed-entities/{ref}/restore" },
  input: z.object({ ref: EntityRef, reason: z.string().trim().min(1).max(500).optional().describe("Why; kept with its history") }),
  output: z.object({
    ref: z.string(),
    /** `source`: the calls that registered it own it again. `held`: nothing names it now, so it is held until a source does. */
    origin: z.enum(["source", "held"]),
    /** What happens next, in a sentence. */
    note: z.string(),
  }),
  resource: ({ ref }) => ({ kind: "entity", id: ref }),
});

/** One act that changed an entity. */
const Act = z.object({
  at: z.iso.datetime(),
  actor: z.string(),
  reason: z.string().optional(),
  source: z.string(),
  change: z.enum(["registered", "changed", "removed"]),
});

export const diffTime = defineOperation({
  name: "catalog.time.diff",
  summary: "Compare the catalogue at two moments: what was added, removed and changed in between, by whom and why.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/time/diff" },
  input: PageInput.extend({
    from: Instant.describe("The earlier moment, e.g. -1d"),
    to: Instant.optional().describe("The later moment; default now"),
    filter: Filter,
    change: z.enum(["added", "removed", "changed"]).optional(),
  }),
  output: pageOf(
    z.object({
      ref: z.string(),
      kind: z.string(),
      title: z.string().optional(),
      change: z.enum(["added", "removed", "changed"]),
      /** What differs between the two moments; of what came or went, nothing. */
      values: z.array(ValueChange),
      /** The last acts in between, newest first; `acts` counts them all. */
      by: z.array(Act),
      acts: z.number().int(),
    }),
  ).extend({
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    /** Of everything that matches, whatever the page. What changed and changed back is not counted. */
    counts: z.object({ added: z.number().int(), removed: z.number().int(), changed: z.number().int() }),
    /** The fields that changed in most entities. */
    fields: z.array(z.object({ field: z.string(), count: z.number().int() })),
  }),
  cli: { columns: ["change", "ref", "values", "acts"] },
});

/** What can happen, by what it is about. */
export const HappeningSort = z.enum([
  "entity",
  "fact",
  "ownership",
  "api",
  "announcement",
  "source",
  "deployment",
  "workload",
  "push",
  "run",
  "policy",
  "incident",
]);
export type HappeningSort = z.infer<typeof HappeningSort>;

export const Happening = z.object({
  at: z.iso.datetime(),
  sort: HappeningSort,
  /** Who, e.g. `user:ada`. */
  actor: z.string(),
  /** What, in words. */
  text: z.string(),
  reason: z.string().optional(),
  /** What it is about; of many, the first ten. */
  refs: z.array(z.string()),
  /** How many things it is about. */
  count: z.number().int(),
  /** Path of a page of the web app that shows it. */
  link: z.string().optional(),
});
export type Happening = z.infer<typeof Happening>;

/** A text with commas is a list. */
function listOf<T extends z.ZodType>(item: T) {
  return z.preprocess((value) => (typeof value === "string" ? value.split(",").filter(Boolean) : value), z.array(item).max(100).optional());
}

export const listChanges = defineOperation({
  name: "catalog.time.changes",
  summary:
    "Tell what changed in a stretch of time, newest first: entities, facts, owners, APIs, announcements, sources, deployments, workloads, pushes, runs, policy decisions, incidents.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/time/changes" },
  input: PageInput.extend({
    before: Instant.optional().describe("End of the stretch, exclusive; default now"),
    around: Instant.optional().describe("Instead of an end: look at as many minutes before it as after it"),
    minutes: z.coerce.number().int().min(1).max(527_040).default(60).describe("How long the stretch is"),
    refs: listOf(EntityRef).describe("About these entities only, e.g. component:default/orders"),
    owner: EntityRef.optional().describe("About what this group or person owns only"),
    system: EntityRef.optional().describe("About the parts of this system, and itself, only"),
    filter: Filter,
    neighbours: Flag.describe("Also about what these need and what needs them, one step away"),
    sorts: listOf(HappeningSort).describe("Only these sorts, e.g. deployment,incident"),
  }),
  output: pageOf(Happening).extend({
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    /** How much of each sort there is in the whole stretch. */
    counts: z.array(z.object({ sort: HappeningSort, count: z.number().int() })),
  }),
  cli: { columns: ["at", "sort", "actor", "text", "refs"] },
});

/** How far a name, an address or a path got on its way into the catalogue. */
export const Verdict = z.enum([
  "here",
  "renamed",
  "removed",
  "refused",
  "conflict",
  "quarantined",
  "held",
  "undescribed",
  "proposed",
  "proposal-refused",
  "unreadable-source",
  "never-read",
  "not-a-descriptor",
  "not-matched",
  "no-such-file",
  "no-source",
  "unknown",
]);

export const explainEntity = defineOperation({
  name: "catalog.entity.explain",
  summary:
    "Say why something is not in the catalogue (or where it is): what was seen of a reference, an address or a path, where it stopped, and what to do.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/explain" },
  input: z.object({
    what: z
      .string()
      .trim()
      .min(1)
      .max(1_000)
      .describe("A reference (component:default/orders), a name, the address of a file or repository, or a path"),
  }),
  output: z.object({
    what: z.string(),
    understoodAs: z.enum(["reference", "name", "address", "path"]),
    verdict: Verdict,
    /** In one sentence. */
    says: z.string(),
    /** What was looked at, in order, and what was found there. */
    steps: z.array(
      z.object({
        looked: z.string(),
        outcome: z.enum(["found", "stopped", "nothing"]),
        detail: z.string(),
        at: z.iso.datetime().optional(),
        sourceId: z.string().optional(),
        file: z.string().optional(),
        line: z.number().int().optional(),
        /** Path of a page of the web app that shows it. */
        link: z.string().optional(),
      }),
    ),
    /** What would bring it here. */
    mend: z.string().optional(),
    /** Path of a page of the web app where that can be done. */
    link: z.string().optional(),
    /** Entities that are here and may be meant, or that came from there. */
    refs: z.array(z.string()),
  }),
  cli: { positional: ["what"], command: "why", rows: "steps", columns: ["outcome", "looked", "detail", "file", "line"] },
});

/** What the platform can do here. */
export const operations = [listRemoved, restoreEntity, diffTime, listChanges, explainEntity] as const;
