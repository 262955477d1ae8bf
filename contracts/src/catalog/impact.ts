import { defineOperation, PageInput } from "@roadbed/core";
import { z } from "zod";

import { EntityRef } from "../catalog.ts";
import { Depth, Filter, Origin, Origins, Types, words } from "./relation.ts";

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
