import type { Entity } from "@roadbed/contracts/catalog";
import type { Sql } from "@roadbed/core";

import type { Expressions, Outcome, Program } from "../deps.ts";
import type { DocumentCache } from "../estate/document-cache.ts";
import type { Estate } from "../estate/estate.ts";

/** An answer of an expression: a value, or why there is none. */
export type Answer = { readonly value: unknown } | { readonly fault: string };

/** Runs expressions over entities beside the process's own work. */
export interface Evaluator {
  /** One answer per binding, in order. `names` are those that every binding carries. */
  run(expression: string, names: readonly string[], bindings: readonly Readonly<Record<string, unknown>>[]): Promise<Answer[]>;
  /** Whole documents by number; of what is gone there is none. */
  documents(ids: readonly number[]): Promise<ReadonlyMap<number, Entity>>;
}

/** Longest value that is kept, as JSON text. */
const MAX_VALUE = 10_000;
const MAX_RETRIES = 2;

export function createEvaluator(o: {
  readonly sql: Sql;
  readonly estate: Estate;
  readonly cache: DocumentCache;
  readonly cel: Expressions | undefined;
}): Evaluator {
  const programs = new Map<string, Program>();
  return {
    run: async (expression, names, bindings) => {
      if (!o.cel) return bindings.map(() => ({ fault: "expressions are not understood here" }));
      const key = `${names.join(",")} ${expression}`;
      let program = programs.get(key);
      if (!program) programs.set(key, (program = o.cel.createProgram({ names, rules: [{ expression }] })));
      let outcomes = await o.cel.evaluateBatch({ programs: [program], bindings });
      // A machine that is very busy stops what is not slow at all: that must not stand as "no value".
      for (let again = 0; again < MAX_RETRIES && outcomes.some(isStopped); again++) {
        outcomes = await o.cel.evaluateBatch({ programs: [program], bindings });
      }
      return outcomes.map((outcome): Answer => {
        if (outcome.kind === "fault") return { fault: outcome.fault.reason };
        const rule = outcome.kind === "rules" ? outcome.rules[0] : undefined;
        if (rule === undefined) return { value: undefined };
        return rule.kind === "fault" ? { fault: rule.fault.reason } : bounded(rule.value);
      });
    },
    documents: async (ids) => {
      const found = new Map<number, Entity>();
      const missing: string[] = [];
      for (const id of ids) {
        const cached = o.cache.get(o.estate.refOf(id));
        if (cached) found.set(id, JSON.parse(cached.document) as Entity);
        else if (o.estate.at(id)) missing.push(o.estate.refOf(id));
      }
      if (missing.length === 0) return found;
      const { rows } = await o.sql.query<{ ref: string; document: Entity }>(
        "select ref, document from catalog.entity where ref = any($1)",
        [missing],
      );
      for (const { ref, document } of rows) found.set(o.estate.idOf(ref)!, document);
      return found;
    },
  };
}

function isStopped(outcome: Outcome): boolean {
  return outcome.kind === "fault" && outcome.fault.code === "deadline";
}

function bounded(value: unknown): Answer {
  if (value === null || value === undefined) return { value: undefined };
  return typeof value === "object" || typeof value === "string"
    ? JSON.stringify(value).length > MAX_VALUE
      ? { fault: `gives more than ${MAX_VALUE} characters` }
      : { value }
    : { value };
}
