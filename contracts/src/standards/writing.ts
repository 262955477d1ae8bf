import { defineOperation } from "@roadbed/core";
import { z } from "zod";

import { PolicyAction, PolicyMoment } from "../standards.ts";

/** What may stand at a place of a text. */
export const Completion = z.object({
  label: z.string(),
  kind: z.enum(["key", "value", "variable", "field", "function"]),
  /** Its type, or how the function is called. */
  detail: z.string().optional(),
  /** In a sentence. */
  info: z.string().optional(),
  /** What is written, where it is not the label. */
  apply: z.string().optional(),
});
export type Completion = z.infer<typeof Completion>;

export const completePolicy = defineOperation({
  name: "standards.policy.complete",
  summary:
    "Say what may be written at a place of a policy's text: keys of the file, fields of the objects it looks at, variables, functions.",
  scope: "standards:read",
  risk: "read",
  http: { method: "POST", path: "/api/v1/policies/complete" },
  input: z.object({
    text: z.string().max(200_000).describe("The policy as far as it is written"),
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

export const newPolicy = defineOperation({
  name: "standards.policy.new",
  summary: "Write a new policy about one field, and its test file: they are given, and stored nowhere.",
  scope: "standards:read",
  risk: "read",
  http: { method: "POST", path: "/api/v1/policies/new" },
  input: z.object({
    name: z.string().regex(/^[a-z][a-z0-9-]{1,60}$/, "must be lower-case letters, digits and dashes"),
    kind: z.string().max(60).default("Component").describe("What it looks at, e.g. Component, Deployment, Dockerfile"),
    field: z
      .string()
      .regex(/^(?:\/[^/]+)+$/, "must be a place in the object, e.g. /metadata/description")
      .max(300)
      .default("/metadata/description")
      .describe("The field that must be there, as a JSON pointer: /metadata/labels/tier"),
    oneOf: z.array(z.string().min(1).max(200)).max(50).optional().describe("The texts that it may be"),
    pattern: z.string().min(1).max(500).optional().describe("What its text must match, in RE2's syntax"),
    example: z.string().max(500).optional().describe("A value that is right, for the tests"),
    title: z.string().max(120).optional(),
    why: z.string().max(1_000).optional(),
    mend: z.string().max(1_000).optional(),
    severity: PolicyAction.default("warn"),
    moments: z.array(PolicyMoment).default([]).describe("The points at which it holds; none: wherever something changes, and the audit"),
  }),
  output: z.object({ files: z.array(z.object({ path: z.string(), text: z.string() })) }),
  cli: { positional: ["name"], writes: "files", rows: "files", columns: ["path"] },
});

const LintProblem = z.object({
  severity: z.enum(["error", "warning"]),
  file: z.string(),
  line: z.number().int(),
  column: z.number().int().optional(),
  reason: z.string(),
  mend: z.string().optional(),
});

export const lintPolicies = defineOperation({
  name: "standards.policy.lint",
  summary: "Find what is wrong with a folder of policies, with file, line and column, and run their test files; nothing is stored.",
  scope: "standards:read",
  risk: "read",
  http: { method: "POST", path: "/api/v1/policies/lint" },
  input: z.object({
    folder: z
      .array(z.object({ path: z.string().min(1).max(500), base64: z.string(), executable: z.boolean().optional() }))
      .max(2_000)
      .describe("The folder with the policies and their test files"),
  }),
  output: z.object({
    ok: z.boolean(),
    policies: z.number().int(),
    /** Cases of test files that were run. */
    cases: z.number().int(),
    problems: z.array(LintProblem),
  }),
  cli: {
    positional: ["folder"],
    folder: "folder",
    rows: "problems",
    columns: ["severity", "file", "line", "column", "reason", "mend"],
    empty: "Nothing is wrong with them.",
    exitCode: ({ ok }: { ok: boolean }) => (ok ? 0 : 3),
  },
});

export const operations = [completePolicy, newPolicy, lintPolicies] as const;
