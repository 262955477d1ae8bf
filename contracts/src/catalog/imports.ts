import { defineOperation } from "@roadbed/core";
import { z } from "zod";

import { Source, SourceProblem, SyncCounts } from "../catalog.ts";

/** What an upload can be. `auto` looks at it. */
export const UploadFormat = z.enum(["auto", "descriptors", "csv", "port", "compass", "cortex", "opslevel"]);
export type UploadFormat = z.infer<typeof UploadFormat>;

/**
 * For a table: which column fills which field. A value that begins with `=` is the same for every row: `=Component`.
 */
export const ColumnMapping = z.record(z.string().max(300), z.string().max(300));
export type ColumnMapping = z.infer<typeof ColumnMapping>;

const Upload = z.object({
  text: z.string().min(1).max(3_500_000).describe("The file's text: @file on the command line"),
  format: UploadFormat.default("auto").describe("auto looks at the text; say it where that guesses wrong"),
  mapping: ColumnMapping.optional().describe(
    'For a table: which column fills which field, e.g. {"metadata.name": "Service", "spec.owner": "Team", "kind": "=Component"}; without it, it is guessed',
  ),
});

export const UploadedEntity = z.object({
  line: z.number().int(),
  ref: z.string(),
  kind: z.string(),
  title: z.string(),
  owner: z.string().optional(),
  /** What would happen to the catalogue. */
  change: z.enum(["new", "changed", "same", "taken"]),
});

export const previewUpload = defineOperation({
  name: "catalog.upload.preview",
  summary:
    "Show what an export of another portal, a table or descriptors would bring, and what is wrong in which line; nothing is written.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "POST", path: "/api/v1/uploads/preview" },
  input: Upload,
  output: z.object({
    format: UploadFormat,
    entities: z.array(UploadedEntity),
    /** Of all entities; `entities` shows the first 500. */
    total: z.number().int(),
    /** What cannot be used, by line, with the reason. */
    problems: z.array(SourceProblem),
    /** Everything that was left out or decided on the way, in words. */
    notes: z.array(z.string()),
    /** For a table: its columns with a first value of each, and the mapping that was used. */
    columns: z.array(z.object({ name: z.string(), example: z.string() })),
    mapping: ColumnMapping,
  }),
  cli: { positional: ["text"], rows: "entities", columns: ["line", "ref", "change", "owner"] },
});

export const applyUpload = defineOperation({
  name: "catalog.upload.apply",
  summary: "Bring an export of another portal, a table or descriptors into the catalogue, as a source that can be removed again.",
  scope: "catalog:write",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/uploads" },
  input: Upload.extend({
    name: z.string().trim().min(1).max(100).describe("What the source is called; the same name again replaces what it brought"),
  }),
  output: z.object({ source: Source, counts: SyncCounts, problems: z.array(SourceProblem), notes: z.array(z.string()) }),
  cli: { positional: ["text"], rows: "problems", columns: ["line", "at", "reason", "mend"] },
});

/** What the platform can do here. */
export const operations = [previewUpload, applyUpload] as const;
