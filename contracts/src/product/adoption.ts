import { defineEvent, defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

import { EntityRef } from "../catalog/ref.ts";
import { MeasureValue } from "./measures.ts";

const Day = z.iso.date().describe("A day, UTC");
const Name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/, "must be lower case letters, digits and dashes, and begin with a letter")
  .describe("E.g. golden-paths");
const Team = EntityRef.describe("A team, e.g. group:default/payments");

/** The share of eligible teams that was promised for a day, when the capability was paid for. */
export const PromisedPoint = z.object({ by: Day, share: z.number().min(0).max(1) });

export const Capability = z.object({
  name: Name,
  title: z.string().trim().min(1).max(100),
  about: z.string().trim().max(500).describe("What teams get by it"),
  owner: z.string().max(200).optional().describe("Who answers for it"),
  actions: z
    .array(z.string().regex(/^[\w.*-]{1,100}$/, "must be an action, e.g. paths.path.run; * stands for anything"))
    .min(1)
    .max(50)
    .describe("What counts as using it: operations of this platform, and actions that others tell of"),
  appliesTo: z
    .string()
    .trim()
    .max(2_000)
    .default("")
    .describe(
      "CEL over `entity`: a team is eligible if it owns a component of which this is true, e.g. entity.spec.type == 'service'. Empty: any",
    ),
  work: z
    .enum(["deployments", "changes"])
    .optional()
    .describe("The work that is to go through it; absent: how deep it is used cannot be said"),
  through: z
    .array(z.string().regex(/^[\w. *:/-]{1,100}$/, "must be a source of delivery records; * stands for anything"))
    .max(50)
    .default([])
    .describe("Sources of delivery records whose work went through it, e.g. roadbed"),
  promised: z.array(PromisedPoint).max(40).default([]).describe("The curve that was promised"),
  retired: z.boolean().default(false).describe("Offered no more: it is in no figure"),
});
export type Capability = z.infer<typeof Capability>;

const How = z.enum(["voluntary", "mandated", "unknown"]);
/** `left`: active four weeks ago and not now; `drifting`: less than half of what it was. */
const Drift = z.enum(["left", "drifting"]);

const Counts = z.object({
  eligible: z.number().int(),
  active: z.number().int(),
  voluntary: z.number().int(),
  mandated: z.number().int(),
  unknown: z.number().int(),
});

/** Each figure of a capability by the name of its measure. */
const Figures = z.object({
  breadth: MeasureValue.describe("Active eligible teams of all eligible ones"),
  voluntary: MeasureValue.describe("Voluntary and still active, of all eligible ones"),
  free: MeasureValue.describe("Voluntary, of the active teams under no mandate"),
  depth: MeasureValue.describe("Work that goes through it, of all work that should"),
  bypass: MeasureValue.describe("Work that goes past it"),
  retention: MeasureValue.describe("Active twelve weeks ago and still, of all that were active then"),
  pull: MeasureValue.describe("First adoptions of a quarter without mandate or invitation"),
});

const Listed = Capability.pick({ name: true, title: true, about: true, owner: true }).extend({
  builtIn: z.boolean(),
  counts: Counts,
  breadth: MeasureValue,
  voluntary: MeasureValue,
  depth: MeasureValue,
  underused: z.boolean().describe("Fewer than 15 % of the eligible teams after 180 days"),
  drifting: z.number().int().describe("Teams that left or use it much less"),
});
export type ListedCapability = z.infer<typeof Listed>;

export const listCapabilities = defineOperation({
  name: "product.capability.list",
  summary: "List what the platform offers, with who uses it, and whether freely.",
  scope: "product:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/capabilities" },
  input: PageInput,
  output: pageOf(Listed).extend({
    register: z
      .object({ completeSince: Day, why: z.string() })
      .optional()
      .describe("Absent: nobody keeps a register of mandates, so nothing can be called voluntary"),
    teams: z.number().int().describe("Teams that own a component that you may see"),
    delivering: z.number().int().describe("Those of them that merged or deployed something in the last 28 days: only these are eligible"),
    unowned: z.number().int().describe("Uses of the last 28 days by somebody who is in no team"),
  }),
  cli: {
    columns: ["name", "counts.active", "counts.eligible", "counts.voluntary", "counts.mandated", "counts.unknown", "breadth.status"],
  },
});

