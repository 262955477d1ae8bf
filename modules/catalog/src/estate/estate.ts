import type { Entity } from "@roadbed/contracts/catalog";

import { codeOf, RELATION_TYPES, statementsOf } from "../entity/relations.ts";
import { createGraph, type Graph } from "../graph/graph.ts";
import type { Condition } from "./filter.ts";
import { createFlattener } from "./flatten.ts";
import { createInterner } from "./interner.ts";
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

/** One relation as seen from an entity. */
export interface Neighbour {
  readonly type: string;
  readonly id: number;
  readonly ref: string;
}

/**
 * The whole estate in memory, as numbers: who has which value of which key, who stands where in which order, who relates to whom.
 * Answers lists, facets and walks without asking the database. Entities and dangling references are numbered alike.
 */
export interface Estate {
  readonly size: number;
  readonly graph: Graph;
  readonly orders: Orders;
  readonly restrictions: Restrictions;
  /** What will be kept of an entity. Changes nothing that can be asked: the estate of a moment later is prepared piece by piece. */
  prepare(arrival: Arrival): Item;
  /** Puts in and takes out; afterwards everything that can be asked agrees. */
  apply(arrivals: readonly Item[], departures: readonly string[]): void;
  get(ref: string): Item | undefined;
  /** The item with this number; undefined for a reference that dangles. */
  at(id: number): Item | undefined;
  refOf(id: number): string;
  idOf(ref: string): number | undefined;
  all(): readonly number[];
  /** Numbers of the items for which all conditions hold, ascending; relations count only to nodes that `sees` shows. */
  select(conditions: readonly Condition[], sees?: Sees): readonly number[];
  /** How many of the items have each value of each key; values as they are written, most frequent first. */
  facets(ids: readonly number[], keys: readonly string[], sees?: Sees): Record<string, { value: string; count: number }[]>;
  /** All relations of a node to nodes that `sees` shows, both ways, sorted by type and reference. */
  neighbours(id: number, sees?: Sees): Neighbour[];
}

/** Whether a node is shown to who asks. */
export type Sees = (id: number) => boolean;

const ALL: Sees = () => true;

