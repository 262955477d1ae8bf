import type { Program } from "@roadbed/cel";
import { EFFORTS, type MendPatch, type ScorecardDocument, type ScorecardRule } from "@roadbed/contracts/standards/scorecard-document";

import type { Expressions } from "../deps.ts";
import { sightOf, type Sight } from "./sight.ts";
import type { Wanted } from "./things.ts";

/** A scorecard ready to be evaluated. */
export interface Definition {
  readonly name: string;
  readonly title: string;
  readonly version: number;
  readonly document: ScorecardDocument;
  readonly levels: ScorecardDocument["spec"]["levels"];
  readonly categories: ScorecardDocument["spec"]["categories"];
  readonly rules: readonly Rule[];
  /** Lower case. */
  readonly kinds: ReadonlySet<string>;
  readonly program: Program;
  readonly wanted: Wanted;
  /** What its expressions can see of a subject. */
  readonly sight: Sight;
  /** Whether it takes files of a repository to say what it looks at. */
  readonly filterReadsFiles: boolean;
  /** Whether time alone can change a result. */
  readonly ages: boolean;
}

export interface Rule extends Omit<ScorecardRule, "mend"> {
  /** In words. */
  readonly mend: string;
  /** Where the mend can be made as a change of files. */
  readonly patch: MendPatch | undefined;
  /** Positions in the scorecard's lists. */
  readonly levelAt: number;
  readonly categoryAt: number;
  readonly effectiveAt: number;
  readonly effortAt: number;
  /** Where its answers stand among the program's. */
  readonly filterAt: number | undefined;
  readonly answerAt: number;
  /** Whether it reads files of a repository. */
  readonly readsFiles: boolean;
}

/** Names that expressions may use; `undefined` fields are of any name. */
export const NAMES = ["entity", "related", "owner", "facts", "onCall", "docs", "repo", "workloads", "objectives", "now"] as const;

const READS_FILES = /\brepo\b/;

/** A document that was checked becomes what is evaluated. */
export function createDefinition(document: ScorecardDocument, version: number, cel: Pick<Expressions, "createProgram">): Definition {
  const { metadata, spec } = document;
  const source: { expression: string; otherwise?: string }[] = [];
  const rules = spec.rules.map((rule): Rule => {
    const filterAt = rule.filter === undefined ? undefined : source.push({ expression: rule.filter }) - 1;
    const answerAt =
      source.push({ expression: rule.expression, ...(rule.messageExpression === undefined ? {} : { otherwise: rule.messageExpression }) }) -
      1;
    const { mend } = rule;
    return {
      ...rule,
      mend: typeof mend === "string" ? mend : mend.say,
      patch: typeof mend === "string" ? undefined : mend,
      levelAt: spec.levels.findIndex(({ name }) => name === rule.level),
      categoryAt: rule.category === undefined ? 0 : spec.categories.findIndex(({ name }) => name === rule.category),
      effectiveAt: rule.effectiveFrom === undefined ? 0 : Date.parse(rule.effectiveFrom),
      effortAt: EFFORTS.indexOf(rule.effort),
      filterAt,
      answerAt,
      readsFiles: READS_FILES.test([rule.expression, rule.filter, rule.messageExpression].join("\n")),
    };
  });
  const text = [spec.filter ?? "", ...source.flatMap(({ expression, otherwise = "" }) => [expression, otherwise])].join("\n");
  const reads = [...new Set(rules.flatMap((rule) => rule.reads))];
  const mentions = (name: string): boolean => new RegExp(`\\b${name}\\b`).test(text);
  return {
    name: metadata.name,
    title: metadata.title,
    version,
    document,
    levels: spec.levels,
    categories: spec.categories,
    rules,
    kinds: new Set(spec.kinds.map((kind) => kind.toLowerCase())),
    program: cel.createProgram({ names: NAMES, ...(spec.filter === undefined ? {} : { conditions: [spec.filter] }), rules: source }),
    wanted: {
      facts: mentions("facts"),
      onCall: mentions("onCall"),
      docs: mentions("docs"),
      objectives: mentions("objectives"),
      ...(reads.length > 0 || mentions("repo") ? { files: reads } : {}),
    },
    sight: sightOf(text, NAMES),
    filterReadsFiles: READS_FILES.test(spec.filter ?? ""),
    ages: mentions("facts") || mentions("now") || mentions("objectives"),
  };
}

/** What several scorecards read, together. */
export function wantedBy(definitions: readonly Definition[]): Wanted {
  const all = definitions.map(({ wanted }) => wanted);
  const files = [...new Set(all.flatMap((wanted) => wanted.files ?? []))];
  return {
    facts: all.some(({ facts }) => facts === true),
    onCall: all.some(({ onCall }) => onCall === true),
    docs: all.some(({ docs }) => docs === true),
    objectives: all.some(({ objectives }) => objectives === true),
    ...(all.some((wanted) => wanted.files) ? { files } : {}),
  };
}
