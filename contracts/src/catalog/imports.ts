import { defineOperation } from "@roadbed/core";
import { z } from "zod";

import { Entity, Source, SourceProblem, SyncCounts } from "../catalog.ts";

/** What an upload can be. `auto` looks at it. */
export const UploadFormat = z.enum(["auto", "descriptors", "csv", "port", "compass", "cortex", "opslevel"]);
export type UploadFormat = z.infer<typeof UploadFormat>;

/**
 * For a table: which column fills which field. A value that begins with `=` is the same for every row: `=Component`. One that begins with
 * `cel:` is an expression over `row`, whose fields are the columns: `cel: row.Tier == "1" ? "critical" : "other"`.
 */
export const ColumnMapping = z.record(z.string().max(300), z.string().max(2_000));
export type ColumnMapping = z.infer<typeof ColumnMapping>;

const Upload = z.object({
  text: z.string().min(1).max(3_500_000).describe("The file's text: @file on the command line"),
  format: UploadFormat.default("auto").describe("auto looks at the text; say it where that guesses wrong"),
  mapping: ColumnMapping.optional().describe(
    'For a table: which column fills which field, e.g. {"metadata.name": "Service", "kind": "=Component", "spec.owner": "cel: row.Team.lowerAscii()"}; without it, it is guessed',
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

/** How many entities a preview shows whole. */
const SAMPLES = 5;

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
    /** The first few, whole. */
    samples: z.array(Entity).max(SAMPLES),
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

/** What to do next, as commands. */
const Next = z.record(z.string(), z.string());

/** `roadbed import <system> <address>`: connects another portal as a source and reads it at once. */
export const importBackstage = defineOperation({
  name: "catalog.import.backstage",
  summary: "Move from Backstage: read everything of it through its API, keep it as a source and follow its changes.",
  // As every connection of a system: the server talks to that address from then on.
  scope: "catalog:admin",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/import/backstage" },
  input: z.object({
    address: z.string().trim().min(1).max(1_000).describe("Address of Backstage's backend, e.g. https://backstage.example.org"),
    apiToken: z
      .string()
      .min(1)
      .max(4_000)
      .optional()
      .describe("A static token of Backstage for external access; without it only what is public is read. It is stored sealed"),
    filter: z.string().min(1).max(2_000).optional().describe("What to read, as Backstage filters: kind=component; without it, everything"),
    name: z.string().trim().min(1).max(100).optional(),
  }),
  output: z.object({ source: Source, counts: SyncCounts, problems: z.array(SourceProblem), next: Next, durationMs: z.number() }),
  secrets: ["apiToken"],
  cli: { command: "import backstage", positional: ["address"], rows: "problems", columns: ["file", "at", "reason", "mend"] },
});

const FileImport = z.object({
  text: Upload.shape.text.describe("The file"),
  name: z.string().trim().min(1).max(100).optional().describe("What the source is called; the same name again replaces what it brought"),
  preview: z.boolean().default(false).describe("Only say what it would bring; nothing is written"),
});

const FileImported = z.object({
  source: Source.optional().describe("Absent for a preview"),
  counts: SyncCounts,
  problems: z.array(SourceProblem),
  notes: z.array(z.string()),
  mapping: ColumnMapping.optional().describe("For a table: which column fills which field"),
  next: Next,
});

/** `roadbed import <portal> <file>`. */
function defineFileImport<const F extends "port" | "compass" | "cortex" | "opslevel" | "csv", I extends typeof FileImport>(
  format: F,
  what: string,
  input: I,
) {
  return defineOperation({
    name: `catalog.import.${format}`,
    summary: `Bring ${what} into the catalogue, as a source that can be removed again.`,
    scope: "catalog:write",
    risk: "medium",
    http: { method: "POST", path: `/api/v1/import/${format}` },
    input,
    output: FileImported,
    cli: {
      command: `import ${format}`,
      positional: ["text"],
      files: ["text"],
      rows: "problems",
      columns: ["line", "at", "reason", "mend"],
      exitCode: ({ counts }) => (counts?.read > 0 && counts.read === counts.failed ? 1 : 0),
    },
  });
}

export const importPort = defineFileImport("port", "an export of Port (blueprints and entities as JSON)", FileImport);
export const importCompass = defineFileImport("compass", "configuration files of Compass", FileImport);
export const importCortex = defineFileImport("cortex", "descriptors of Cortex", FileImport);
export const importOpslevel = defineFileImport("opslevel", "configuration files of OpsLevel", FileImport);
export const importCsv = defineFileImport("csv", "a table", FileImport.extend({ mapping: Upload.shape.mapping }));

/** What the platform can do here. */
export const operations = [
  previewUpload,
  applyUpload,
  importBackstage,
  importPort,
  importCompass,
  importCortex,
  importOpslevel,
  importCsv,
] as const;
