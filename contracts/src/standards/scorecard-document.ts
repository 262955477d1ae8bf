import { z } from "zod";

import { EntityRef } from "../catalog/ref.ts";

const Name = z
  .string()
  .trim()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, "must be lower case letters, digits and dashes, e.g. has-runbook");
export const ScorecardName = Name;

/** How long the mend takes, shortest first: next steps stand in this order. */
export const EFFORTS = ["minutes", "hours", "days", "weeks"] as const;
export const Effort = z.enum(EFFORTS);
export type Effort = z.infer<typeof Effort>;

const Cel = z.string().min(1).max(20_000);

const Template = z.string().min(1).max(100_000);

const PatchStep = z.union([
  z.strictObject({
    create: z
      .string()
      .min(1)
      .max(300)
      .describe("A file that is not there yet: from the folder of the descriptor, with / in front from the root"),
    content: Template.describe("Its text, with {{ entity.metadata.name }}, {{ owner.name }}, {{ reviewers }}, {{ values.name }} filled in"),
    at: z.enum(["embedded", "github", "gitlab"]).optional().describe("Only where the repository lies at this host"),
  }),
  z.strictObject({
    set: z.string().min(1).max(300).describe("A JSON or YAML file that is there; catalog-info is the descriptor itself"),
    key: z.string().min(1).max(300).describe('Which key, e.g. engines.node or metadata.labels["example.com/tier"]'),
    value: z.union([Template, z.number(), z.boolean(), z.array(z.string()).max(100)]),
    at: z.enum(["embedded", "github", "gitlab"]).optional(),
  }),
]);

/** A mend that can be made as a change of files. */
export const MendPatch = z.strictObject({
  title: z.string().min(1).max(200).describe("Of the change, in the imperative"),
  values: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[a-zA-Z][a-zA-Z0-9]{0,40}$/, "must be letters and digits"),
        title: z.string().min(1).max(200),
        default: z.string().max(2_000).optional().describe("Without one it has to be given"),
        options: z.array(z.string().min(1).max(200)).max(50).default([]),
      }),
    )
    .max(10)
    .default([])
    .describe("What is asked of whoever opens the change"),
  files: z.array(PatchStep).min(1).max(20),
});
export type MendPatch = z.infer<typeof MendPatch>;

const Said = z.string().min(1).max(2_000);

export const ScorecardRule = z.strictObject({
  id: Name,
  title: z.string().min(1).max(200),
  expression: Cel.describe("CEL that is true where the thing is as it should be"),
  level: Name.describe("It must hold for this level and for those above"),
  category: Name.optional().describe("Default: the first category"),
  weight: z.number().min(0).max(100).default(1).describe("In the score, not for the level"),
  filter: Cel.optional().describe("CEL: only things for which it is true are asked; default all of the scorecard"),
  effectiveFrom: z.iso
    .datetime({ offset: true })
    .or(z.iso.date())
    .optional()
    .describe("Counts from then on; until then its result is shown and does not count"),
  message: z.string().min(1).max(1_000).describe("What it means that it fails"),
  messageExpression: Cel.optional().describe("CEL that gives a text with the particulars of a failure, e.g. which file"),
  mend: z
    .union([Said, MendPatch.extend({ say: Said.describe("What to do about it") })])
    .describe("What to do about it: in words, or with the files of a change that does it"),
  effort: Effort.default("hours").describe("How long the mend takes"),
  references: z
    .array(z.strictObject({ title: z.string().min(1).max(200), url: z.url({ protocol: /^https?$/ }).max(2_000) }))
    .max(10)
    .default([]),
  reads: z
    .array(z.string().min(1).max(300).regex(/^[^/]/, "must be relative to the folder of the descriptor"))
    .max(20)
    .default([])
    .describe("Files of the repository that the expression reads: names or globs, e.g. package.json, .github/workflows/*.yml"),
});
export type ScorecardRule = z.infer<typeof ScorecardRule>;

const Step = z.strictObject({ name: Name, title: z.string().min(1).max(100), description: z.string().max(1_000).optional() });

/** A scorecard as it is written in a file of `scorecards/`, and as it is saved. */
export const ScorecardDocument = z.strictObject({
  apiVersion: z.literal("roadbed.dev/v1"),
  kind: z.literal("Scorecard"),
  metadata: z.strictObject({ name: Name, title: z.string().min(1).max(200), description: z.string().max(4_000).optional() }),
  spec: z.strictObject({
    rubric: z
      .boolean()
      .default(false)
      .describe("The one scorecard of the whole organisation; all others are of teams and do not count for it"),
    owner: EntityRef.optional().describe("The team whose scorecard it is"),
    kinds: z.array(z.string().min(1).max(63)).min(1).max(20).default(["Component"]).describe("Kinds of entities that it looks at"),
    filter: Cel.optional().describe("CEL: which of these; default all"),
    levels: z.array(Step).min(1).max(10).describe("Lowest first"),
    categories: z
      .array(Step)
      .min(1)
      .max(20)
      .default([{ name: "general", title: "General" }]),
    rules: z.array(ScorecardRule).min(1).max(100),
  }),
});
export type ScorecardDocument = z.infer<typeof ScorecardDocument>;
