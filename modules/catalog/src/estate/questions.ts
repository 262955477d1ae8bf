import type { Graph } from "../graph/graph.ts";
import type { Kinds } from "../kinds/registry.ts";
import type { Condition } from "./filter.ts";
import type { Flattener } from "./flatten.ts";
import type { Interner } from "./interner.ts";
import type { Item } from "./item.ts";
import type { Postings } from "./postings.ts";
import { intersect, unite } from "./sets.ts";

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

/** Whether a node is shown to who asks. */
export type Sees = (id: number) => boolean;

const ALL: Sees = () => true;

/** What can be asked of the estate; it changes nothing. */
export interface Questions {
  /** Makes what questions about these keys are answered from, with stops: for whoever can wait, so that others need not. */
  ready(keys: readonly string[]): Promise<void>;
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
}

/** What the answers are read from. */
interface Kept {
  /** Numbers of the items, ascending. */
  readonly ids: () => readonly number[];
  readonly at: (id: number) => Item | undefined;
  /** The rule that made a relation which no document states. */
  readonly ruleOf: (id: number, code: number, other: number) => string | undefined;
  readonly kinds: Kinds;
  readonly refs: Interner;
  readonly flattener: Flattener;
  readonly postings: Postings;
  readonly graph: Graph;
}

export function createQuestions({ ids, at, ruleOf, kinds, refs, flattener, postings, graph }: Kept): Questions {
  return {
    select: (conditions, sees = ALL) => {
      const every = ids();
      return conditions
        .map((condition) => selectOne(condition, sees))
        .reduce<readonly number[]>((all, some) => (all === every ? some : intersect(all, some)), every);
    },
    ready: (keys) => postings.ready(keys.filter((key) => relationOf(key) === undefined)),
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
  };

  function selectBelow(key: string): readonly number[] {
    const keys = flattener.keysBelow(key);
    return ids().filter((id) => {
      const { pairs } = at(id)!;
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

  function selectOne({ key, values }: Condition, sees: Sees): readonly number[] {
    const code = relationOf(key);
    if (code !== undefined) return unite([selectRelated(code, values, sees)]);
    const plain = values === undefined ? postings.having(key) : unite(values.map((value) => postings.equal(key, value)));
    const listed = postings.listed(key, values);
    return listed.length === 0 ? plain : unite([plain, listed]);
  }

  function selectRelated(code: number, values: readonly string[] | undefined, sees: Sees): number[] {
    if (values === undefined) return ids().filter((id) => hasRelation(id, code, sees));
    const found = new Set<number>();
    for (const value of values) {
      const target = refs.find(value);
      // Seen from the target, the relation runs the other way.
      if (target !== undefined && sees(target))
        forEachNeighbour(target, (other, back) => (back ^ 1) === code && at(other) && found.add(other));
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
      found.push({ type: kinds.relations.typeOf(code), id: other, ref: refs.textOf(other), rule: ruleOf(id, code, other) });
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

function ranked(counts: ReadonlyMap<string, number>): { value: string; count: number }[] {
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : a.value > b.value ? 1 : 0));
}