export const getCapability = defineOperation({
  name: "product.capability.get",
  summary: "Show how a capability is adopted: how broad, how deep, how freely, how lastingly, and against the curve that was promised.",
  scope: "product:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/capabilities/{name}" },
  input: z.object({ name: Name }),
  output: z.object({
    capability: Capability,
    builtIn: z.boolean(),
    counts: Counts,
    figures: Figures,
    curve: z
      .array(z.object({ from: z.iso.datetime(), adopted: z.number().int(), active: z.number().int(), promised: z.number().optional() }))
      .describe("Every four weeks: eligible teams of today that had adopted by then, that were active then, and the share promised"),
    daysTo: z.array(z.object({ share: z.number(), days: z.number().int().optional() })).describe("From the first use until so many teams"),
    past: z.array(z.object({ source: z.string(), n: z.number().int(), teams: z.number().int() })).describe("Where work went past it"),
    usage: z.object({
      events: z.number().int(),
      failed: z.number().int(),
      automated: z.number().int(),
      faces: z.array(z.object({ face: z.string(), events: z.number().int() })),
    }),
  }),
  cli: { positional: ["name"] },
});

export const TeamOfCapability = z.object({
  team: z.string(),
  title: z.string(),
  eligible: z.boolean(),
  active: z.boolean(),
  how: How.optional().describe("Absent: it never adopted it"),
  adoptedOn: Day.optional().describe("The first of three successful uses on two days within 28"),
  lastUsedOn: Day.optional(),
  events: z.number().int().describe("Successful uses of the last 28 days"),
  before: z.number().int().describe("Those of the 28 days before"),
  days: z.number().int(),
  drift: Drift.optional(),
  lastFailed: z.string().optional().describe("The action that failed last, of those who left or use it less"),
  why: z.string().describe("Why it counts as it does"),
});
export type TeamOfCapability = z.infer<typeof TeamOfCapability>;

export const listCapabilityTeams = defineOperation({
  name: "product.capability.teams",
  summary: "List the teams behind the figures of a capability by name, each with why it counts as it does: nobody is ranked.",
  scope: "product:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/capabilities/{name}/teams" },
  input: PageInput.extend({
    name: Name,
    only: z.enum(["eligible", "active", "drifting", "not-yet"]).optional().describe("Default: all, also those that are not eligible"),
  }),
  output: pageOf(TeamOfCapability),
  cli: {
    positional: ["name"],
    columns: ["team", "eligible", "active", "how", "adoptedOn", "lastUsedOn", "events", "drift", "why"],
    empty: "There is no such team.",
  },
});

export const saveCapability = defineOperation({
  name: "product.capability.save",
  summary: "Describe what the platform offers: what counts as using it, to whom it applies, and which adoption was promised.",
  scope: "product:write",
  risk: "medium",
  http: { method: "PUT", path: "/api/v1/capabilities/{name}" },
  input: Capability,
  output: Capability,
  cli: { positional: ["name"] },
});

export const capabilitySaved = defineEvent({
  name: "product.capability.saved",
  summary: "What counts as using a capability, or to whom it applies, was decided.",
  payload: z.object({ name: z.string(), title: z.string(), retired: z.boolean() }),
});

const Push = z.object({
  id: z.string(),
  kind: z.enum(["mandate", "invitation"]),
  capability: z.string(),
  scope: z.string().describe("A team, a team above it, or * for everybody"),
  at: Day.describe("When it was announced"),
  enforcedAt: Day.optional(),
  endedAt: Day.optional(),
  why: z.string(),
  decision: z.string().optional(),
  by: z.string(),
});
export type Push = z.infer<typeof Push>;
const Scope = z.union([z.literal("*"), Team]).describe("A team, a team above it, or * for everybody");

export const recordMandate = defineOperation({
  name: "product.mandate.record",
  summary: "Record that teams must use a capability: first uses from the announcement on are not voluntary.",
  scope: "product:write",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/mandates" },
  input: z.object({
    capability: Name,
    scope: Scope,
    announcedAt: Day,
    enforcedAt: Day.optional(),
    decision: z.string().trim().max(300).optional().describe("Where it was decided"),
    why: z.string().trim().min(5).max(500),
  }),
  output: Push,
  cli: { positional: ["capability", "scope"] },
});

export const recordInvitation = defineOperation({
  name: "product.mandate.invite",
  summary: "Record that a team was asked to use a capability, without having to: for 30 days its first use is not by itself.",
  scope: "product:write",
  risk: "low",
  http: { method: "POST", path: "/api/v1/invitations" },
  input: z.object({ capability: Name, scope: Scope, at: Day, why: z.string().trim().min(5).max(500).describe("What was done") }),
  output: Push,
  cli: { positional: ["capability", "scope"] },
});

export const endMandate = defineOperation({
  name: "product.mandate.end",
  summary: "End a mandate: first uses from that day on are free again.",
  scope: "product:write",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/mandates/{id}/end" },
  input: z.object({ id: z.string().min(1).max(100), endedAt: Day }),
  output: Push,
});

