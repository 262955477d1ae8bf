import { defineEvent, defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

import { EntityRef, Flag } from "../catalog.ts";
import { OnCall } from "./on-call.ts";

/**
 * Why nobody who is there owns a thing. `none`: it names no owner; `unknown`: it names somebody who is not in the catalogue;
 * `empty`: a group without a single person, also in the groups below it; `left`: a person who left.
 */
export const OrphanReason = z.enum(["none", "unknown", "empty", "left"]);
export type OrphanReason = z.infer<typeof OrphanReason>;

/** An act takes so many things at most; a larger one is done in parts. */
export const MAX_GIVEN = 5_000;

const Why = z.string().trim().min(1).max(500).describe("Why, for those who read the history later");
const Criticality = z.number().min(0).max(1).describe("How much it matters when it is affected, 0 to 1");
const Counts = z.record(OrphanReason, z.number().int());

const Suggestion = z.object({
  owner: z.string(),
  title: z.string(),
  /** What speaks for it, the strongest first. */
  reasons: z.array(z.string()),
});

export const Orphan = z.object({
  ref: z.string(),
  kind: z.string(),
  title: z.string(),
  system: z.string().optional(),
  criticality: Criticality,
  reason: OrphanReason,
  /** The same in a sentence. */
  said: z.string(),
  /** Whom it names, and what is wrong with each. */
  owners: z.array(z.object({ ref: z.string(), reason: OrphanReason })),
  suggestion: Suggestion.optional(),
});
export type Orphan = z.infer<typeof Orphan>;

export const getOwnership = defineOperation({
  name: "catalog.ownership.show",
  summary: "Show how many things have an owner who is there, and why the others have none.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/ownership" },
  input: z.object({}),
  output: z.object({
    /** Things of kinds that should have an owner. */
    things: z.number().int(),
    owned: z.number().int(),
    counts: Counts,
    teams: z.number().int(),
    people: z.number().int(),
    /** People who left and still stand somewhere. */
    left: z.number().int(),
    /** All that in one sentence. */
    said: z.string(),
    /** What the answer cannot know, in words. */
    limits: z.array(z.string()),
  }),
});

const OrphanFilter = {
  reason: OrphanReason.optional(),
  kind: z.string().trim().toLowerCase().max(63).optional(),
  system: EntityRef.optional(),
  text: z.string().trim().max(200).optional().describe("A part of the reference or the title"),
};

export const listOrphans = defineOperation({
  name: "catalog.ownership.orphans",
  summary: "List the things that nobody who is there owns, with the reason and whom to give them to.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/ownership/orphans" },
  input: PageInput.extend(OrphanFilter),
  output: pageOf(Orphan).extend({ total: z.number().int(), counts: Counts, kinds: z.record(z.string(), z.number().int()) }),
  cli: {
    columns: ["reason", "ref", "said", "suggestion.owner", "criticality"],
    empty: "Everything asked about has an owner who is there.",
  },
});

export const exportOrphans = defineOperation({
  name: "catalog.ownership.export",
  summary: "Give the things without an owner as a table (CSV).",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/ownership/orphans.csv" },
  input: PageInput.extend({ ...OrphanFilter, limit: z.coerce.number().int().min(1).max(500).default(500) }),
  output: z.object({
    /** Pages can be written one behind the other: the first alone has the names of the columns. */
    text: z.string(),
    nextCursor: z.string().optional(),
  }),
  cli: { text: "text" },
});

const NotGiven = z.object({
  ref: z.string(),
  title: z.string(),
  why: z.string(),
  /** What would make it possible. */
  mend: z.string(),
});
export type NotGiven = z.infer<typeof NotGiven>;

const Given = z.object({
  ref: z.string(),
  kind: z.string(),
  title: z.string(),
  property: z.string(),
  /** `descriptor`: its file goes on naming the former owner, and the catalogue holds the new one against it. */
  says: z.enum(["descriptor", "catalogue"]),
});
export type Given = z.infer<typeof Given>;

const Act = z.object({
  id: z.string().optional().describe("Of the act in the history; absent when nothing was given"),
  given: z.number().int(),
  notGiven: z.array(NotGiven).max(200),
  said: z.string(),
});

export const assignOwner = defineOperation({
  name: "catalog.ownership.assign",
  summary: "Give things to an owner, one or many at once; the catalogue holds it whatever their descriptors say.",
  scope: "catalog:write",
  risk: "high",
  http: { method: "POST", path: "/api/v1/ownership/assign" },
  input: z.object({
    owner: EntityRef.describe("A group or a person"),
    refs: z.array(EntityRef).min(1).max(500),
    reason: Why.optional(),
  }),
  output: Act,
  cli: { positional: ["owner"] },
});

