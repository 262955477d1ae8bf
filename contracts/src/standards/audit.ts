import { defineEvent, defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

import { EntityRef } from "../catalog/ref.ts";
import { Finding, PolicyAction } from "../standards.ts";

/** What a policy found on something that stands in the catalogue, since when. */
export const AuditFinding = Finding.extend({ entity: z.string(), since: z.iso.datetime() });
export type AuditFinding = z.infer<typeof AuditFinding>;

const Name = z.string().min(1).max(253);

export const listFindings = defineOperation({
  name: "standards.finding.list",
  summary: "List what policies find on what stands in the catalogue, by policy, entity or team.",
  scope: "standards:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/findings" },
  input: PageInput.extend({
    policy: Name.optional(),
    entity: EntityRef.optional(),
    team: EntityRef.optional(),
    severity: PolicyAction.optional(),
    waived: z
      .preprocess((value) => (value === "true" ? true : value === "false" ? false : value), z.boolean())
      .optional()
      .describe("Only what is waived, or only what is not"),
  }),
  output: pageOf(AuditFinding),
  cli: { columns: ["severity", "policy", "entity", "message", "waiver.id", "since"], empty: "The policies find nothing." },
});

const Count = z.object({
  name: z.string(),
  title: z.string().optional(),
  findings: z.number().int(),
  entities: z.number().int(),
  deny: z.number().int(),
  warn: z.number().int(),
  audit: z.number().int(),
  waived: z.number().int(),
});

export const summarizeAudit = defineOperation({
  name: "standards.audit.summary",
  summary: "Count what policies find in the catalogue, by policy and by team.",
  scope: "standards:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/audit-summary" },
  input: z.object({}),
  output: z.object({
    findings: z.number().int(),
    entities: z.number().int(),
    waived: z.number().int(),
    policies: z.array(Count),
    teams: z.array(Count),
    /** Everything was looked at up to here; `behind`: a first look, or one by changed policies, is under way. */
    lookedAt: z.iso.datetime().optional(),
    behind: z.boolean(),
  }),
  cli: { rows: "policies", columns: ["name", "findings", "entities", "deny", "warn", "audit", "waived"] },
});

export const findingsChanged = defineEvent({
  name: "standards.findings.changed",
  summary: "The audit of the catalogue found something else than before.",
  payload: z.object({ found: z.number().int(), mended: z.number().int() }),
});

export const operations = [listFindings, summarizeAudit] as const;
