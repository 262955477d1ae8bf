import { defineOperation } from "@roadbed/core";
import { z } from "zod";

/** What may be typed where something is looked for. */
export const SEARCH_BOX =
  'Words, "phrases", filters such as kind:component owner:team-a language:go (commas between alternatives), and - before what must not be';

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
