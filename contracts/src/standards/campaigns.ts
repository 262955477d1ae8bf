import { defineEvent, defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

import { EntityRef } from "../catalog/ref.ts";
import { Effort, MendPatch, ScorecardName } from "./scorecard-document.ts";

/** `reached`: its goal was reached in time. `over`: its day came first. `ended`: somebody ended it. */
export const CampaignState = z.enum(["open", "reached", "over", "ended"]);
export type CampaignState = z.infer<typeof CampaignState>;

const Refs = z.array(EntityRef).max(100).default([]);

const fields = {
  title: z.string().trim().min(1).max(200),
  scorecard: ScorecardName,
  level: ScorecardName.optional().describe("What it is about: everything that this level needs"),
  rules: z.array(ScorecardName).max(100).default([]).describe("Instead of level: these rules"),
  owners: Refs.describe("Only what these teams or people own; default everybody"),
  systems: Refs.describe("Only what is part of these systems"),
  goal: z.coerce.number().min(0.01).max(1).default(1).describe("Share of the things that are to fulfil it, 0.01 to 1"),
  deadline: z.iso.date().describe("The last day, e.g. 2027-03-31, in UTC"),
  brief: z.string().max(20_000).default("").describe("Why, and how to go about it, in Markdown"),
  owner: EntityRef.optional().describe("Who runs it: a team or a person"),
  remindDays: z
    .array(z.coerce.number().int().min(0).max(365))
    .max(10)
    .default([14, 7, 1])
    .describe("Teams that are not done are reminded so many days before the deadline"),
};

const Progress = z.object({
  /** Things that it is about and that you may see. */
  things: z.number().int(),
  done: z.number().int(),
  share: z.number().optional().describe("0 to 1; absent where it is about nothing"),
});

export const Campaign = z.object({
  name: z.string(),
  title: z.string(),
  scorecard: z.string(),
  scorecardTitle: z.string(),
  level: z.string().optional(),
  rules: z.array(z.string()),
  owners: z.array(z.string()),
  systems: z.array(z.string()),
  goal: z.number(),
  deadline: z.string(),
  daysLeft: z.number().int().describe("Below zero once the day is over"),
  brief: z.string(),
  owner: z.string().optional(),
  remindDays: z.array(z.number().int()),
  state: CampaignState,
  startedAt: z.iso.datetime(),
  closedAt: z.iso.datetime().optional(),
  ...Progress.shape,
});
export type Campaign = z.infer<typeof Campaign>;

export const listCampaigns = defineOperation({
  name: "standards.campaign.list",
  summary: "List the campaigns, those that are open first.",
  scope: "standards:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/campaigns" },
  input: PageInput.extend({
    state: CampaignState.optional(),
    scorecard: ScorecardName.optional(),
    owner: EntityRef.optional().describe("Only those that are about what this team or person owns"),
    system: EntityRef.optional().describe("Only those that are about what is part of this system"),
  }),
  output: pageOf(Campaign),
  cli: { columns: ["name", "title", "state", "done", "things", "goal", "deadline", "daysLeft"] },
});

export const getCampaign = defineOperation({
  name: "standards.campaign.get",
  summary: "Show a campaign: how far each team is, and how it went day by day.",
  scope: "standards:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/campaigns/{name}" },
  input: z.object({ name: ScorecardName }),
  output: Campaign.extend({
    ruleTitles: z.array(
      z.object({
        id: z.string(),
        title: z.string(),
        /** There where the mend can be opened as a change. */
        patch: MendPatch.pick({ title: true, values: true }).optional(),
      }),
    ),
    teams: z.array(z.object({ ref: z.string().optional(), title: z.string(), ...Progress.shape })),
    /** The burn-down: what was open at the end of each day, of today's things. The last is now. */
    days: z.array(z.object({ at: z.iso.datetime(), things: z.number().int(), open: z.number().int() })),
  }),
  cli: { rows: "teams", columns: ["title", "done", "things", "share"] },
});

export const listCampaignThings = defineOperation({
  name: "standards.campaign.things",
  summary: "List what a campaign is about: what is open first, each with what is left to do.",
  scope: "standards:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/campaigns/{name}/things" },
  input: PageInput.extend({
    name: ScorecardName,
    owner: EntityRef.optional(),
    system: EntityRef.optional(),
    done: z.stringbool().or(z.boolean()).optional().describe("Only what is done, or only what is not"),
  }),
  output: pageOf(
    z.object({
      ref: z.string(),
      title: z.string(),
      owner: z.string().optional(),
      system: z.string().optional(),
      done: z.boolean(),
      steps: z.array(
        z.object({
          id: z.string(),
          title: z.string(),
          mend: z.string(),
          mends: z.boolean().describe("Whether the mend can be opened as a change"),
          effort: Effort,
          outcome: z.enum(["fail", "unknown"]),
        }),
      ),
    }),
  ),
  cli: { columns: ["ref", "owner", "done", "steps.0.title", "steps.0.mend"] },
});

export const saveCampaign = defineOperation({
  name: "standards.campaign.save",
  summary: "Begin a campaign, or change one that is open: a part of a scorecard, a goal and a deadline.",
  scope: "standards:write",
  risk: "medium",
  http: { method: "PUT", path: "/api/v1/campaigns/{name}" },
  input: z.object({ name: ScorecardName, ...fields }),
  output: Campaign,
});

export const endCampaign = defineOperation({
  name: "standards.campaign.end",
  summary: "End a campaign before its goal is reached and its day has come.",
  scope: "standards:write",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/campaigns/{name}/end" },
  input: z.object({ name: ScorecardName, reason: z.string().trim().max(1_000).optional() }),
  output: Campaign,
});

export const campaignSaved = defineEvent({
  name: "standards.campaign.saved",
  summary: "A campaign was begun or changed.",
  payload: z.object({ campaign: z.string(), title: z.string(), change: z.enum(["begun", "changed"]) }),
});

export const campaignClosed = defineEvent({
  name: "standards.campaign.closed",
  summary: "A campaign ended: its goal was reached, its day came, or somebody ended it.",
  payload: z.object({
    campaign: z.string(),
    title: z.string(),
    owner: z.string().optional(),
    state: CampaignState,
    things: z.number().int(),
    done: z.number().int(),
  }),
});

export const campaignReminded = defineEvent({
  name: "standards.campaign.reminded",
  summary: "A team that is not done with a campaign was reminded.",
  payload: z.object({
    campaign: z.string(),
    title: z.string(),
    /** The team or person. */
    ref: z.string(),
    open: z.number().int(),
    deadline: z.string(),
    daysLeft: z.number().int(),
  }),
});

export const operations = [listCampaigns, getCampaign, listCampaignThings, saveCampaign, endCampaign] as const;
