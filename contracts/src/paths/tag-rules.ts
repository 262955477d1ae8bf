import { defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

const Tag = z
  .string()
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9._:-]{0,99}$/, "must be letters, digits, dots, colons and dashes")
  .describe("As it stands in backstage:permissions.tags");

/** Who sees the pages, fields and steps of paths that carry a tag. */
export const TagRule = z.object({
  tag: z.string(),
  when: z.string().optional().describe("CEL; absent: no rule is about it, so everybody sees them"),
  because: z.string().optional(),
  paths: z.array(z.string()).describe("Names of the paths with parts that carry it"),
  actor: z.string().optional(),
  at: z.iso.datetime().optional(),
});
export type TagRule = z.infer<typeof TagRule>;

export const listTagRules = defineOperation({
  name: "paths.tag-rule.list",
  summary: "List the tags that parts of paths carry (backstage:permissions), with the rule that says who sees them.",
  scope: "paths:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/path-tag-rules" },
  input: PageInput,
  output: pageOf(TagRule),
  cli: { columns: ["tag", "when", "because", "paths", "actor"], empty: "No part of a path carries a tag, and no rule is about one." },
});

export const saveTagRule = defineOperation({
  name: "paths.tag-rule.save",
  summary: "Say who sees the pages, fields and steps of paths that carry a tag; for everybody else they are not there.",
  scope: "paths:admin",
  risk: "high",
  http: { method: "PUT", path: "/api/v1/path-tag-rules/{tag}" },
  input: z.object({
    tag: Tag,
    when: z
      .string()
      .trim()
      .min(1)
      .max(2_000)
      .describe("CEL over actor (id, kind, ref, groups), path (ref, name, type, owner) and part (parameters or steps), true or false"),
    because: z.string().trim().max(500).optional(),
  }),
  output: TagRule,
});

export const deleteTagRule = defineOperation({
  name: "paths.tag-rule.delete",
  summary: "Take away the rule about a tag: everybody sees what carries it.",
  scope: "paths:admin",
  risk: "high",
  http: { method: "DELETE", path: "/api/v1/path-tag-rules/{tag}" },
  input: z.object({ tag: Tag }),
  output: z.object({ deleted: z.boolean() }),
});

export const operations = [listTagRules, saveTagRule, deleteTagRule] as const;