export function createEstate(): Estate {
  const refs = createInterner();
  const flattener = createFlattener();
  const items: (Item | undefined)[] = [];
  const ids: number[] = [];
  const graph = createGraph();
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
  });

  return {
    get size() {
      return ids.length;
    },
    graph,
    orders,
    restrictions,
    prepare,
    apply,
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
    facets,
    neighbours,
  };

  function apply(arrivals: readonly Item[], departures: readonly string[]): void {
    // Beyond this, making everything anew is cheaper than correcting it piece by piece.
    const whole = arrivals.length + departures.length > Math.max(200, ids.length / 20);
    if (whole) {
      postings.clear();
      orders.clear();
    }
    for (const ref of departures) takeOut(ref, whole);
    for (const arrival of arrivals) putIn(arrival, whole);
    if (!whole) return;
    ids.length = 0;
    items.forEach((item, id) => item && ids.push(id));
    loadGraph();
  }

  function takeOut(ref: string, whole: boolean): void {
    const item = items[refs.find(ref) ?? -1];
    if (!item) return;
    items[item.id] = undefined;
    restrictions.remove(item);
    if (whole) return;
    removeFrom(ids, item.id);
    postings.remove(item);
    orders.remove(item);
    changeEdges(item.id, item.statements, NONE);
  }

  function prepare({ ref, entity, sourceId, sample, docsRoot }: Arrival): Item {
    const id = refs.idOf(ref);
    const statements = statementsOf(entity);
    return {
      id,
      ref: refs.textOf(id),
      ...summarise(entity),
      sample,
      sourceId,
      docsRoot,
      pairs: flattener.flatten(entity),
      statements: Uint32Array.from(statements.flatMap(({ code, target }) => [code, refs.idOf(target)])),
    };
  }

  function putIn(item: Item, whole: boolean): void {
    const { id } = item;
    const before = items[id];
    items[id] = item;
    restrictions.put(item);
    if (whole) return;
    if (before) {
      postings.remove(before);
      orders.remove(before);
    }
    insert(ids, id);
    postings.insert(item);
    orders.insert(item);
    changeEdges(id, before?.statements ?? NONE, item.statements);
  }

  /** A relation that both ends state stays until neither does. */
  function changeEdges(id: number, before: Uint32Array, after: Uint32Array): void {
    for (let at = 0; at < before.length; at += 2) {
      const [code, other] = [before[at]!, before[at + 1]!];
      if (states(after, code, other) || states(items[other]?.statements ?? NONE, code ^ 1, id)) continue;
      const [from, to] = endsOf(id, code, other);
      graph.remove(from, to, code >> 1);
    }
    for (let at = 0; at < after.length; at += 2) {
      const [from, to] = endsOf(id, after[at]!, after[at + 1]!);
      graph.add(from, to, after[at]! >> 1);
    }
  }

  function loadGraph(): void {
    const edges = ids.reduce((sum, id) => sum + items[id]!.statements.length / 2, 0);
    const from = new Uint32Array(edges);
    const to = new Uint32Array(edges);
    const type = new Uint8Array(edges);
    let place = 0;
    for (const id of ids) {
      const { statements } = items[id]!;
      for (let at = 0; at < statements.length; at += 2, place++) {
        [from[place], to[place]] = endsOf(id, statements[at]!, statements[at + 1]!);
        type[place] = statements[at]! >> 1;
      }
    }
    graph.load(refs.size, from, to, type);
  }

  function selectOne({ key, values }: Condition, sees: Sees): readonly number[] {
    const code = relationOf(key);
    if (code !== undefined) return unite([selectRelated(code, values, sees)]);
    const plain = values === undefined ? postings.having(key) : unite(values.map((value) => postings.equal(key, value)));
    const listed = postings.listed(key, values);
    return listed.length === 0 ? plain : unite([plain, listed]);
  }

  function selectRelated(code: number, values: readonly string[] | undefined, sees: Sees): number[] {
    if (values === undefined) return ids.filter((id) => neighbours(id, sees).some(({ type }) => type === RELATION_TYPES[code]));
    const found = new Set<number>();
    for (const value of values) {
      const target = refs.find(value);
      // Seen from the target, the relation runs the other way.
      if (target !== undefined && sees(target))
        forEachNeighbour(target, (other, back) => (back ^ 1) === code && items[other] && found.add(other));
    }
    return [...found].sort((a, b) => a - b);
  }

  function forEachNeighbour(id: number, visit: (other: number, code: number) => void): void {
    graph.forEach(id, "out", (other, type) => visit(other, type << 1));
    graph.forEach(id, "in", (other, type) => visit(other, (type << 1) | 1));
  }

  function neighbours(id: number, sees: Sees = ALL): Neighbour[] {
    const found: Neighbour[] = [];
    forEachNeighbour(id, (other, code) => {
      if (sees(other)) found.push({ type: RELATION_TYPES[code]!, id: other, ref: refs.textOf(other) });
    });
    return found.sort((a, b) => (a.type === b.type ? (a.ref < b.ref ? -1 : 1) : a.type < b.type ? -1 : 1));
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

const NONE = new Uint32Array(0);

function endsOf(id: number, code: number, other: number): [from: number, to: number] {
  return (code & 1) === 0 ? [id, other] : [other, id];
}

function states(statements: Uint32Array, code: number, other: number): boolean {
  for (let at = 0; at < statements.length; at += 2) if (statements[at] === code && statements[at + 1] === other) return true;
  return false;
}

const BY_LOWER_NAME: ReadonlyMap<string, number> = new Map(
  RELATION_TYPES.map((type) => [`relations.${type.toLowerCase()}`, codeOf(type)!]),
);

function relationOf(key: string): number | undefined {
  return BY_LOWER_NAME.get(key);
}

function ranked(counts: ReadonlyMap<string, number>): { value: string; count: number }[] {
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : a.value > b.value ? 1 : 0));
}
