import { defineEvent, defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

import { EntityRef } from "../catalog/ref.ts";
import { ScorecardName } from "./scorecard-document.ts";

/**
 * `waiting`: its turn has not come, or the host did not answer yet. `open`: the change is proposed. `refused`: it cannot be proposed, and
 * `reason` says why.
 */
export const MendState = z.enum(["waiting", "open", "merged", "closed", "refused"]);
export type MendState = z.infer<typeof MendState>;

/** The change that mends a failing rule of one thing. */
export const Mend = z.object({
  id: z.string(),
  ref: z.string(),
  scorecard: z.string(),
  rule: z.string(),
  title: z.string(),
  state: MendState,
  reason: z.string().optional().describe("Why it was refused or closed, or why it still waits"),
  repository: z.string().optional().describe("As people know it, e.g. github.com/acme/shop"),
  branch: z.string().optional(),
  link: z.string().optional().describe("Where the change is read and merged"),
  campaign: z.string().optional(),
  wave: z.number().int(),
  by: z.string(),
  at: z.iso.datetime(),
  changedAt: z.iso.datetime(),
});
export type Mend = z.infer<typeof Mend>;

const About = { ref: EntityRef, scorecard: ScorecardName, rule: ScorecardName };
const Values = z
  .record(z.string().max(63), z.string().max(2_000))
  .default({})
  .describe("What the mend asks for, by name; what has a default may be left out");

export const previewMend = defineOperation({
  name: "standards.mend.preview",
  summary: "Show the change that would mend a failing rule: each file as it is and as it would be.",
  scope: "standards:read",
  risk: "read",
  http: { method: "POST", path: "/api/v1/mends/preview" },
  input: z.object({ ...About, values: Values }),
  output: z.object({
    title: z.string(),
    repository: z.string(),
    branch: z.string(),
    files: z.array(z.object({ path: z.string(), before: z.string().optional(), after: z.string() })),
  }),
  resource: ({ ref }) => ({ kind: "entity", id: ref }),
  cli: { positional: ["ref", "scorecard", "rule"], rows: "files", columns: ["path", "after"] },
});

export const openMend = defineOperation({
  name: "standards.mend.open",
  summary: "Open the change that mends a failing rule of one thing; asked again, it is the same change.",
  scope: "standards:write",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/mends" },
  input: z.object({ ...About, values: Values }),
  output: Mend,
  resource: ({ ref }) => ({ kind: "entity", id: ref }),
  cli: { positional: ["ref", "scorecard", "rule"] },
});

export const mendCampaign = defineOperation({
  name: "standards.campaign.mend",
  summary: "Open the changes that mend one rule for everything of a campaign that it fails for, wave by wave.",
  scope: "standards:write",
  risk: "high",
  http: { method: "POST", path: "/api/v1/campaigns/{name}/mend" },
  input: z.object({
    name: ScorecardName,
    rule: ScorecardName,
    refs: z.array(EntityRef).max(1_000).default([]).describe("Only these things; default all that it fails for"),
    owner: EntityRef.optional().describe("Only what this team or person owns"),
    system: EntityRef.optional().describe("Only what is part of this system"),
    perWave: z.coerce
      .number()
      .int()
      .min(1)
      .max(500)
      .default(20)
      .describe("So many at once; the next wave begins when all of one are settled"),
    values: Values,
  }),
  output: z.object({ added: z.number().int(), known: z.number().int(), waves: z.number().int() }),
  cli: { positional: ["name", "rule"] },
});

export const listMends = defineOperation({
  name: "standards.mend.list",
  summary: "List the changes that mend failing rules, newest first, with what became of each.",
  scope: "standards:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/mends" },
  input: PageInput.extend({
    ref: EntityRef.optional(),
    scorecard: ScorecardName.optional(),
    campaign: ScorecardName.optional(),
    state: MendState.optional(),
  }),
  output: pageOf(Mend).extend({
    /** Of all that the filter leaves, by state. */
    counts: z.record(MendState, z.number().int()),
  }),
  cli: { columns: ["state", "ref", "rule", "repository", "link", "reason"], empty: "No change was opened." },
});

export const mendChanged = defineEvent({
  name: "standards.mend.changed",
  summary: "A change that mends a failing rule was asked for, opened, merged, closed or refused.",
  payload: z.object({
    mendId: z.string(),
    ref: z.string(),
    scorecard: z.string(),
    rule: z.string(),
    state: MendState,
    campaign: z.string().optional(),
  }),
});

export const operations = [previewMend, openMend, mendCampaign, listMends] as const;
