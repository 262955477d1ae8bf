import { defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

import { FieldProblem, PathDetail, Preview } from "../paths.ts";
import { Completion } from "../standards/writing.ts";

const Schema = z.record(z.string(), z.unknown());

/** What a step of a golden path can do. */
export const ActionSummary = z.object({
  id: z.string(),
  description: z.string(),
  /** `local`: changes the workspace only. `outside`: makes things that stay. */
  reach: z.enum(["local", "outside"]),
});

export const ActionDetail = ActionSummary.extend({
  /** JSON Schemas. */
  input: Schema,
  output: Schema.optional(),
  preview: z.boolean().describe("Whether a preview does it, or only says what it would do"),
  examples: z.array(z.object({ description: z.string(), yaml: z.string() })),
});
export type ActionDetail = z.infer<typeof ActionDetail>;

export const listActions = defineOperation({
  name: "paths.action.list",
  summary: "List what the steps of golden paths can do.",
  scope: "paths:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/actions" },
  input: PageInput.extend({ text: z.string().max(100).optional().describe("Only those whose name or description holds this") }),
  output: pageOf(ActionSummary),
  cli: { columns: ["id", "reach", "description"] },
});

export const showAction = defineOperation({
  name: "paths.action.show",
  summary: "Show an action: the schemas of its input and output, and examples.",
  scope: "paths:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/actions/{id}" },
  input: z.object({ id: z.string().max(200).describe("e.g. fetch:template") }),
  output: ActionDetail,
});

/** A path that is being written, as a folder: `template.yaml` and what lies beside it. */
const Draft = z
  .array(z.object({ path: z.string().min(1).max(500), base64: z.string(), executable: z.boolean().optional() }))
  .max(2_000)
  .describe("The folder with template.yaml");

export const LintProblem = z.object({
  severity: z.enum(["error", "warning"]),
  file: z.string(),
  line: z.number().int(),
  column: z.number().int(),
  reason: z.string(),
  mend: z.string().optional(),
});
export type LintProblem = z.infer<typeof LintProblem>;

export const completePath = defineOperation({
  name: "paths.path.complete",
  summary: "Say what may be written at a place of a template: keys, actions and their inputs, parameters, outputs of steps, filters.",
  scope: "paths:read",
  risk: "read",
  http: { method: "POST", path: "/api/v1/path-completions" },
  input: z.object({
    text: z.string().max(200_000).describe("The template as far as it is written"),
    line: z.number().int().min(1).describe("The place, from 1"),
    column: z.number().int().min(1),
  }),
  output: z.object({
    /** The column of that line from which on the text is replaced. */
    from: z.number().int(),
    options: z.array(Completion).max(300),
  }),
  cli: { positional: ["text", "line", "column"], files: ["text"], rows: "options", columns: ["label", "kind", "detail"] },
});

export const lintPath = defineOperation({
  name: "paths.path.lint",
  summary: "Find what is wrong with a path that is being written, with file, line and column.",
  scope: "paths:read",
  risk: "read",
  http: { method: "POST", path: "/api/v1/path-lint" },
  input: z.object({ folder: Draft }),
  output: z.object({
    ok: z.boolean(),
    problems: z.array(LintProblem),
    /** Its form, as far as it can be read. */
    pages: PathDetail.shape.pages,
  }),
  cli: {
    positional: ["folder"],
    folder: "folder",
    rows: "problems",
    columns: ["severity", "file", "line", "column", "reason", "mend"],
    empty: "Nothing is wrong with it.",
    exitCode: (output: { ok: boolean }) => (output.ok ? 0 : 1),
  },
});

export const testPath = defineOperation({
  name: "paths.path.test",
  summary: "Run the test files of a path (tests/*.yaml): values in, files and verdict out; nothing is made.",
  scope: "paths:write",
  risk: "read",
  http: { method: "POST", path: "/api/v1/path-test" },
  input: z.object({ folder: Draft }),
  output: z.object({
    ok: z.boolean(),
    tests: z.array(
      z.object({
        file: z.string(),
        name: z.string(),
        result: z.enum(["passed", "failed"]),
        problems: z.array(z.string()),
        durationMs: z.number(),
      }),
    ),
  }),
  cli: {
    positional: ["folder"],
    folder: "folder",
    rows: "tests",
    columns: ["result", "name", "file", "problems", "durationMs"],
    empty: "It has no tests: write tests/NAME.yaml beside template.yaml.",
    exitCode: (output: { ok: boolean }) => (output.ok ? 0 : 1),
  },
});

export const newPath = defineOperation({
  name: "paths.path.new",
  summary: "Write the files of a new golden path: a form, steps, a skeleton and a test.",
  scope: "paths:read",
  risk: "read",
  http: { method: "POST", path: "/api/v1/path-new" },
  input: z.object({
    name: z.string().regex(/^[a-z][a-z0-9-]{1,50}$/, "must be lower-case letters, digits and dashes"),
    title: z.string().max(100).optional(),
    owner: z.string().max(200).default("group:default/platform"),
  }),
  output: z.object({ files: z.array(z.object({ path: z.string(), text: z.string() })) }),
  cli: { positional: ["name"], writes: "files", rows: "files", columns: ["path"] },
});

export const previewDraft = defineOperation({
  name: "paths.draft.preview",
  summary: "Follow a path that is being written, with these values: what it would make, and what policy says. It never has effects.",
  scope: "paths:write",
  risk: "read",
  http: { method: "POST", path: "/api/v1/draft-preview" },
  input: z.object({
    folder: Draft,
    values: z.record(z.string(), z.unknown()),
    secrets: z.record(z.string(), z.string()).optional(),
  }),
  output: z.object({
    /** What does not fit the form; then there is nothing else. */
    problems: z.array(FieldProblem),
    preview: Preview.optional(),
    contents: z.array(z.object({ path: z.string(), executable: z.boolean(), base64: z.string() })),
    output: z.record(z.string(), z.unknown()),
  }),
  secrets: ["secrets"],
  cli: { folder: "folder", positional: ["folder"] },
});

export const operations = [listActions, showAction, completePath, lintPath, testPath, newPath, previewDraft] as const;
