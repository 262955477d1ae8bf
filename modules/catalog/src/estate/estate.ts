import type { Entity } from "@roadbed/contracts/catalog";

import { statementsOf, type Statement } from "../entity/relations.ts";
import type { Graph } from "../graph/graph.ts";
import { createKinds, type Kinds } from "../kinds/registry.ts";
import { finish, type Turns } from "../source/turns.ts";
import { SINGLY, type Arena } from "./arena.ts";
import { createEdges, NONE, withoutRules, type EdgeListener, type ObservedLink } from "./edges.ts";
import { createFlattener, type Flattener } from "./flatten.ts";
import { createInterner, type Interner } from "./interner.ts";
import { summarise, type Item } from "./item.ts";
import { createOrders, type Orders } from "./orders.ts";
import { createPostings } from "./postings.ts";
import { createQuestions, type Questions } from "./questions.ts";
import { createRestrictions, type Restrictions } from "./restrictions.ts";
import { insert, remove as removeFrom } from "./sets.ts";

/** An entity as the change feed brings it. */
export interface Arrival {
  readonly ref: string;
  readonly entity: Entity;
  readonly sourceId: string;
  readonly sample: boolean;
  readonly docsRoot: string | undefined;
}

/**
 * The whole estate in memory, as numbers: who has which value of which key, who stands where in which order, who relates to whom.
 * Answers lists, facets and walks without asking the database. Entities and dangling references are numbered alike.
 */
export interface Estate extends Questions {
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
export { FIRST_OBSERVED, type Neighbour, type Sees } from "./questions.ts";

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
  const postings = createPostings(flattener, present);
  const orders = createOrders(present);
  const restrictions = createRestrictions({
    items: present,
    at: (id) => items[id],
    refOf: (id) => refs.textOf(id),
    kinds,
  });

  const questions = createQuestions({
    ids: () => ids,
    at: (id) => items[id],
    ruleOf: (id, code, other) => ruleNameOf(id, code, other),
    kinds,
    refs,
    flattener,
    postings,
    graph,
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
    ...questions,
    derive,
    infer,
    ruleNumber: (rule) => rules.idOf(rule),
    inferredBy: ruleNameOf,
    watchEdges: (one) => edges.watch(one),
  };

  function* present(): Iterable<Item> {
    for (const id of ids) yield items[id]!;
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
}

/** So many items are looked at between two stops. */
const PIECE = 4_096;

/** What the document alone says. */
function own<One extends Item | undefined>(item: One): One {
  if (!item || (item.derived === undefined && item.inferred.length === 0)) return item;
  return { ...item, derived: undefined, inferred: NONE, pairs: item.pairs.slice(0, item.ownPairs) };
}
