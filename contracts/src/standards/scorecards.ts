import { defineEvent, defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

import { EntityRef } from "../catalog/ref.ts";
import { Effort, ScorecardName } from "./scorecard-document.ts";

/** What a rule gave for one thing. `unknown`: it could not be evaluated, which is never a pass. */
export const Outcome = z.enum(["pass", "fail", "unknown", "waived", "not-applicable"]);
export type Outcome = z.infer<typeof Outcome>;

const Step = z.object({ name: z.string(), title: z.string(), description: z.string().optional() });
const Share = z.number().describe("0 to 1");

/** How many things are at which level; the first number is of those that have not reached the lowest one. */
const LevelCounts = z.array(z.number().int());

export const ScorecardRow = z.object({
  name: z.string(),
  title: z.string(),
  description: z.string().optional(),
  rubric: z.boolean(),
  owner: z.string().optional(),
  version: z.number().int(),
  rules: z.number().int(),
  levels: z.array(Step),
  /** Things that it looks at and that you may see. */
  things: z.number().int(),
  levelCounts: LevelCounts,
  /** Of all results that count, by weight; absent where there is none. */
  passShare: Share.optional(),
  /** True while everything is being looked at anew, after a change of the rules. */
  computing: z.boolean(),
  /** How many things have been looked at anew, and of how many; absent while nothing is. */
  progress: z.object({ looked: z.number().int(), of: z.number().int() }).optional(),
});
export type ScorecardRow = z.infer<typeof ScorecardRow>;

export const listScorecards = defineOperation({
  name: "standards.scorecard.list",
  summary: "List the scorecards: the rubric first, then those of teams.",
  scope: "standards:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/scorecards" },
  input: PageInput,
  output: pageOf(ScorecardRow),
  cli: { columns: ["name", "title", "rubric", "owner", "rules", "things", "levelCounts", "passShare"] },
});

const RuleView = z.object({
  id: z.string(),
  title: z.string(),
  expression: z.string(),
  level: z.string(),
  category: z.string(),
  weight: z.number(),
  filter: z.string().optional(),
  effectiveFrom: z.string().optional(),
  /** False until `effectiveFrom`. */
  counts: z.boolean(),
  message: z.string(),
  mend: z.string(),
  effort: Effort,
  references: z.array(z.object({ title: z.string(), url: z.string() })),
  reads: z.array(z.string()),
  passed: z.number().int(),
  failed: z.number().int(),
  unknown: z.number().int(),
  waived: z.number().int(),
  notApplicable: z.number().int(),
});
export type ScorecardRuleView = z.infer<typeof RuleView>;

const Narrowed = {
  owner: EntityRef.optional().describe("Only what this team or person owns"),
  system: EntityRef.optional().describe("Only what is part of this system"),
};

export const getScorecard = defineOperation({
  name: "standards.scorecard.get",
  summary: "Show one scorecard: its levels, and how many things pass each rule.",
  scope: "standards:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/scorecards/{name}" },
  input: z.object({ name: ScorecardName, ...Narrowed }),
  output: ScorecardRow.extend({
    categories: z.array(Step),
    kinds: z.array(z.string()),
    filter: z.string().optional(),
    /** True while it is as it was shipped with Roadbed. */
    shipped: z.boolean(),
    changedAt: z.iso.datetime(),
    changedBy: z.string(),
    ruleStates: z.array(RuleView),
    /** What was saved, to be edited. */
    document: z.record(z.string(), z.unknown()),
  }),
  cli: { rows: "ruleStates", columns: ["level", "category", "id", "title", "passed", "failed", "unknown", "waived"] },
});

/** The document as an object (a YAML or JSON file at the command line). */
const Given = z
  .record(z.string(), z.unknown())
  .optional()
  .describe("The scorecard: a document with apiVersion roadbed.dev/v1 and kind Scorecard");
const GivenYaml = z.string().max(300_000).optional().describe("Instead of scorecard: the same as YAML text");

const ScorecardProblem = z.object({
  at: z.string(),
  line: z.number().int().optional(),
  reason: z.string(),
  mend: z.string().optional(),
});
export type ScorecardProblem = z.infer<typeof ScorecardProblem>;

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

export const testScorecard = defineOperation({
  name: "standards.scorecard.test",
  summary: "Check a scorecard and say how things would stand in it, without saving it.",
  scope: "standards:read",
  risk: "read",
  http: { method: "POST", path: "/api/v1/scorecards/test" },
  input: z.object({
    scorecard: Given,
    yaml: GivenYaml,
    ref: EntityRef.optional().describe("Say how this entity would stand"),
  }),
  output: z.object({
    ok: z.boolean(),
    problems: z.array(ScorecardProblem),
    name: z.string().optional(),
    change: z.enum(["created", "changed", "unchanged"]).optional(),
    /** How many of those that were looked at would be at which level. */
    looked: z.number().int(),
    levelCounts: LevelCounts,
    rules: z.array(
      z.object({
        id: z.string(),
        title: z.string(),
        passed: z.number().int(),
        failed: z.number().int(),
        unknown: z.number().int(),
        note: z.string().optional(),
      }),
    ),
    score: EntityScore.optional(),
  }),
  cli: { positional: ["scorecard"], rows: "problems", columns: ["at", "line", "reason", "mend"], exitCode: ({ ok }) => (ok ? 0 : 1) },
});

export const saveScorecard = defineOperation({
  name: "standards.scorecard.save",
  summary: "Create or change a scorecard; what changed is computed anew at once, and the version before is kept.",
  scope: "standards:write",
  risk: "medium",
  http: { method: "PUT", path: "/api/v1/scorecards" },
  input: z.object({ scorecard: Given, yaml: GivenYaml, reason: z.string().trim().max(1_000).optional() }),
  output: z.object({ name: z.string(), version: z.number().int(), change: z.enum(["created", "changed", "unchanged"]) }),
  cli: { positional: ["scorecard"] },
});

export const deleteScorecard = defineOperation({
  name: "standards.scorecard.delete",
  summary: "Remove a scorecard with its results; its versions and history stay.",
  scope: "standards:write",
  risk: "destructive",
  http: { method: "DELETE", path: "/api/v1/scorecards/{name}" },
  input: z.object({ name: ScorecardName }),
  output: z.object({ removed: z.string() }),
});

export const listScorecardVersions = defineOperation({
  name: "standards.scorecard.versions",
  summary: "List the versions of a scorecard, newest first, with who changed it and why.",
  scope: "standards:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/scorecards/{name}/versions" },
  input: PageInput.extend({ name: ScorecardName }),
  output: pageOf(
    z.object({
      version: z.number().int(),
      at: z.iso.datetime(),
      actor: z.string(),
      reason: z.string().optional(),
      rules: z.number().int(),
      document: z.record(z.string(), z.unknown()),
    }),
  ),
  cli: { columns: ["version", "at", "actor", "reason", "rules"] },
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

export const scorecardSaved = defineEvent({
  name: "standards.scorecard.saved",
  summary: "A scorecard was created, changed or removed.",
  payload: z.object({ scorecard: z.string(), version: z.number().int(), change: z.enum(["created", "changed", "removed"]) }),
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

export const operations = [
  listScorecards,
  getScorecard,
  testScorecard,
  saveScorecard,
  deleteScorecard,
  listScorecardVersions,
  listScores,
  getMatrix,
  listScoreChanges,
  getTrend,
  getEntityScores,
  getBadge,
] as const;
