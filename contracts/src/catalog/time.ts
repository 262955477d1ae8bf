import { defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

import { EntityRef } from "../catalog.ts";

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

/** What the platform can do here. */
export const operations = [listRemoved, restoreEntity] as const;
