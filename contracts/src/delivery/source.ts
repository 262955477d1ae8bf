import { defineEvent, defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

import { EntityRef } from "../catalog.ts";
import { Described } from "./environments.ts";

/** `environments/<name>.yaml` on `main`: what an environment asks for. What is not said is as in an environment that asks for nothing. */
export const EnvironmentFile = z.strictObject({
  apiVersion: z.literal("roadbed.dev/v1"),
  kind: z.literal("Environment"),
  metadata: z.strictObject({ name: z.string().min(1).max(100) }),
  spec: z.strictObject({
    ...Described,
    madeBy: z.string().max(300).optional().describe("Written by the platform"),
    expiresAt: z.iso.datetime().optional().describe("When it ends by itself"),
  }),
});
export type EnvironmentFile = z.infer<typeof EnvironmentFile>;

/** `workloads/<environment>/<name>.yaml` on `main`: which release an environment is to have of a component, and what is different there. */
export const IntentFile = z.strictObject({
  apiVersion: z.literal("roadbed.dev/v1"),
  kind: z.literal("Intent"),
  metadata: z.strictObject({ name: z.string().min(1).max(200), environment: z.string().min(1).max(100) }),
  spec: z.strictObject({
    component: EntityRef,
    release: z.number().int().min(1).describe("By its number"),
    overrides: z
      .record(z.string(), z.unknown())
      .optional()
      .describe("Fields of roadbed.yaml that are different here: env (by name; null takes one away), limits, scale, rollout"),
    suspended: z.boolean().optional().describe("It is not to run"),
    hotfix: z.boolean().optional().describe("Marks what this asks for as a hotfix"),
  }),
});
export type IntentFile = z.infer<typeof IntentFile>;

export const SourceProblem = z.object({
  at: z.string().describe("File and line"),
  field: z.string().optional(),
  reason: z.string(),
  mend: z.string().optional(),
});
export type SourceProblem = z.infer<typeof SourceProblem>;

/** A file on `main` that somebody wrote, and what came of it. */
export const SourceEdit = z.object({
  id: z.string(),
  path: z.string(),
  commit: z.string(),
  message: z.string(),
  author: z.string().describe("As the commit says it"),
  pushedBy: z.string().describe("Whose token it was"),
  state: z.enum(["taken", "refused"]),
  outcome: z.string(),
  problems: z.array(SourceProblem),
  entityRef: z.string().optional(),
  environment: z.string().optional(),
  promotionId: z.string().optional(),
  at: z.iso.datetime(),
});
export type SourceEdit = z.infer<typeof SourceEdit>;

export const listSourceEdits = defineOperation({
  name: "delivery.gitops-edit.list",
  summary: "List what people wrote on main of platform-delivery and what came of it, newest first.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/gitops-edits" },
  input: PageInput.extend({ state: z.enum(["taken", "refused"]).optional(), environment: z.string().max(100).optional() }),
  output: pageOf(SourceEdit),
  cli: { columns: ["at", "path", "pushedBy", "state", "outcome"], empty: "Nobody wrote there yet." },
});

export const checkSource = defineOperation({
  name: "delivery.gitops-edit.check",
  summary: "Check a file for main of platform-delivery before it is pushed: what is wrong with it, or what would come of it.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "POST", path: "/api/v1/gitops-edits/check" },
  input: z.object({
    text: z.string().max(65_536).describe("The file"),
    path: z.string().min(1).max(300).describe("Where it is to stand, e.g. environments/prod.yaml or workloads/prod/orders.yaml"),
  }),
  output: z.object({ ok: z.boolean(), outcome: z.string(), problems: z.array(SourceProblem) }),
  cli: { positional: ["text", "path"], files: ["text"], exitCode: ({ ok }) => (ok ? 0 : 1) },
});

export const sourceEdited = defineEvent({
  name: "delivery.source.edited",
  summary: "Somebody pushed a file to main of platform-delivery: it was taken, or refused.",
  payload: z.object({
    path: z.string(),
    state: z.enum(["taken", "refused"]),
    outcome: z.string(),
    pushedBy: z.string(),
    account: z.string().optional().describe("Of whoever pushed, where it is a person's"),
    entityRef: z.string().optional(),
    environment: z.string().optional(),
    owner: z.string().optional().describe("Who answers for that environment"),
    reasons: z.array(z.string()).default([]).describe("What is wrong with it, with line and field"),
  }),
});

export const operations = [listSourceEdits, checkSource] as const;
