import type { AnyPredicate, EntityPredicate, Primitive, ValuePredicate } from "@roadbed/contracts/catalog/query";
import type { Sql } from "@roadbed/core";

import type { Catalogue } from "../estate/catalogue.ts";
import type { Condition } from "../estate/filter.ts";
import type { Sees } from "../estate/estate.ts";
import { intersect, unite } from "../estate/sets.ts";
import type { Visibility } from "../estate/visibility.ts";
import { makeContains } from "./like.ts";
import { isPrimitive, satisfies, valueAt } from "./predicate.ts";
import type { ServerFields } from "./server-fields.ts";
import { seesOf, type Texts } from "./texts.ts";

/** Which entities are asked for; everything that is given must hold. */
export interface Choice {
  /** One of these groups of conditions. */
  readonly groups?: readonly (readonly Condition[])[] | undefined;
  readonly predicate?: EntityPredicate | undefined;
  /** Text that one of the fields contains. */
  readonly text?: { readonly term: string; readonly fields: readonly string[] } | undefined;
}

/** Finds the entities that are asked for and may be seen, as sorted numbers, by lists that the estate keeps; documents are read only for items of lists. */
export interface Chooser {
  choose(sql: Sql, visible: Visibility, choice: Choice): Promise<readonly number[]>;
}

type Ids = readonly number[];

/** Answers about texts that are kept. */
const MAX_FOUND = 100;

/** What every part of a question needs. */
interface Question {
  readonly sql: Sql;
  readonly visible: Visibility;
  readonly sees: Sees | undefined;
}

