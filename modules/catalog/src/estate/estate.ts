import type { Entity } from "@roadbed/contracts/catalog";

import { statementsOf, type Statement } from "../entity/relations.ts";
import type { Graph } from "../graph/graph.ts";
import { createKinds, type Kinds } from "../kinds/registry.ts";
import { finish, type Turns } from "../source/turns.ts";
import { SINGLY, type Arena } from "./arena.ts";
import type { Condition } from "./filter.ts";
import { createEdges, NONE, withoutRules, type EdgeListener, type ObservedLink } from "./edges.ts";
import { createFlattener, type Flattener } from "./flatten.ts";
import { createInterner, type Interner } from "./interner.ts";
import { summarise, type Item } from "./item.ts";
import { createOrders, type Orders } from "./orders.ts";
import { createPostings } from "./postings.ts";
import { createRestrictions, type Restrictions } from "./restrictions.ts";
import { insert, intersect, remove as removeFrom, unite } from "./sets.ts";

/** An entity as the change feed brings it. */
export interface Arrival {
  readonly ref: string;
  readonly entity: Entity;
  readonly sourceId: string;
  readonly sample: boolean;
  readonly docsRoot: string | undefined;
}

/** From here on, types of edges are observed ones. */
export const FIRST_OBSERVED = 253;

/** One relation as seen from an entity. */
export interface Neighbour {
  readonly type: string;
  readonly id: number;
  readonly ref: string;
  /** The rule that made it, where no document states it. */
  readonly rule: string | undefined;
}

/**
 * The whole estate in memory, as numbers: who has which value of which key, who stands where in which order, who relates to whom.
 * Answers lists, facets and walks without asking the database. Entities and dangling references are numbered alike.
 */
export interface Estate {
  readonly size: number;
  readonly graph: Graph;
  /** Replaces the relations that traces tell. They stand in the graph beside the others, but are nobody's neighbours. */
  observe(edges: readonly ObservedLink[]): void;
  readonly orders: Orders;
  readonly restrictions: Restrictions;
  /** What will be kept of an entity; of very many, in an arena of theirs. Changes nothing that can be asked: the estate of a moment later is prepared piece by piece. */
  prepare(arrival: Arrival, arena?: Arena): Item;
  /**
   * A copy that goes its own way: what is put into one is not in the other. They share all texts, and the items until they change;
   * an entity has the same number in both. What was derived, and the relations that rules made, stay behind: they are of the moment.
   */
  fork(): Estate;
  /** Puts in and takes out; afterwards everything that can be asked agrees. */
  apply(arrivals: readonly Item[], departures: readonly string[]): void;
  /** The same with stops, if there is much to do: until its end, everything that can be asked is as it was. One at a time. */
  applying(arrivals: readonly Item[], departures: readonly string[]): Turns;
  get(ref: string): Item | undefined;
  /** The item with this number; undefined for a reference that dangles. */
  at(id: number): Item | undefined;
  refOf(id: number): string;
  idOf(ref: string): number | undefined;
  all(): readonly number[];
  /** Numbers of the items for which all conditions hold, ascending; relations count only to nodes that `sees` shows. */
  select(conditions: readonly Condition[], sees?: Sees): readonly number[];
  /** Numbers of the items that have a value of the key, in lower case, of which this is true; not for relations. */
  selectMatching(key: string, isMatch: (value: string) => boolean): readonly number[];
  /** Numbers of the items that have the key or one below it. */
  selectBelow(key: string): readonly number[];
  /** Whether values of the key, in lower case, were ever items of a list. */
  isList(key: string): boolean;
  /** The value of a key by which an item is sorted: the first of several, null for one that equals nothing, undefined for none. */
  sortValueOf(item: Item, key: string): string | null | undefined;
  /** How many of the items have each value of each key; values as they are written, most frequent first. */
  facets(ids: readonly number[], keys: readonly string[], sees?: Sees): Record<string, { value: string; count: number }[]>;
  /** All relations of a node to nodes that `sees` shows, both ways, sorted by type and reference. */
  neighbours(id: number, sees?: Sees): Neighbour[];
  /** The same without order and whoever asks: the relation's code as seen from the node, and the other end. */
  forEachNeighbour(id: number, visit: (other: number, code: number) => void): void;
  /** What the item has under a key: derived properties and relations (to nodes that `sees` shows) as they are, fields of the document as text. */
  valueOf(item: Item, key: string, sees?: Sees): unknown;
  /** Replaces the derived properties of items. */
  derive(changes: ReadonlyMap<number, Readonly<Record<string, unknown>> | undefined>): void;
  /** Replaces the relations that rules made for items: code, other end, and the rule's number of `ruleNumber`, in threes. */
  infer(changes: ReadonlyMap<number, readonly number[]>): void;
  ruleNumber(rule: string): number;
  /** The rule that made a relation which no document states; undefined for all others. */
  inferredBy(id: number, code: number, other: number): string | undefined;
  /** Tells of every relation that comes or goes, at that moment; `all` when everything may be another. One listener. */
  watchEdges(listener: EdgeListener): void;
}

