import { finish, finishInTurns, inPieces, type Turns } from "../source/turns.ts";
import type { Flattener } from "./flatten.ts";
import type { Item } from "./item.ts";
import { insert, remove, unite } from "./sets.ts";

/**
 * For each key that was asked for, who has which value. Made from the items' pairs at the first question and kept up to date from
 * then on; keys that nobody asks for cost nothing.
 */
export interface Postings {
  /** Items that have the key at all, ascending. */
  having(key: string): readonly number[];
  equal(key: string, value: string): readonly number[];
  /** Items that have a value of the key, in lower case, of which this is true. */
  matching(key: string, isMatch: (value: string) => boolean): readonly number[];
  /** Items that answer to `<list>.<item>`, with the value `true` or none: the other way to ask for an item of a list. */
  listed(key: string, values: readonly string[] | undefined): readonly number[];
  /** For each key, how many of the items (ascending) have each value; an item counts once for a value. */
  count(ids: readonly number[], keys: readonly string[]): Map<string, Map<string, number>>;
  /** Makes the lists of keys with stops where they are not there: for whoever can wait, so that others need not. */
  ready(keys: readonly string[]): Promise<void>;
  insert(item: Item): void;
  remove(item: Item): void;
  clear(): void;
}

interface Posting {
  readonly all: number[];
  /** By the value as it is written. */
  readonly byValue: Map<number, number[]>;
  /** The ways in which a value in lower case is written; the one that equals nothing is not among them. */
  readonly spellings: Map<string, number[]>;
}

/** Most keys that are kept; the one asked for longest ago goes first. */
const MAX_KEYS = 200;

/** `items` come in ascending order. */
export function createPostings(flattener: Flattener, items: () => Iterable<Item>): Postings {
  const byKey = new Map<number, Posting>();
  let making: Promise<void> | undefined;
  let version = 0;
  return {
    having: (key) => postingOf(key)?.all ?? [],
    equal,
    matching: (key, isMatch) => {
      const posting = postingOf(key);
      const lists: (readonly number[])[] = [];
      for (const [lower, spellings] of posting?.spellings ?? []) {
        if (isMatch(lower)) lists.push(...spellings.map((spelling) => posting!.byValue.get(spelling)!));
      }
      return unite(lists);
    },
    listed: (key, values) => {
      if (values !== undefined && !values.includes("true")) return [];
      for (let dot = key.lastIndexOf("."); dot > 0; dot = key.lastIndexOf(".", dot - 1)) {
        const list = flattener.findKey(key.slice(0, dot));
        if (list !== undefined && flattener.isList(list)) return equal(key.slice(0, dot), key.slice(dot + 1));
      }
      return [];
    },
    count,
    ready: async (keys) => {
      if (making) await making;
      const missing = keys.flatMap((key) => flattener.findKey(key) ?? []).filter((id) => !byKey.has(id));
      if (missing.length > 0) await (making = make(missing).finally(() => (making = undefined)));
    },
    insert: (item) => {
      version++;
      forEachPosting(item, (list) => insert(list, item.id));
    },
    remove: (item) => {
      version++;
      forEachPosting(item, (list) => remove(list, item.id));
    },
    clear: () => {
      version++;
      byKey.clear();
    },
  };

  async function make(keys: readonly number[]): Promise<void> {
    const before = version;
    const made = await finishInTurns(building(keys));
    // Something changed while they were made: that happens seldom, and who asks now makes them at once.
    if (version === before) for (const [key, posting] of made) byKey.set(key, posting);
  }

  function equal(key: string, value: string): readonly number[] {
    const posting = postingOf(key);
    if (!posting) return [];
    return unite((posting.spellings.get(value) ?? []).map((spelling) => posting.byValue.get(spelling)!));
  }

  function postingOf(key: string): Posting | undefined {
    const id = flattener.findKey(key);
    if (id === undefined) return undefined;
    const posting = byKey.get(id) ?? finish(building([id])).get(id)!;
    byKey.delete(id);
    byKey.set(id, posting);
    if (byKey.size > MAX_KEYS) byKey.delete(byKey.keys().next().value!);
    return posting;
  }

  function* building(keys: readonly number[]): Turns<Map<number, Posting>> {
    const made = new Map(keys.map((key): [number, Posting] => [key, { all: [], byValue: new Map(), spellings: new Map() }]));
    yield* inPieces([...items()], (some) => {
      for (const { id, pairs } of some) {
        for (let at = 0; at < pairs.length; at += 2) {
          const posting = made.get(pairs[at]!);
          if (posting) put(posting, id, pairs[at + 1]!);
        }
      }
    });
    return made;
  }

  /** Items come in ascending order, so every list comes out sorted. */
  function put(posting: Posting, id: number, value: number): void {
    if (posting.all.at(-1) !== id) posting.all.push(id);
    const list = listOf(posting, value);
    if (list.at(-1) !== id) list.push(id);
  }

  function listOf(posting: Posting, value: number): number[] {
    const known = posting.byValue.get(value);
    if (known) return known;
    const list: number[] = [];
    posting.byValue.set(value, list);
    if (value === 0) return list;
    const lower = flattener.lowerOf(value);
    const spellings = posting.spellings.get(lower);
    if (spellings) spellings.push(value);
    else posting.spellings.set(lower, [value]);
    return list;
  }

  function forEachPosting({ pairs }: Item, visit: (list: number[]) => void): void {
    for (let at = 0; at < pairs.length; at += 2) {
      const posting = byKey.get(pairs[at]!);
      if (!posting) continue;
      visit(posting.all);
      visit(listOf(posting, pairs[at + 1]!));
    }
  }

  function count(ids: readonly number[], keys: readonly string[]): Map<string, Map<string, number>> {
    const selected = new Uint8Array((ids.at(-1) ?? -1) + 1);
    for (const id of ids) selected[id] = 1;
    return new Map(keys.map((key) => [key, countValues(postingOf(key), selected)]));
  }

  function countValues(posting: Posting | undefined, selected: Uint8Array): Map<string, number> {
    const counts = new Map<string, number>();
    for (const [value, list] of posting?.byValue ?? []) {
      if (value === 0) continue;
      let number = 0;
      for (const id of list) number += selected[id] ?? 0;
      if (number > 0) counts.set(flattener.textOf(value), number);
    }
    return counts;
  }
}