export function createChooser(catalogue: Catalogue, deps: { readonly texts: Texts; readonly server: ServerFields }): Chooser {
  const { estate, feed } = catalogue;
  const found = new Map<string, Ids>();
  let textsOf = -1;

  return {
    choose: async (sql, visible, { groups, predicate, text }) => {
      const question = { sql, visible, sees: seesOf(visible) };
      const parts: Ids[] = [];
      if (groups) await estate.ready(groups.flat().map(({ key }) => key));
      if (groups) parts.push(unite(await Promise.all(groups.map((group) => holdAll(question, group)))));
      if (predicate) parts.push(await predicated(question, predicate));
      if (text) parts.push(await containing(question, text));
      return visible.only(intersectAll(parts));
    },
  };

  function intersectAll(parts: readonly Ids[]): Ids {
    return parts.reduce<Ids>((all, part) => (all === estate.all() ? part : intersect(all, part)), estate.all());
  }

  async function holdAll(question: Question, group: readonly Condition[]): Promise<Ids> {
    const served = group.filter(({ key }) => deps.server.has(key));
    if (served.length === 0) return estate.select(group, question.sees);
    const rest = estate.select(
      group.filter((condition) => !served.includes(condition)),
      question.sees,
    );
    return intersectAll([rest, ...(await Promise.all(served.map((condition) => ofField(question, condition.key, condition.values))))]);
  }

  /** Who has the field, or one of its values. */
  async function ofField(question: Question, key: string, values: readonly string[] | undefined): Promise<Ids> {
    const stated = estate.select([{ key, values }], question.sees);
    if (!deps.server.has(key)) return stated;
    const added = await deps.server.select(question.sql, key, (value) => values === undefined || values.includes(value));
    return unite([stated, added]);
  }

  async function ofMatch(question: Question, key: string, isMatch: (value: string) => boolean): Promise<Ids> {
    if (key.startsWith("relations.")) return relatedBy(question, key.slice("relations.".length), isMatch);
    const stated = estate.selectMatching(key, isMatch);
    return deps.server.has(key) ? unite([stated, await deps.server.select(question.sql, key, isMatch)]) : stated;
  }

  async function containing(question: Question, { term, fields }: NonNullable<Choice["text"]>): Promise<Ids> {
    const pattern = term.trim().toLowerCase();
    return unite(await Promise.all(fields.map((field) => ofText(question, field.toLowerCase(), pattern))));
  }

  /** Every value has to be looked at: what came of it is kept while nothing changes. */
  async function ofText(question: Question, key: string, pattern: string): Promise<Ids> {
    if (key.startsWith("relations.")) return ofMatch(question, key, makeContains(pattern));
    if (textsOf !== feed.applied) {
      found.clear();
      textsOf = feed.applied;
    }
    const known = found.get(`${key}\0${pattern}`);
    if (known) return known;
    const ids = await ofMatch(question, key, makeContains(pattern));
    if (textsOf === feed.applied) found.set(`${key}\0${pattern}`, ids);
    if (found.size > MAX_FOUND) found.delete(found.keys().next().value!);
    return ids;
  }

  async function predicated(question: Question, predicate: EntityPredicate): Promise<Ids> {
    if ("$all" in predicate) {
      const parts = predicate.$all as readonly EntityPredicate[];
      // As there: no alternatives at all is nothing, not everything.
      return parts.length === 0 ? [] : intersectAll(await Promise.all(parts.map((part) => predicated(question, part))));
    }
    if ("$any" in predicate) {
      return unite(await Promise.all((predicate.$any as readonly EntityPredicate[]).map((part) => predicated(question, part))));
    }
    if ("$not" in predicate) return without(await predicated(question, predicate.$not as EntityPredicate));
    const fields = Object.entries(predicate as Record<string, ValuePredicate>);
    return intersectAll(await Promise.all(fields.map(([path, wanted]) => valued(question, path, wanted))));
  }

  function without(ids: Ids): Ids {
    const all = estate.all();
    if (ids.length === 0) return all;
    const gone = new Set(ids);
    return all.filter((id) => !gone.has(id));
  }

  async function valued(question: Question, path: string, wanted: ValuePredicate): Promise<Ids> {
    const key = path.toLowerCase();
    if (isPrimitive(wanted)) return ofField(question, key, [lower(wanted)]);
    if ("$exists" in wanted) {
      const having =
        key === "relations"
          ? estate.all().filter((id) => estate.neighbours(id, question.sees).length > 0)
          : await ofField(question, key, undefined);
      return wanted.$exists ? having : without(having);
    }
    if ("$in" in wanted) return ofField(question, key, wanted.$in.map(lower));
    if ("$hasPrefix" in wanted) {
      const prefix = wanted.$hasPrefix.toLowerCase();
      return ofMatch(question, key, (value) => value.startsWith(prefix));
    }
    return holding(question, path, wanted.$contains);
  }

  /** Whose list has an item of this sort. Plain items are in the lists of the estate; relations in its graph; for others documents are read. */
  async function holding(question: Question, path: string, item: AnyPredicate): Promise<Ids> {
    const key = path.toLowerCase();
    if (key === "relations") return related(question, item);
    const plain = primitivesOf(item);
    if (plain) return estate.isList(key) ? ofField(question, key, plain.map(lower)) : [];
    const candidates = estate.selectBelow(key);
    const documents = await deps.texts.documents(question.sql, candidates, question.visible);
    return candidates.filter((_, at) => {
      const list = valueAt(documents[at], path);
      return Array.isArray(list) && list.some((one) => satisfies(item, one));
    });
  }

  function related(question: Question, item: AnyPredicate): Ids {
    const { type, targetRef, ...others } = typeof item === "object" ? (item as Record<string, unknown>) : { item };
    const [types, targets] = [primitivesOf(type), primitivesOf(targetRef)];
    if (Object.keys(others).length === 0 && types && (targets || targetRef === undefined)) {
      return unite(types.map((one) => estate.select([{ key: `relations.${lower(one)}`, values: targets?.map(lower) }], question.sees)));
    }
    return estate
      .all()
      .filter((id) => estate.neighbours(id, question.sees).some((one) => satisfies(item, { type: one.type, targetRef: one.ref })));
  }

  function relatedBy(question: Question, type: string, isMatch: (value: string) => boolean): Ids {
    return estate
      .all()
      .filter((id) => estate.neighbours(id, question.sees).some((one) => one.type.toLowerCase() === type && isMatch(one.ref)));
  }
}

/** The values of which an item may be one; undefined when it asks for something else. */
function primitivesOf(item: unknown): readonly Primitive[] | undefined {
  if (isPrimitive(item)) return [item];
  if (typeof item !== "object" || item === null) return undefined;
  const { $any, $in } = item as { $any?: readonly unknown[]; $in?: readonly unknown[] };
  const list = $any ?? $in;
  return list?.every(isPrimitive) === true ? list : undefined;
}

function lower(value: Primitive): string {
  return String(value).toLowerCase();
}
