import { defineEvent, defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

import { EntityRef } from "../catalog/ref.ts";
import { Mend } from "./mends.ts";
import { Effort, MendPatch, ScorecardName } from "./scorecard-document.ts";

/** What a rule gave for one thing. `unknown`: it could not be evaluated, which is never a pass. */
export const Outcome = z.enum(["pass", "fail", "unknown", "waived", "not-applicable"]);
export type Outcome = z.infer<typeof Outcome>;

/** A level or a category. */
export const Step = z.object({ name: z.string(), title: z.string(), description: z.string().optional() });
/** A part of a whole. */
export const Share = z.number().describe("0 to 1");

/** How many things are at which level; the first number is of those that have not reached the lowest one. */
export const LevelCounts = z.array(z.number().int());

/** What lists and sums can be narrowed to. */
export const Narrowed = {
  owner: EntityRef.optional().describe("Only what this team or person owns"),
  system: EntityRef.optional().describe("Only what is part of this system"),
};

const RuleResult = z.object({
  id: z.string(),
  title: z.string(),
  category: z.string(),
  level: z.string(),
  weight: z.number(),
  outcome: Outcome,
  /** False until the rule counts: then `effectiveFrom` says from when. */
  counts: z.boolean(),
  effectiveFrom: z.string().optional(),
  /** What it means that it fails, or why it could not be evaluated. */
  message: z.string().optional(),
  mend: z.string(),
  effort: Effort,
  references: z.array(z.object({ title: z.string(), url: z.string() })),
  /** There where the mend can be opened as a change. */
  patch: MendPatch.pick({ title: true, values: true }).optional(),
  /** The newest change that was opened to mend it. */
  change: Mend.pick({ id: true, state: true, link: true, reason: true, repository: true }).optional(),
});
export type RuleResult = z.infer<typeof RuleResult>;

export const EntityScore = z.object({
  scorecard: z.string(),
  title: z.string(),
  rubric: z.boolean(),
  version: z.number().int(),
  levels: z.array(Step),
  /** How many levels are reached; absent where no rule that counts is about it. */
  rank: z.number().int().optional(),
  level: z.string().optional().describe("Name of the highest level reached"),
  score: Share.optional().describe("Of the rules that count, by weight"),
  categories: z.array(
    z.object({
      name: z.string(),
      title: z.string(),
      rank: z.number().int().optional(),
      passed: z.number().int(),
      counted: z.number().int(),
    }),
  ),
  rules: z.array(RuleResult),
  /** What separates it from the next level, the least effort first. */
  next: z.object({ level: z.string(), title: z.string(), steps: z.array(RuleResult) }).optional(),
  /** Since when it is at its level. */
  since: z.iso.datetime(),
});
export type EntityScore = z.infer<typeof EntityScore>;

export const getEntityScores = defineOperation({
  name: "standards.score.get",
  summary: "Show how an entity stands in each scorecard: its level, what passes and fails, and the next steps.",
  scope: "standards:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/entities/{ref}/scores" },
  input: z.object({ ref: EntityRef, scorecard: ScorecardName.optional().describe("Only this one") }),
  output: z.object({ ref: z.string(), scores: z.array(EntityScore) }),
  resource: ({ ref }) => ({ kind: "entity", id: ref }),
  cli: { rows: "scores", columns: ["scorecard", "level", "score", "next.title", "next.steps.0.title", "next.steps.0.mend"] },
});

export const ScoreRow = z.object({
  ref: z.string(),
  kind: z.string(),
  title: z.string(),
  owner: z.string().optional(),
  system: z.string().optional(),
  rank: z.number().int().optional(),
  level: z.string().optional(),
  score: Share.optional(),
  failed: z.number().int(),
  unknown: z.number().int(),
  /** The next step of least effort. */
  next: z.object({ id: z.string(), title: z.string(), effort: Effort, steps: z.number().int() }).optional(),
  /** What the rule that was asked for gave, and what it says. */
  outcome: Outcome.optional(),
  message: z.string().optional(),
});
export type ScoreRow = z.infer<typeof ScoreRow>;

export const listScores = defineOperation({
  name: "standards.score.list",
  summary: "List how things stand in a scorecard, lowest level first.",
  scope: "standards:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/scorecards/{name}/scores" },
  input: PageInput.extend({
    name: ScorecardName,
    ...Narrowed,
    level: z.string().max(63).optional().describe("Only those at this level; none: those below the lowest"),
    category: z.string().max(63).optional().describe("The level is that of this category"),
    rule: z.string().max(63).optional().describe("Only what this rule is asked of, with its result"),
    outcome: Outcome.optional().describe("With rule: only this result"),
    text: z.string().max(200).optional().describe("Only those whose name has this"),
  }),
  output: pageOf(ScoreRow),
  cli: { columns: ["ref", "owner", "level", "score", "failed", "unknown", "next.title", "next.effort"] },
});