export const Team = z.object({
  ref: z.string(),
  title: z.string(),
  type: z.string().optional(),
  parents: z.array(z.string()),
  children: z.array(z.string()),
  /** Things it owns itself, and with all groups below it. */
  owns: z.number().int(),
  ownsWithin: z.number().int(),
  /** People in it who are there, and with all groups below it. */
  people: z.number().int(),
  peopleWithin: z.number().int(),
  /** Of the most critical thing that it owns, with all groups below; absent where it owns nothing. */
  criticality: Criticality.optional(),
  /** It is below itself: the groups of such a circle count as one. */
  circle: z.boolean(),
});
export type Team = z.infer<typeof Team>;

export const listTeams = defineOperation({
  name: "catalog.ownership.teams",
  summary: "List teams with what they own and who is in them, with and without the teams below them.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/ownership/teams" },
  input: PageInput.extend({
    parent: EntityRef.optional().describe("Only teams directly below this one"),
    top: Flag.describe("Only teams that are below no other; of a circle, the first by name"),
    mine: Flag.describe("Only teams that you are in, with those above them"),
    text: z.string().trim().max(200).optional(),
  }),
  output: pageOf(Team).extend({ total: z.number().int() }),
  cli: { columns: ["ref", "owns", "ownsWithin", "people", "peopleWithin", "criticality", "parents"] },
});

export const listOwned = defineOperation({
  name: "catalog.ownership.of",
  summary: "List what a team or a person owns, or what is yours: also by the teams below.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/ownership/of" },
  input: PageInput.extend({
    ref: EntityRef.optional().describe("A group or a person; default: you, by all the teams you are in"),
    within: Flag.describe("Also what the teams below own"),
    kind: z.string().trim().toLowerCase().max(63).optional(),
  }),
  output: pageOf(
    z.object({
      ref: z.string(),
      kind: z.string(),
      title: z.string(),
      lifecycle: z.string().optional(),
      criticality: Criticality,
      /** Whoever of those asked for owns it. */
      owner: z.string(),
    }),
  ).extend({
    total: z.number().int(),
    kinds: z.record(z.string(), z.number().int()),
    team: Team.optional(),
    /** Whether it is a person who left. */
    left: z.boolean(),
  }),
  cli: { positional: ["ref"], columns: ["ref", "owner", "lifecycle", "criticality"] },
});

const Standing = z.object({
  ref: z.string(),
  title: z.string(),
  as: z.enum(["owner", "member", "approver", "on-call"]),
});

export const Leaver = z.object({
  ref: z.string(),
  name: z.string(),
  /** `marked`: their entry says so; `removed`: a source took them out; `unknown`: named, but never seen in the catalogue. */
  how: z.enum(["marked", "removed", "unknown"]),
  since: z.iso.datetime().optional(),
  counts: z.object({ owner: z.number().int(), member: z.number().int(), approver: z.number().int(), onCall: z.number().int() }),
  /** Where they still stand, at most 20 places. */
  stands: z.array(Standing),
});
export type Leaver = z.infer<typeof Leaver>;

export const listLeavers = defineOperation({
  name: "catalog.ownership.left",
  summary: "List people who left and still stand somewhere: as owner, member, approver or on call.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/ownership/left" },
  input: PageInput.extend({ text: z.string().trim().max(200).optional() }),
  output: pageOf(Leaver).extend({ total: z.number().int() }),
  cli: { columns: ["ref", "how", "since", "counts.owner", "counts.member", "counts.approver", "counts.onCall"] },
});

const HandOverPick = {
  from: EntityRef.describe("Whose things: a group or a person, also one that is gone"),
  to: EntityRef.describe("Who gets them: a group or a person"),
  refs: z.array(EntityRef).min(1).max(500).optional().describe("Only these; default: all"),
};
const giver = ({ from }: { from: string }) => ({ kind: "entity", id: from });

export const previewHandOver = defineOperation({
  name: "catalog.hand-over.preview",
  summary: "Show what a hand-over would give, and what cannot be given and why; changes nothing.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "POST", path: "/api/v1/hand-overs/preview" },
  input: z.object(HandOverPick),
  output: z.object({
    total: z.number().int(),
    kinds: z.record(z.string(), z.number().int()),
    /** So many have a descriptor that goes on naming the former owner. */
    descriptors: z.number().int(),
    given: z.array(Given).max(200),
    notGiven: z.array(NotGiven).max(200),
    /** Not things, so not given: where the one who gives stands besides. */
    stays: z.array(Standing),
    said: z.string(),
  }),
  cli: { positional: ["from", "to"] },
});

