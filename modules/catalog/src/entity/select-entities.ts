import { InvalidError, type Sql } from "@roadbed/core";

import type { Catalogue } from "../estate/catalogue.ts";
import { parseFilter } from "../estate/filter.ts";
import { intersect } from "../estate/sets.ts";
import type { Visibility } from "../estate/visibility.ts";

/** Finds the entities that match a filter and hold some words. One of these per process: it remembers what expressions gave. */
export interface Selector {
  /** Numbers of the items that are shown, ascending. Throws `InvalidError` for an expression that does not compile. */
  select(sql: Sql, visible: Visibility, filter: string | undefined, text?: string): Promise<readonly number[]>;
}

/** Answers of expressions that are kept, as long as nothing changes. */
const MAX_ANSWERS = 32;
const BATCH = 500;

export function createSelector(catalogue: Catalogue): Selector {
  const { estate, finder, feed, derived } = catalogue;
  const answers = new Map<string, readonly number[]>();
  let answersOf = "";

  return {
    select: async (sql, visible, text, words) => {
      const filter = parseFilter(text);
      const sees = visible.all ? undefined : visible.sees;
      if ("conditions" in filter) await estate.ready(filter.conditions.map(({ key }) => key));
      const selected =
        "expression" in filter ? await evaluate(sql, visible, filter.expression) : visible.only(estate.select(filter.conditions, sees));
      if (words === undefined || words.trim() === "") return selected;
      await finder.ready();
      return intersect(selected, finder.matching(words, sees));
    },
  };

  async function evaluate(sql: Sql, visible: Visibility, expression: string): Promise<readonly number[]> {
    const state = stateOf();
    if (answersOf !== state) {
      answers.clear();
      answersOf = state;
    }
    // Relations to what is hidden are not there: the same expression is another question.
    const question = `${visible.key}\0${expression}`;
    const known = answers.get(question);
    if (known) return known;
    const found = await evaluateAll(sql, visible, expression);
    if (stateOf() === state) answers.set(question, found);
    if (answers.size > MAX_ANSWERS) answers.delete(answers.keys().next().value!);
    return found;
  }

  /** What is derived may become another without anything being written. */
  function stateOf(): string {
    return `${feed.applied} ${derived.engine.version}`;
  }

  async function evaluateAll(sql: Sql, visible: Visibility, expression: string): Promise<readonly number[]> {
    const { cel } = catalogue;
    if (!cel) {
      throw new InvalidError("Expressions are not understood here.", {
        mend: "Filter by key=value pairs, e.g. kind=component,spec.type=service.",
      });
    }
    const candidates = visible.only(candidatesOf(expression));
    const found: number[] = [];
    for (let start = 0; start === 0 || start < candidates.length; start += BATCH) {
      const batch = candidates.slice(start, start + BATCH);
      const matches = await cel.matches(expression, await readEntities(sql, visible, batch));
      batch.forEach((id, at) => matches[at] === true && found.push(id));
    }
    return found;
  }

  /** An expression that begins with a kind needs no other entities. */
  function candidatesOf(expression: string): readonly number[] {
    const [, kind] = /^\s*entity\.kind\s*==\s*["'](\w+)["']\s*(?:&&|$)/.exec(expression) ?? [];
    if (kind === undefined || expression.includes("||") || expression.includes("?")) return estate.all();
    return intersect(estate.all(), estate.select([{ key: "kind", values: [kind.toLowerCase()] }]));
  }

  async function readEntities(sql: Sql, visible: Visibility, ids: readonly number[]): Promise<Record<string, unknown>[]> {
    const documents = await catalogue.readDocuments(
      sql,
      ids.map((id) => estate.refOf(id)),
    );
    return ids.map((id) => ({
      // Gone since: nothing is true of it.
      ...documents.get(estate.refOf(id)),
      derived: estate.at(id)?.derived ?? {},
      relations: estate.neighbours(id, visible.all ? undefined : visible.sees).map(({ type, ref }) => ({ type, targetRef: ref })),
    }));
  }
}
