import { defineEvent, defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

import { EntityRef } from "../catalog/ref.ts";
import { Effort, ScorecardName } from "./scorecard-document.ts";
import { EntityScore, LevelCounts, Narrowed, Share, Step } from "./scores.ts";

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
  /** Whether the mend can be opened as a change. */
  mends: z.boolean(),
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

export const scorecardSaved = defineEvent({
  name: "standards.scorecard.saved",
  summary: "A scorecard was created, changed or removed.",
  payload: z.object({ scorecard: z.string(), version: z.number().int(), change: z.enum(["created", "changed", "removed"]) }),
});

export const operations = [listScorecards, getScorecard, testScorecard, saveScorecard, deleteScorecard, listScorecardVersions] as const;