export const handOver = defineOperation({
  name: "catalog.hand-over.make",
  summary: "Give all that a team or a person owns, or a part of it, to another in one act; it can be undone for 30 days.",
  scope: "catalog:write",
  risk: "high",
  http: { method: "POST", path: "/api/v1/hand-overs" },
  input: z.object({ ...HandOverPick, reason: Why.optional() }),
  output: Act,
  resource: giver,
  cli: { positional: ["from", "to"] },
});

export const HandOver = z.object({
  id: z.string(),
  /** Absent where things without an owner were assigned. */
  from: z.string().optional(),
  to: z.string(),
  things: z.number().int(),
  at: z.iso.datetime(),
  actor: z.string(),
  reason: z.string().optional(),
  undone: z.object({ at: z.iso.datetime(), actor: z.string(), reason: z.string().optional() }).optional(),
  /** Until then it can be undone; absent where it cannot. */
  undoableUntil: z.iso.datetime().optional(),
});
export type HandOver = z.infer<typeof HandOver>;

export const listHandOvers = defineOperation({
  name: "catalog.hand-over.list",
  summary: "List who gave what to whom, newest first, with the reason and until when it can be undone.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/hand-overs" },
  input: PageInput.extend({ ref: EntityRef.optional().describe("Only those by or to this team or person, or of this thing") }),
  output: pageOf(HandOver),
  cli: { columns: ["id", "from", "to", "things", "at", "actor", "reason", "undone.at"] },
});

export const undoHandOver = defineOperation({
  name: "catalog.hand-over.undo",
  summary: "Take a hand-over back as one act; what was changed again since stays as it is.",
  scope: "catalog:write",
  risk: "high",
  http: { method: "POST", path: "/api/v1/hand-overs/{id}/undo" },
  input: z.object({ id: z.string().trim().min(1).max(60), reason: Why.optional() }),
  output: z.object({ id: z.string(), takenBack: z.number().int(), notGiven: z.array(NotGiven).max(200), said: z.string() }),
});

export const getOnCall = defineOperation({
  name: "catalog.on-call.show",
  summary: "Show who is on call for a thing now, until when, and who says so; where nobody is named, for its owner or its system.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/entities/{ref}/on-call" },
  input: z.object({ ref: EntityRef }),
  output: z.object({
    ref: z.string(),
    /** First called first. */
    now: z.array(OnCall.extend({ title: z.string().optional().describe("How the person is called, where the catalogue knows them") })),
    /** Whose rota it is, and why that one is asked. */
    from: z
      .object({
        ref: z.string(),
        title: z.string(),
        because: z.enum(["own", "owner", "system", "owner-of-system", "domain", "owner-of-domain"]),
      })
      .optional(),
    /** The next to come, where the rota is known ahead. */
    next: OnCall.optional(),
    /** Who says so, since when, and how far that is to be trusted, 0 to 1. */
    source: z.string().optional(),
    observedAt: z.iso.datetime().optional(),
    trust: z.number().optional(),
    said: z.string(),
  }),
  cli: { command: "oncall", rows: "now", columns: ["level", "name", "mail", "schedule", "until", "source"] },
});

export const listOnCall = defineOperation({
  name: "catalog.on-call.list",
  summary: "List who is called first now for several things; those for which nobody is on call are left out.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/on-call" },
  input: z.object({
    refs: z
      .preprocess((value) => (typeof value === "string" ? value.split(",").filter(Boolean) : value), z.array(EntityRef).min(1).max(500))
      .describe("The things, e.g. component:default/orders,component:default/parcels"),
  }),
  output: z.object({
    items: z.array(
      z.object({
        ref: z.string(),
        names: z.array(z.string()),
        /** Whose rota says so, and why that one is asked. */
        from: z.string(),
        because: z.string(),
      }),
    ),
  }),
  cli: { positional: ["refs"], columns: ["ref", "names", "because", "from"], empty: "Nobody is on call for any of these now." },
});

const Ends = { id: z.string(), to: z.string(), things: z.number().int(), actor: z.string() };

export const handedOver = defineEvent({
  name: "catalog.hand-over.made",
  summary: "Things were given to another owner in one act.",
  payload: z.object({ ...Ends, from: z.string().optional(), reason: z.string().optional() }),
});
export const handOverUndone = defineEvent({
  name: "catalog.hand-over.undone",
  summary: "A hand-over was taken back.",
  payload: z.object({ ...Ends, from: z.string().optional(), reason: z.string().optional() }),
});

/** What the platform can do here. */
export const operations = [
  getOwnership,
  listOrphans,
  exportOrphans,
  assignOwner,
  listTeams,
  listOwned,
  listLeavers,
  previewHandOver,
  handOver,
  listHandOvers,
  undoHandOver,
  getOnCall,
  listOnCall,
] as const;
