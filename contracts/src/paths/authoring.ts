import { defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

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

export const operations = [listActions, showAction] as const;