export const listMandates = defineOperation({
  name: "product.mandate.list",
  summary: "List the register of mandates and invitations, newest first, and since when it is complete.",
  scope: "product:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/mandates" },
  input: PageInput.extend({ capability: Name.optional() }),
  output: pageOf(Push).extend({
    register: z.object({ completeSince: Day, why: z.string(), by: z.string() }).optional().describe("Absent: nobody keeps it"),
  }),
  cli: { columns: ["id", "kind", "capability", "scope", "at", "enforcedAt", "endedAt", "why"], empty: "Nothing is recorded." },
});

export const keepRegister = defineOperation({
  name: "product.mandate.keep",
  summary: "State since when the register of mandates is complete: before that day, and without this word, nothing is called voluntary.",
  scope: "product:admin",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/mandates/register" },
  input: z.object({ completeSince: Day, why: z.string().trim().min(10).max(500).describe("How it is known to be complete") }),
  output: z.object({ completeSince: Day, why: z.string(), by: z.string() }),
});

export const mandateRecorded = defineEvent({
  name: "product.mandate.recorded",
  summary: "The register of mandates and invitations was written.",
  payload: z.object({ capability: z.string(), kind: z.string(), scope: z.string(), at: z.string() }),
});

export const UsageTold = z.object({
  key: z.string().trim().min(1).max(200).describe("Told twice under it, it is one thing"),
  team: Team,
  action: z.string().regex(/^[\w.-]{1,100}$/, "must be a name like pipeline.run"),
  day: Day,
  events: z.number().int().min(1).max(1_000_000).default(1),
  automated: z.boolean().default(false).describe("By a machine of the team's"),
  outcome: z.enum(["done", "failed"]).default("done"),
});

export type UsageTold = z.input<typeof UsageTold>;

export const tellUsage = defineOperation({
  name: "product.usage.tell",
  summary: "Tell of what teams used elsewhere, or before: by team and day, never by person.",
  scope: "product:write",
  risk: "low",
  http: { method: "POST", path: "/api/v1/usage" },
  input: z.object({
    source: z
      .string()
      .trim()
      .min(1)
      .max(100)
      .refine((name) => name !== "roadbed", "is this platform's own name")
      .describe("Who tells: keys are theirs"),
    rows: z.array(UsageTold).min(1).max(1_000),
    sample: z.boolean().default(false).describe("Goes with the sample estate"),
  }),
  output: z.object({ taken: z.number().int(), skipped: z.array(z.object({ key: z.string(), reason: z.string() })) }),
});

export const usageTold = defineEvent({
  name: "product.usage.told",
  summary: "What teams used elsewhere was told.",
  payload: z.object({ source: z.string(), taken: z.number().int() }),
});

export const showOwnUsage = defineOperation({
  name: "product.usage.mine",
  summary: "Show what is stored about you: for whom your use counts, that no figure names you, and where else your name stands.",
  scope: "product:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/usage/mine" },
  input: z.object({}),
  output: z.object({
    you: z.string(),
    teams: z
      .array(z.object({ team: z.string(), title: z.string(), events: z.number().int() }))
      .describe("For these your use counts; last 28 days"),
    figures: z.array(z.string()).describe("Columns in which figures of use are stored: none is a person"),
    named: z
      .array(z.object({ where: z.string(), what: z.string(), rows: z.number().int(), kept: z.string(), readBy: z.string() }))
      .describe("Where your name does stand, and who reads it"),
  }),
});

export const recordTeamChange = defineOperation({
  name: "product.team.follow",
  summary: "Record that teams were merged, split or renamed: figures follow their history.",
  scope: "product:write",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/team-changes" },
  input: z.object({
    from: z.array(Team).min(1).max(20),
    to: z.array(Team).min(1).max(20).describe("Who goes on: name a team on both sides where it goes on as well"),
    at: Day,
    why: z.string().trim().min(5).max(500),
  }),
  output: z.object({ id: z.string(), from: z.array(z.string()), to: z.array(z.string()), at: Day }),
});

export const listTeamChanges = defineOperation({
  name: "product.team.changes",
  summary: "List which teams were merged, split or renamed, newest first.",
  scope: "product:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/team-changes" },
  input: PageInput,
  output: pageOf(
    z.object({ id: z.string(), from: z.array(z.string()), to: z.array(z.string()), at: Day, why: z.string(), by: z.string() }),
  ),
  cli: { columns: ["at", "from", "to", "why"], empty: "No team was merged, split or renamed." },
});

export const teamFollowed = defineEvent({
  name: "product.team.followed",
  summary: "Teams were merged, split or renamed, and figures follow.",
  payload: z.object({ from: z.array(z.string()), to: z.array(z.string()), at: z.string() }),
});

export const operations = [
  listCapabilities,
  getCapability,
  listCapabilityTeams,
  saveCapability,
  listMandates,
  recordMandate,
  recordInvitation,
  endMandate,
  keepRegister,
  tellUsage,
  showOwnUsage,
  recordTeamChange,
  listTeamChanges,
] as const;
