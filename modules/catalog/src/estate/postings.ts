import type { Flattener } from "./flatten.ts";
import type { Item } from "./item.ts";
import { insert, remove } from "./sets.ts";

/**
 * For each key that was asked for, who has which value. Made from the items' pairs at the first question and kept up to date from
 * then on; keys that nobody asks for cost nothing.
 */
export interface Postings {
  /** Items that have the key at all, ascending. */
  having(key: string): readonly number[];
  equal(key: string, value: string): readonly number[];
  /** Items that answer to `<list>.<item>`, with the value `true` or none: the other way to ask for an item of a list. */
  listed(key: string, values: readonly string[] | undefined): readonly number[];
  /** For each key, how many of the items have each value; an item counts once for a value. */
  count(items: readonly Item[], keys: readonly string[]): Map<string, Map<string, number>>;
  insert(item: Item): void;
  remove(item: Item): void;
  clear(): void;
}

interface Posting {
  readonly all: number[];
  readonly byValue: Map<number, number[]>;
}

/** Most keys that are kept; the one asked for longest ago goes first. */
const MAX_KEYS = 200;

export function createPostings(flattener: Flattener, forEachItem: (visit: (item: Item) => void) => void): Postings {
  const byKey = new Map<number, Posting>();
  return {
    having: (key) => postingOf(key)?.all ?? [],
    equal,
    listed: (key, values) => {
      if (values !== undefined && !values.includes("true")) return [];
      for (let dot = key.lastIndexOf("."); dot > 0; dot = key.lastIndexOf(".", dot - 1)) {
        const list = flattener.findKey(key.slice(0, dot));
        if (list !== undefined && flattener.isList(list)) return equal(key.slice(0, dot), key.slice(dot + 1));
      }
      return [];
    },
    count,
    insert: (item) => forEachPosting(item, (list) => insert(list, item.id)),
    remove: (item) => forEachPosting(item, (list) => remove(list, item.id)),
    clear: () => byKey.clear(),
  };

  function equal(key: string, value: string): readonly number[] {
    const id = flattener.findValue(value);
    return id === undefined ? [] : (postingOf(key)?.byValue.get(id) ?? []);
  }

  function postingOf(key: string): Posting | undefined {
    const id = flattener.findKey(key);
    if (id === undefined) return undefined;
    const posting = byKey.get(id) ?? build(id);
    byKey.delete(id);
    byKey.set(id, posting);
    if (byKey.size > MAX_KEYS) byKey.delete(byKey.keys().next().value!);
    return posting;
  }

  /** Items are visited in ascending order, so every list comes out sorted. */
  function build(key: number): Posting {
    const posting: Posting = { all: [], byValue: new Map() };
    forEachItem(({ id, pairs }) => {
      for (let at = 0; at < pairs.length; at += 2) {
        if (pairs[at] !== key) continue;
        if (posting.all.at(-1) !== id) posting.all.push(id);
        const list = listOf(posting, flattener.lowerOf(pairs[at + 1]!));
        if (list.at(-1) !== id) list.push(id);
      }
    });
    return posting;
  }

  function listOf(posting: Posting, value: number): number[] {
    let list = posting.byValue.get(value);
    if (!list) posting.byValue.set(value, (list = []));
    return list;
  }

  function forEachPosting({ pairs }: Item, visit: (list: number[]) => void): void {
    for (let at = 0; at < pairs.length; at += 2) {
      const posting = byKey.get(pairs[at]!);
      if (!posting) continue;
      visit(posting.all);
      visit(listOf(posting, flattener.lowerOf(pairs[at + 1]!)));
    }
  }

  function count(items: readonly Item[], keys: readonly string[]): Map<string, Map<string, number>> {
    const wanted = new Map<number, Map<number, number>>();
    for (const key of keys) {
      const id = flattener.findKey(key);
      if (id !== undefined) wanted.set(id, new Map());
    }
    for (const { pairs } of items) {
      for (let at = 0; at < pairs.length; at += 2) {
        const counts = wanted.get(pairs[at]!);
        if (!counts || pairs[at + 1] === 0 || isTwin(pairs, at)) continue;
        counts.set(pairs[at + 1]!, (counts.get(pairs[at + 1]!) ?? 0) + 1);
      }
    }
    return new Map(keys.map((key) => [key, texts(wanted.get(flattener.findKey(key) ?? -1))]));
  }

  function texts(counts: ReadonlyMap<number, number> | undefined): Map<string, number> {
    return new Map([...(counts ?? [])].map(([value, number]) => [flattener.textOf(value), number]));
  }
}

/** Whether the same pair stood before: the items of a list may repeat. */
function isTwin(pairs: Uint32Array, at: number): boolean {
  for (let before = at - 2; before >= 0 && pairs[before] === pairs[at]; before -= 2) if (pairs[before + 1] === pairs[at + 1]) return true;
  return false;
}