const MatrixCell = z.object({
  category: z.string(),
  levelCounts: LevelCounts,
  /** Of the results that count, by weight; absent where none does. */
  passShare: Share.optional(),
});

export const getMatrix = defineOperation({
  name: "standards.scorecard.matrix",
  summary: "Show how each team or system stands in each category of a scorecard.",
  scope: "standards:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/scorecards/{name}/matrix" },
  input: PageInput.extend({ name: ScorecardName, by: z.enum(["owner", "system"]).default("owner") }),
  output: pageOf(
    z.object({
      /** The team or system; absent for what has none. */
      ref: z.string().optional(),
      title: z.string(),
      things: z.number().int(),
      levelCounts: LevelCounts,
      passShare: Share.optional(),
      cells: z.array(MatrixCell),
    }),
  ),
  cli: { columns: ["title", "things", "levelCounts", "passShare"] },
});

export const ScoreChange = z.object({
  id: z.string(),
  at: z.iso.datetime(),
  ref: z.string(),
  title: z.string(),
  scorecard: z.string(),
  before: z.string().optional().describe("Name of the level; absent: below the lowest, or not there"),
  after: z.string().optional(),
  rose: z.boolean(),
  fell: z.boolean(),
  rules: z.array(z.object({ id: z.string(), title: z.string(), before: Outcome.optional(), after: Outcome.optional() })),
  /** `entity`: something about it changed; `scorecard`: the rules did; `time`: a date passed or a fact aged. */
  cause: z.enum(["entity", "scorecard", "time"]),
});
export type ScoreChange = z.infer<typeof ScoreChange>;

export const listScoreChanges = defineOperation({
  name: "standards.score.changes",
  summary: "List how results of a scorecard changed, newest first.",
  scope: "standards:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/scorecards/{name}/changes" },
  input: PageInput.extend({ name: ScorecardName, ref: EntityRef.optional(), owner: Narrowed.owner }),
  output: pageOf(ScoreChange),
  cli: { columns: ["at", "ref", "before", "after", "cause"] },
});

export const getTrend = defineOperation({
  name: "standards.scorecard.trend",
  summary: "Show how many of today's things were at which level, day by day.",
  scope: "standards:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/scorecards/{name}/trend" },
  input: z.object({ name: ScorecardName, ...Narrowed, days: z.coerce.number().int().min(1).max(400).default(30) }),
  output: z.object({
    levels: z.array(Step),
    /** A day without a row is one before the first result. The last is now. */
    days: z.array(z.object({ at: z.iso.datetime(), things: z.number().int(), levelCounts: LevelCounts })),
    since: z.iso.datetime().optional().describe("When the first result was computed"),
  }),
  cli: { rows: "days", columns: ["at", "things", "levelCounts"] },
});

export const getBadge = defineOperation({
  name: "standards.badge.get",
  summary: "Give the address of an entity's badge: signed, so that it can be shown where nobody is signed in.",
  scope: "standards:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/entities/{ref}/badge" },
  input: z.object({
    ref: EntityRef,
    scorecard: ScorecardName.optional().describe("Default: the rubric"),
    theme: z.enum(["light", "dark"]).default("light"),
    category: z.string().max(63).optional(),
  }),
  output: z.object({
    url: z.string().describe("For everybody who has it"),
    path: z.string().describe("For those who are signed in"),
    markdown: z.string(),
  }),
  resource: ({ ref }) => ({ kind: "entity", id: ref }),
});

export const scoreChanged = defineEvent({
  name: "standards.scorecard.changed",
  summary: "An entity's result in a scorecard is another one.",
  payload: z.object({
    scorecard: z.string(),
    title: z.string(),
    ref: z.string(),
    before: z.string().optional(),
    after: z.string().optional(),
    rose: z.boolean(),
    fell: z.boolean(),
    rules: z.array(z.object({ id: z.string(), title: z.string(), before: Outcome.optional(), after: Outcome.optional() })),
    cause: z.enum(["entity", "scorecard", "time"]),
  }),
});

export const scoresComputed = defineEvent({
  name: "standards.scorecards.computed",
  summary: "So many results were computed at once that they are not told one by one.",
  payload: z.object({ results: z.number().int(), left: z.boolean().describe("True while there is more to compute") }),
});

export const scoresDue = defineEvent({
  name: "standards.scorecard.due",
  summary: "Something happened that may change results of scorecards.",
  payload: z.object({ things: z.number().int() }),
});

export const operations = [listScores, getMatrix, listScoreChanges, getTrend, getEntityScores, getBadge] as const;
