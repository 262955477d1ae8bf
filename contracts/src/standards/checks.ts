import { defineEvent, defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

import { Verdict } from "../standards.ts";
import { checkFiles } from "./files.ts";

/** `waiting`: it is asked for, or the host did not answer yet. `superseded`: a newer commit came first. `failed`: it was given up. */
export const CheckState = z.enum(["waiting", "done", "superseded", "failed"]);
export type CheckState = z.infer<typeof CheckState>;

/** What the policies say of one commit of a proposed change. */
export const ChangeCheck = z.object({
  id: z.string(),
  system: z.enum(["embedded", "github", "gitlab"]),
  repository: z.string().describe("As people know it, e.g. github.com/acme/shop"),
  change: z.string().describe("The change as its host names it: a number, or the id of a change"),
  head: z.string(),
  state: CheckState,
  verdict: Verdict.optional(),
  introduced: z.number().int(),
  known: z.number().int(),
  mended: z.number().int(),
  unread: z.number().int(),
  reason: z.string().optional().describe("Why it waits, or was given up"),
  override: z
    .object({ by: z.string(), at: z.iso.datetime(), reason: z.string() })
    .optional()
    .describe("Who let it be merged though it cannot be checked"),
  told: z.boolean().describe("Whether the host was told"),
  at: z.iso.datetime(),
  changedAt: z.iso.datetime(),
});
export type ChangeCheck = z.infer<typeof ChangeCheck>;

const Id = z.string().max(64);

export const listChecks = defineOperation({
  name: "standards.check.list",
  summary: "List what policies said of proposed changes, newest first.",
  scope: "standards:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/checks" },
  input: PageInput.extend({
    repository: z.string().max(300).optional(),
    change: z.string().max(64).optional(),
    state: CheckState.optional(),
    verdict: Verdict.optional(),
  }),
  output: pageOf(ChangeCheck),
  cli: { columns: ["id", "repository", "change", "state", "verdict", "introduced", "known", "reason"], empty: "No change was checked." },
});

export const getCheck = defineOperation({
  name: "standards.check.get",
  summary: "Show what the policies found in a proposed change, at its lines.",
  scope: "standards:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/checks/{id}" },
  input: z.object({ id: Id }),
  output: ChangeCheck.extend({ result: checkFiles.output.optional() }),
  cli: { rows: "result.findings", columns: ["severity", "introduced", "file", "line", "policy", "message"] },
});

export const getCheckSarif = defineOperation({
  name: "standards.check.sarif",
  summary: "Give the findings of a check as SARIF 2.1.0, for code scanning.",
  scope: "standards:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/checks/{id}/sarif" },
  input: z.object({ id: Id }),
  output: z.record(z.string(), z.unknown()),
});

export const runCheck = defineOperation({
  name: "standards.check.run",
  summary: "Check a proposed change again, as its newest commit stands.",
  scope: "standards:write",
  risk: "low",
  http: { method: "POST", path: "/api/v1/checks/{id}/run" },
  input: z.object({ id: Id }),
  output: ChangeCheck,
});

export const overrideCheck = defineOperation({
  name: "standards.check.override",
  summary: "Let a change be merged that cannot be checked: it is kept who did, and why. What policies deny is not let through.",
  scope: "standards:admin",
  risk: "high",
  http: { method: "POST", path: "/api/v1/checks/{id}/override" },
  input: z.object({ id: Id, reason: z.string().trim().min(3).max(1_000) }),
  output: ChangeCheck,
});

export const changeChecked = defineEvent({
  name: "standards.check.changed",
  summary: "A check of a proposed change was asked for, done, superseded or given up.",
  payload: z.object({
    checkId: z.string(),
    system: z.string(),
    repository: z.string(),
    change: z.string(),
    head: z.string(),
    state: CheckState,
    verdict: Verdict.optional(),
  }),
});

export const operations = [listChecks, getCheck, getCheckSarif, runCheck, overrideCheck] as const;
