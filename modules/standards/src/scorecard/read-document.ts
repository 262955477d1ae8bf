import { formatFault, type VariableType } from "@roadbed/cel";
import { ScorecardDocument } from "@roadbed/contracts/standards/scorecard-document";
import type { ScorecardProblem } from "@roadbed/contracts/standards/scorecards";
import { examine, InvalidError } from "@roadbed/core";
import { isNode, LineCounter, parseDocument, type Document } from "yaml";

import type { Expressions } from "../deps.ts";

/** What was read of a text or an object, and what is wrong with it. */
export interface ReadDocument {
  readonly document: ScorecardDocument | undefined;
  readonly problems: readonly ScorecardProblem[];
}

/** What expressions may name, with the fields that are known: a misspelt one is found when the scorecard is saved. */
const VARIABLES: Readonly<Record<string, VariableType>> = {
  entity: "dyn",
  related: "dyn",
  owner: "dyn",
  facts: "dyn",
  onCall: { fields: ["found", "names", "from", "because"] },
  docs: { fields: ["found", "pages", "problems"] },
  repo: { fields: ["found", "paths", "cut", "files"] },
  workloads: "dyn",
  objectives: "dyn",
  now: "dyn",
};

/** Reads a scorecard that was given as YAML text or as an object; says all that is wrong with it, with the line where there are lines. */
export function readDocument(
  given: { readonly scorecard?: unknown; readonly yaml?: string | undefined },
  cel: Pick<Expressions, "check">,
): ReadDocument {
  const { scorecard, yaml } = given;
  if ((scorecard === undefined) === (yaml === undefined))
    throw new InvalidError("Give either scorecard or yaml.", { problems: [{ at: "scorecard", reason: "one of the two is needed" }] });
  const text = yaml === undefined ? undefined : parseText(yaml);
  if (text && text.problems.length > 0) return { document: undefined, problems: text.problems };
  const { value, faults } = examine(ScorecardDocument, text ? text.data : scorecard);
  const place = (path: readonly PropertyKey[]): Pick<ScorecardProblem, "at" | "line"> => {
    const line = text?.lineOf(path);
    return { at: path.map(String).join("."), ...(line === undefined ? {} : { line }) };
  };
  if (faults !== undefined)
    return {
      document: undefined,
      problems: faults.map(({ path, reason, mend }) => ({ ...place(path), reason, ...(mend === undefined ? {} : { mend }) })),
    };
  const problems = [...checkNames(value), ...checkExpressions(value, cel)].map(({ path, ...problem }) => ({ ...place(path), ...problem }));
  return { document: value, problems };
}

interface Found {
  readonly path: readonly PropertyKey[];
  readonly reason: string;
  readonly mend?: string;
}

function* checkNames({ spec }: ScorecardDocument): Generator<Found> {
  for (const [field, list] of Object.entries({ levels: spec.levels, categories: spec.categories })) {
    for (const [at, { name }] of list.entries())
      if (list.findIndex((one) => one.name === name) < at)
        yield { path: ["spec", field, at, "name"], reason: `"${name}" stands here twice`, mend: "Give each its own name." };
  }
  const level = new Set(spec.levels.map(({ name }) => name));
  const category = new Set(spec.categories.map(({ name }) => name));
  for (const [at, rule] of spec.rules.entries()) {
    const path = (field: string): PropertyKey[] => ["spec", "rules", at, field];
    if (spec.rules.findIndex(({ id }) => id === rule.id) < at)
      yield { path: path("id"), reason: `there is a rule ${rule.id} before`, mend: "Give each its own id." };
    if (!level.has(rule.level))
      yield { path: path("level"), reason: `there is no level ${rule.level}`, mend: `Levels are ${[...level].join(", ")}.` };
    if (rule.category !== undefined && !category.has(rule.category))
      yield {
        path: path("category"),
        reason: `there is no category ${rule.category}`,
        mend: `Categories are ${[...category].join(", ")}.`,
      };
  }
}

function* checkExpressions({ spec }: ScorecardDocument, cel: Pick<Expressions, "check">): Generator<Found> {
  yield* checkOne(spec.filter, ["spec", "filter"], "bool", cel);
  for (const [at, rule] of spec.rules.entries()) {
    const path = (field: string): PropertyKey[] => ["spec", "rules", at, field];
    yield* checkOne(rule.expression, path("expression"), "bool", cel);
    yield* checkOne(rule.filter, path("filter"), "bool", cel);
    yield* checkOne(rule.messageExpression, path("messageExpression"), "string", cel);
    yield* checkFiles(rule, path("reads"));
  }
}

function* checkOne(
  expression: string | undefined,
  path: readonly PropertyKey[],
  type: string,
  cel: Pick<Expressions, "check">,
): Generator<Found> {
  if (expression === undefined) return;
  const checked = cel.check(expression, VARIABLES);
  if (!checked.ok) {
    const { mend } = checked.fault;
    const names = checked.fault.code === "unknown_variable" ? `They are ${Object.keys(VARIABLES).join(", ")}.` : undefined;
    yield { path, reason: formatFault(checked.fault), ...((names ?? mend) === undefined ? {} : { mend: names ?? mend! }) };
  } else if (checked.type !== type && checked.type !== "dyn") {
    yield {
      path,
      reason: `gives ${checked.type}, not ${type}`,
      mend: type === "bool" ? "Compare with ==, or ask has(...)." : "Make a text of it: string(...).",
    };
  }
}

/** A file that no `reads` names is never read, so a rule about it could never pass. */
function* checkFiles({ expression, reads }: ScorecardDocument["spec"]["rules"][number], path: readonly PropertyKey[]): Generator<Found> {
  const named = [
    ...expression.matchAll(/(?:repo\.files\s*\[\s*(["'])(.+?)\1\s*\])|(?:(["'])([^"']+)\3\s+in\s+repo\.files\b(?!\s*\[))/g),
  ].map((match) => match[2] ?? match[4]!);
  for (const file of new Set(named)) {
    if (!reads.some((pattern) => pattern === file || /[*?[{]/.test(pattern)))
      yield { path, reason: `the expression reads ${file}, which is not among them`, mend: `Add "${file}" to reads.` };
  }
  if (/\brepo\.files\b/.test(expression) && reads.length === 0 && named.length === 0)
    yield { path, reason: "the expression reads files, and none is named", mend: "Name them in reads, e.g. [package.json]." };
}

function parseText(yaml: string): {
  readonly data: unknown;
  readonly problems: ScorecardProblem[];
  lineOf(path: readonly PropertyKey[]): number;
} {
  const lines = new LineCounter();
  const document = parseDocument(yaml, { lineCounter: lines, prettyErrors: false });
  const lineAt = (offset: number): number => lines.linePos(offset).line;
  return {
    data: dataOf(document),
    problems: document.errors.map(({ message, pos }) => ({ at: "", line: lineAt(pos[0]), reason: message })),
    lineOf: (path) => {
      for (let length = path.length; length >= 0; length--) {
        const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
        if (isNode(node) && node.range) return lineAt(node.range[0]);
      }
      return 1;
    },
  };
}

function dataOf(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch {
    return undefined;
  }
}
