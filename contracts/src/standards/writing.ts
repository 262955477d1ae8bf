import { defineOperation } from "@roadbed/core";
import { z } from "zod";

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

export const operations = [completePolicy] as const;