export type { EdgeListener, ObservedLink } from "./edges.ts";

/** Whether a node is shown to who asks. */
export type Sees = (id: number) => boolean;

const ALL: Sees = () => true;

export function createEstate(kinds: Kinds = createKinds()): Estate {
  return startEstate({ kinds, refs: createInterner(), flattener: createFlattener(), rules: createInterner(), items: [] });
}

/** Texts have the same numbers in all that were forked from one. */
interface Beginning {
  readonly kinds: Kinds;
  readonly refs: Interner;
  readonly flattener: Flattener;
  readonly rules: Interner;
  readonly items: (Item | undefined)[];
}

function startEstate({ kinds, refs, flattener, rules, items: first }: Beginning): Estate {
  let items = first;
  /** Grows to the most statements there were, and is used for all. */
  let numbers = new Uint32Array(64);
  let ids: number[] = [];
  /** Items of which something was derived or inferred while very many are taken up. */
  let meanwhile: Set<number> | undefined;
  const edges = createEdges((id) => items[id]);
  const { graph } = edges;
  const postings = createPostings(flattener, (visit) => ids.forEach((id) => visit(items[id]!)));
  const orders = createOrders(function* () {
    for (const id of ids) yield items[id]!;
  });
  const restrictions = createRestrictions({
    items: function* () {
      for (const id of ids) yield items[id]!;
    },
    at: (id) => items[id],
    refOf: (id) => refs.textOf(id),
    kinds,
  });

  for (const item of items) if (item) restrictions.put(item);
  finish(replacing(items, () => {}));

  return {
    get size() {
      return ids.length;
    },
    graph,
    observe: (links) => edges.observe(links),
    orders,
    restrictions,
    prepare,
    fork: () => startEstate({ kinds, refs, flattener, rules, items: items.map(own) }),
    apply: (arrivals, departures) => finish(applying(arrivals, departures)),
    applying,
    get: (ref) => {
      const id = refs.find(ref);
      return id === undefined ? undefined : items[id];
    },
    at: (id) => items[id],
    refOf: (id) => refs.textOf(id),
    idOf: (ref) => refs.find(ref),
    all: () => ids,
    select: (conditions, sees = ALL) =>
      conditions
        .map((condition) => selectOne(condition, sees))
        .reduce<readonly number[]>((all, some) => (all === ids ? some : intersect(all, some)), ids),
    selectMatching: (key, isMatch) => postings.matching(key, isMatch),
    selectBelow,
    isList: (key) => {
      const number = flattener.findKey(key);
      return number !== undefined && flattener.isList(number);
    },
    sortValueOf,
    facets,
    neighbours,
    forEachNeighbour,
    valueOf,
    derive,
    infer,
    ruleNumber: (rule) => rules.idOf(rule),
    inferredBy: ruleNameOf,
    watchEdges: (one) => edges.watch(one),
  };

  function selectBelow(key: string): readonly number[] {
    const keys = flattener.keysBelow(key);
    return ids.filter((id) => {
      const { pairs } = items[id]!;
      for (let at = 0; at < pairs.length; at += 2) if (keys.has(pairs[at]!)) return true;
      return false;
    });
  }

  function sortValueOf({ pairs }: Item, key: string): string | null | undefined {
    const number = flattener.findKey(key);
    if (number === undefined) return undefined;
    let first: string | null | undefined;
    for (let at = 0; at < pairs.length; at += 2) {
      if (pairs[at] !== number) continue;
      const value = pairs[at + 1] === 0 ? null : flattener.lowerOf(pairs[at + 1]!);
      if (first === undefined || first === null || (value !== null && value < first)) first = value ?? first ?? null;
    }
    return first;
  }

  function* applying(arrivals: readonly Item[], departures: readonly string[]): Turns {
    if (isMany(arrivals.length + departures.length)) return yield* applyMany(arrivals, departures);
    for (const ref of departures) takeOut(ref);
    for (const arrival of arrivals) putIn(arrival);
  }

  /** Beyond this, making everything anew is cheaper than correcting it piece by piece. */
  function isMany(changes: number): boolean {
    return changes > Math.max(200, ids.length / 20);
  }

  /** What will be is made beside what is, and takes its place in one moment. */
  function* applyMany(arrivals: readonly Item[], departures: readonly string[]): Turns {
    const next = items.slice();
    meanwhile = new Set();
    const gone = departures.flatMap((ref) => items[refs.find(ref) ?? -1] ?? []);
    for (const { id } of gone) next[id] = undefined;
    const goneIds = new Set(gone.map(({ id }) => id));
    const restricted: Item[] = [];
    for (const [at, arrival] of arrivals.entries()) {
      if (at % PIECE === 0) yield;
      next[arrival.id] = joinedTo(arrival, next[arrival.id]);
      if (restrictions.concern(arrival) || goneIds.has(arrival.id)) restricted.push(arrival);
    }
    yield* replacing(next, () => {
      for (const item of gone) restrictions.remove(item);
      restrictions.putAll(restricted);
    });
  }

  function* replacing(next: (Item | undefined)[], also: () => void): Turns {
    const nextIds: number[] = [];
    for (let id = 0; id < next.length; id++) {
      if (id % PIECE === 0) yield;
      if (next[id]) nextIds.push(id);
    }
    const replaceEdges = yield* edges.building({ nodes: refs.size, ids: nextIds, items: next });
    postings.clear();
    orders.clear();
    const before = items;
    [items, ids] = [next, nextIds];
    also();
    replaceEdges();
    for (const id of meanwhile ?? []) catchUpWith(id, before[id]);
    meanwhile = undefined;
  }

  /** What was derived or inferred of an item while it was made anew. */
  function catchUpWith(id: number, newer: Item | undefined): void {
    const item = items[id];
    if (!item || !newer) return;
    items[id] = joinedTo(own(item), newer);
    edges.change(id, withoutRules(item.inferred), withoutRules(newer.inferred));
  }

  function takeOut(ref: string): void {
    const item = items[refs.find(ref) ?? -1];
    if (!item) return;
    items[item.id] = undefined;
    restrictions.remove(item);
    removeFrom(ids, item.id);
    postings.remove(item);
    orders.remove(item);
    edges.change(item.id, item.statements, NONE);
    edges.change(item.id, withoutRules(item.inferred), NONE);
  }

  function prepare({ ref, entity, sourceId, sample, docsRoot }: Arrival, arena: Arena = SINGLY): Item {
    const id = refs.idOf(ref);
    const pairs = flattener.flatten(entity, arena);
    const summary = summarise(entity);
    return {
      id,
      ref: refs.textOf(id),
      ...summary,
      // One text for all that name the same.
      owner: kept(summary.owner),
      system: kept(summary.system),
      sample,
      sourceId,
      docsRoot,
      pairs,
      ownPairs: pairs.length,
      derived: undefined,
      inferred: NONE,
      statements: numbered(statementsOf(entity, kinds), arena),
    };
  }

  function kept(ref: string | undefined): string | undefined {
    return ref === undefined ? undefined : refs.textOf(refs.idOf(ref));
  }

  function numbered(statements: readonly Statement[], arena: Arena): Uint32Array {
    if (statements.length === 0) return NONE;
    if (numbers.length < statements.length * 2) numbers = new Uint32Array(statements.length * 3);
    let at = 0;
    for (const { code, target } of statements) {
      numbers[at++] = code;
      numbers[at++] = refs.idOf(target);
    }
    return arena.keep(numbers, at);
  }

  function putIn(prepared: Item): void {
    const { id } = prepared;
    const before = items[id];
    const item = joinedTo(prepared, before);
    items[id] = item;
    restrictions.put(item);
    if (before) {
      postings.remove(before);
      orders.remove(before);
    }
    insert(ids, id);
    postings.insert(item);
    orders.insert(item);
    edges.change(id, before?.statements ?? NONE, item.statements);
  }

  /** What is derived stays until it is worked out anew. */
  function joinedTo(prepared: Item, before: Item | undefined): Item {
    if (!before || (before.derived === undefined && before.inferred.length === 0)) return prepared;
    const { derived, inferred } = before;
    return { ...prepared, derived, inferred, pairs: joined(prepared.pairs, derived) };
  }

  function joined(own: Uint32Array, derived: Readonly<Record<string, unknown>> | undefined): Uint32Array {
    if (derived === undefined) return own;
    const more = flattener.flattenUnder("derived", derived);
    const all = new Uint32Array(own.length + more.length);
    all.set(own);
    all.set(more, own.length);
    return all;
  }

  function derive(changes: ReadonlyMap<number, Readonly<Record<string, unknown>> | undefined>): void {
    const whole = isMany(changes.size);
    if (whole) {
      postings.clear();
      orders.clear();
    }
    for (const [id, derived] of changes) {
      const before = items[id];
      if (!before) continue;
      const item = { ...before, derived, pairs: joined(before.pairs.slice(0, before.ownPairs), derived) };
      items[id] = item;
      meanwhile?.add(id);
      if (whole) continue;
      postings.remove(before);
      orders.remove(before);
      postings.insert(item);
      orders.insert(item);
    }
  }

  function infer(changes: ReadonlyMap<number, readonly number[]>): void {
    for (const [id, triples] of changes) {
      const before = items[id];
      if (!before) continue;
      const item = { ...before, inferred: Uint32Array.from(triples) };
      items[id] = item;
      meanwhile?.add(id);
      // Sorted orders hold the items themselves.
      orders.remove(before);
      orders.insert(item);
      edges.change(id, withoutRules(before.inferred), withoutRules(item.inferred));
    }
  }

  function ruleNameOf(id: number, code: number, other: number): string | undefined {
    const rule = edges.inferredBy(id, code, other);
    return rule === undefined ? undefined : rules.textOf(rule);
  }

  function selectOne({ key, values }: Condition, sees: Sees): readonly number[] {
    const code = relationOf(key);
    if (code !== undefined) return unite([selectRelated(code, values, sees)]);
    const plain = values === undefined ? postings.having(key) : unite(values.map((value) => postings.equal(key, value)));
    const listed = postings.listed(key, values);
    return listed.length === 0 ? plain : unite([plain, listed]);
  }

  function selectRelated(code: number, values: readonly string[] | undefined, sees: Sees): number[] {
    if (values === undefined) return ids.filter((id) => hasRelation(id, code, sees));
    const found = new Set<number>();
    for (const value of values) {
      const target = refs.find(value);
      // Seen from the target, the relation runs the other way.
      if (target !== undefined && sees(target))
        forEachNeighbour(target, (other, back) => (back ^ 1) === code && items[other] && found.add(other));
    }
    return [...found].sort((a, b) => a - b);
  }

  function hasRelation(id: number, wanted: number, sees: Sees): boolean {
    let found = false;
    forEachNeighbour(id, (other, code) => void (found ||= code === wanted && sees(other)));
    return found;
  }

  function forEachNeighbour(id: number, visit: (other: number, code: number) => void): void {
    graph.forEach(id, "out", (other, type) => type < FIRST_OBSERVED && visit(other, type << 1));
    graph.forEach(id, "in", (other, type) => type < FIRST_OBSERVED && visit(other, (type << 1) | 1));
  }

  function neighbours(id: number, sees: Sees = ALL): Neighbour[] {
    const found: Neighbour[] = [];
    forEachNeighbour(id, (other, code) => {
      if (!sees(other)) return;
      found.push({ type: kinds.relations.typeOf(code), id: other, ref: refs.textOf(other), rule: ruleNameOf(id, code, other) });
    });
    return found.sort((a, b) => (a.type === b.type ? (a.ref < b.ref ? -1 : 1) : a.type < b.type ? -1 : 1));
  }

  function valueOf(item: Item, key: string, sees: Sees = ALL): unknown {
    if (key.startsWith("derived.")) return item.derived?.[key.slice("derived.".length)];
    const lower = key.toLowerCase();
    const code = relationOf(lower);
    if (code !== undefined) {
      const found: string[] = [];
      forEachNeighbour(item.id, (other, seen) => seen === code && sees(other) && found.push(refs.textOf(other)));
      return found.length === 0 ? undefined : found.sort();
    }
    const number = flattener.findKey(lower);
    if (number === undefined) return undefined;
    const found: string[] = [];
    for (let at = 0; at < item.ownPairs; at += 2) {
      if (item.pairs[at] === number && item.pairs[at + 1] !== 0) found.push(flattener.textOf(item.pairs[at + 1]!));
    }
    return flattener.isList(number) ? found : found[0];
  }

  function relationOf(key: string): number | undefined {
    return key.startsWith("relations.") ? kinds.relations.find(key.slice("relations.".length)) : undefined;
  }

  function facets(
    selected: readonly number[],
    keys: readonly string[],
    sees: Sees = ALL,
  ): Record<string, { value: string; count: number }[]> {
    const plain = keys.filter((key) => relationOf(key.toLowerCase()) === undefined);
    const counted = postings.count(
      selected,
      plain.map((key) => key.toLowerCase()),
    );
    return Object.fromEntries(
      keys.map((key) => {
        const code = relationOf(key.toLowerCase());
        return [key, ranked(code === undefined ? counted.get(key.toLowerCase())! : countRelated(selected, code, sees))];
      }),
    );
  }

  function countRelated(selected: readonly number[], code: number, sees: Sees): Map<string, number> {
    const counts = new Map<string, number>();
    for (const id of selected) {
      forEachNeighbour(id, (other, found) => {
        if (found === code && sees(other)) counts.set(refs.textOf(other), (counts.get(refs.textOf(other)) ?? 0) + 1);
      });
    }
    return counts;
  }
}

/** So many items are looked at between two stops. */
const PIECE = 4_096;

/** What the document alone says. */
function own<One extends Item | undefined>(item: One): One {
  if (!item || (item.derived === undefined && item.inferred.length === 0)) return item;
  return { ...item, derived: undefined, inferred: NONE, pairs: item.pairs.slice(0, item.ownPairs) };
}

function ranked(counts: ReadonlyMap<string, number>): { value: string; count: number }[] {
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : a.value > b.value ? 1 : 0));
}
