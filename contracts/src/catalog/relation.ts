import { z } from "zod";

/** How a relation is known: a descriptor says so, traces say so, or a rule says so. */
export const Origin = z.enum(["declared", "observed", "inferred"]);
export type Origin = z.infer<typeof Origin>;

/** A list, also as words joined by commas. */
export const words = <T extends z.ZodType>(item: T) =>
  z.preprocess((value) => (typeof value === "string" ? value.split(",").map((word) => word.trim()) : value), z.array(item).max(200));

export const Origins = words(Origin).optional().describe("Which relations to follow: declared, observed, inferred; default: all");
export const Filter = z.string().max(4_000).optional().describe("Which entities to answer with, as in catalog.entity.list");
export const Types = words(z.string().max(60)).optional().describe("Relation types to follow, e.g. dependsOn,consumesApi,calls");
export const Depth = z.coerce.number().int().min(1).max(50);

/** What was counted on an observed relation. Figures are of the last 24 hours; the quantile is of the newest hour with calls. */
export const Traffic = z.object({
  calls: z.number().int(),
  errors: z.number().int(),
  /** Absent without calls: no calls are not zero errors. */
  errorShare: z.number().optional(),
  perMinute: z.number(),
  p95Ms: z.number().optional(),
  /** To the hour. */
  firstSeen: z.iso.datetime(),
  lastSeen: z.iso.datetime(),
  /** A trace in which it can be looked at. */
  traceId: z.string(),
});
export type Traffic = z.infer<typeof Traffic>;
