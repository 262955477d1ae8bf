import { setTimeout } from "node:timers/promises";

import { operationsOf, type ApiOperation } from "./api-operations.ts";
import { readBox, textOfItem, type Reading } from "./read-box.ts";
import type { Estate, Sees } from "../estate/estate.ts";
import type { Item } from "../estate/item.ts";
import { sortItems } from "../estate/orders.ts";
import { has, intersect } from "../estate/sets.ts";
import { finishInTurns, standBack } from "../source/turns.ts";
import { createSearchIndex, type Field } from "./search-index.ts";
import { plainText } from "./plain-text.ts";

/** What a search found: people and golden paths are entities too, but not of the same sort for who searches. */
export type Found =
  | { readonly kind: "entity" | "person" | "path"; readonly item: Item; readonly score: number }
  | { readonly kind: "operation"; readonly item: Item; readonly operation: ApiOperation; readonly score: number }
  | {
      readonly kind: "doc";
      readonly item: Item;
      readonly sourceId: string;
      readonly root: string;
      readonly path: string;
      readonly title: string;
      readonly score: number;
    };

/**
 * Finds entities by name, title, tags and description, pages of documentation by their text, and what APIs offer by the names in their
 * definitions.
 */
export interface Finder {
  /** What is hidden from who asks has no part in it: neither in what is found nor in how well or in whether slips are forgiven. */
  search(text: string, limit: number, sees?: Sees): Found[];
  /** The same, of a box that was read. */
  find(reading: Reading, limit: number, sees?: Sees): Found[];
  /** Numbers of the items that a box describes, ascending: all its words are found, its filters hold. */
  matching(text: string, sees?: Sees): readonly number[];
  /** The definition of an API that is about to arrive. */
  hold(ref: string, definition: string): void;
  /** After the estate has changed. What arrived is indexed by the next search if it is little, else by `ready`. */
  applyEntities(arrived: readonly string[], departed: readonly string[]): void;
  applyDocs(roots: readonly { readonly sourceId: string; readonly root: string; readonly pages: readonly Page[] }[]): void;
  /**
   * Indexes what waits, a little at a time, and answers how many still wait: none, unless it takes longer than `patience` (ms).
   * Whoever searches without having waited does not find what has only just come in great numbers.
   */
  ready(patience?: number): Promise<number>;
}

interface Page {
  readonly path: string;
  readonly title: string;
  readonly markdown: string;
}

interface IndexedPage {
  readonly sourceId: string;
  readonly root: string;
  readonly path: string;
  readonly title: string;
}

const A_FEW = 16;
/** More than these would keep everybody else from being answered. */
const MOST_AT_ONCE = 500;

export function createFinder(estate: Estate): Finder {
  const entities = createSearchIndex();
  const docs = createSearchIndex();
  const pages = new Map<string, IndexedPage>();
  const keysByRoot = new Map<string, string[]>();
  /** Entities whose documentation a folder is. */
  const readersOf = new Map<string, Set<string>>();
  const rootOf = new Map<string, string>();
  const waiting = new Set<string>();
  const operations = createSearchIndex();
  const operationsByRef = new Map<string, readonly ApiOperation[]>();
  const definitions = new Map<string, string>();
  let warming: Promise<void> | undefined;

  return {
    search: (text, limit, sees) => find(readBox(estate, text, sees), limit, sees),
    find,
    matching: (text, sees) => {
      indexWaiting();
      const { wanted, isWordless, admitted, suits } = readBox(estate, text, sees);
      const without = wanted.without ?? [];
      let ids = admitted ?? estate.all();
      if (!isWordless) {
        const found = Uint32Array.from([...entities.matching(wanted)].flatMap((ref) => estate.get(ref)?.id ?? [])).sort();
        ids = admitted ? intersect(admitted, [...found]) : [...found];
      } else if (without.length > 0) {
        const barred = new Set(without.flatMap((word) => [...entities.matching({ words: [], whole: [word] })]));
        ids = ids.filter((id) => !barred.has(estate.refOf(id)));
      }
      return suits ? ids.filter((id) => suits(textOfItem(estate.at(id)!))) : ids;
    },
    hold: (ref, definition) => void definitions.set(ref, definition),
    ready: async (patience) => {
      warming ??= warm().finally(() => (warming = undefined));
      await (patience === undefined ? warming : Promise.race([warming, setTimeout(patience, undefined, { ref: false })]));
      return waiting.size;
    },
    applyEntities: (arrived, departed) => {
      for (const ref of departed) {
        waiting.delete(ref);
        entities.remove(ref);
        forgetOperations(ref);
        follow(ref, undefined);
      }
      for (const ref of arrived) {
        const item = estate.get(ref);
        if (!item) continue;
        waiting.add(ref);
        follow(ref, item.docsRoot === undefined ? undefined : rootKey(item.sourceId, item.docsRoot));
      }
    },
    applyDocs: (roots) => {
      for (const { sourceId, root, pages: all } of roots) {
        const key = rootKey(sourceId, root);
        forget(key);
        if (readersOf.has(key)) index(key, sourceId, root, all);
      }
    },
  };

  function find({ wanted, isWordless, admitted, suits }: Reading, limit: number, sees?: Sees): Found[] {
    indexWaiting();
    const isAdmitted = (item: Item | undefined): boolean =>
      item !== undefined && (!sees || sees(item.id)) && (!admitted || has(admitted, item.id));
    if (isWordless)
      return admitted === undefined ? [] : firstOf(admitted, limit, (item) => isAdmitted(item) && (!suits || suits(textOfItem(item))));
    const isOpen = !sees && !admitted && !suits;
    const onlyEntities = (ref: string): boolean => {
      const item = estate.get(ref);
      return isAdmitted(item) && (!suits || suits(textOfItem(item!)));
    };
    const onlyOperations = (key: string): boolean =>
      isAdmitted(estate.get(refOfKey(key))) && (!suits || suits(`${operationOf(key)!.title} ${operationOf(key)!.summary}`));
    const foundEntities = entities.query(wanted, limit, isOpen ? undefined : onlyEntities).flatMap(({ key, score }): Found[] => {
      const item = estate.get(key);
      return item ? [{ kind: sortOf(item), item, score }] : [];
    });
    const foundOperations = operations.query(wanted, limit, isOpen ? undefined : onlyOperations).flatMap(({ key, score }): Found[] => {
      const item = estate.get(refOfKey(key));
      return item ? [{ kind: "operation", item, operation: operationOf(key)!, score: score * 0.4 }] : [];
    });
    const foundDocs = docs
      .query(wanted, limit, (key) => readerOf(pages.get(key)!, isAdmitted) !== undefined)
      .flatMap(({ key, score }): Found[] => {
        const page = pages.get(key)!;
        const item = readerOf(page, isAdmitted);
        // A page about something is worth less than the thing itself.
        return item ? [{ kind: "doc", ...page, item, score: score * 0.5 }] : [];
      });
    return [...foundEntities, ...foundOperations, ...foundDocs].sort((a, b) => b.score - a.score).slice(0, limit);
  }

  /** Of what only filters ask for, the first by name. */
  function firstOf(ids: readonly number[], limit: number, isWanted: (item: Item) => boolean): Found[] {
    const found: Found[] = [];
    const wanted = ids.length > estate.size / 8 ? undefined : ids.map((id) => estate.at(id)!).filter(isWanted);
    for (const item of wanted ? sortItems(wanted, "name") : estate.orders.by("name")) {
      if (found.length === limit) break;
      if (isWanted(item)) found.push({ kind: sortOf(item), item, score: 0 });
    }
    return found;
  }

  async function warm(): Promise<void> {
    while (waiting.size > 0) {
      let count = 0;
      for (const ref of waiting) {
        if (++count % A_FEW === 0) await standBack();
        indexEntity(ref);
      }
      await finishInTurns(entities.preparing());
    }
  }

  function indexWaiting(): void {
    if (waiting.size > MOST_AT_ONCE) return;
    for (const ref of waiting) indexEntity(ref);
  }

  function indexEntity(ref: string): void {
    waiting.delete(ref);
    const item = estate.get(ref);
    if (!item) return;
    entities.put(ref, fieldsOf(item));
    const definition = definitions.get(ref);
    definitions.delete(ref);
    forgetOperations(ref);
    if (definition === undefined) return;
    const found = operationsOf(definition);
    if (found.length > 0) operationsByRef.set(ref, found);
    found.forEach(({ title, summary }, at) =>
      operations.put(`${ref}\0${at}`, [
        { text: title, weight: 8, isName: true },
        { text: summary, weight: 3 },
        { text: `${item.name} ${item.title ?? ""}`, weight: 1 },
      ]),
    );
  }

  function forgetOperations(ref: string): void {
    operationsByRef.get(ref)?.forEach((_, at) => operations.remove(`${ref}\0${at}`));
    operationsByRef.delete(ref);
  }

  function operationOf(key: string): ApiOperation | undefined {
    return operationsByRef.get(refOfKey(key))?.[Number(key.slice(key.indexOf("\0") + 1))];
  }

  function follow(ref: string, root: string | undefined): void {
    const before = rootOf.get(ref);
    if (before === root) return;
    if (before !== undefined) {
      readersOf.get(before)?.delete(ref);
      if (readersOf.get(before)?.size === 0) {
        readersOf.delete(before);
        forget(before);
      }
    }
    if (root === undefined) return void rootOf.delete(ref);
    rootOf.set(ref, root);
    readersOf.set(root, (readersOf.get(root) ?? new Set()).add(ref));
  }

  function index(key: string, sourceId: string, root: string, all: readonly Page[]): void {
    const keys = all.map(({ path, title, markdown }) => {
      const page = `${key}\0${path}`;
      pages.set(page, { sourceId, root, path, title });
      docs.put(page, [
        { text: title, weight: 6, isName: true },
        { text: plainText(markdown), weight: 2 },
      ]);
      return page;
    });
    keysByRoot.set(key, keys);
  }

  function forget(key: string): void {
    for (const page of keysByRoot.get(key) ?? []) {
      docs.remove(page);
      pages.delete(page);
    }
    keysByRoot.delete(key);
  }

  function readerOf({ sourceId, root }: IndexedPage, isAdmitted: (item: Item) => boolean): Item | undefined {
    for (const ref of readersOf.get(rootKey(sourceId, root)) ?? []) {
      const item = estate.get(ref);
      if (item && isAdmitted(item)) return item;
    }
    return undefined;
  }
}

function refOfKey(key: string): string {
  return key.slice(0, key.indexOf("\0"));
}

function sortOf({ kind }: Item): "entity" | "person" | "path" {
  return kind === "User" || kind === "Group" ? "person" : kind === "Template" || kind === "GoldenPath" ? "path" : "entity";
}

function rootKey(sourceId: string, root: string): string {
  return `${sourceId}\0${root}`;
}

function fieldsOf({ name, title, tags, description, kind, type, owner }: Item): Field[] {
  return [
    { text: name, weight: 10, isName: true },
    ...(title === undefined ? [] : [{ text: title, weight: 8, isName: true }]),
    { text: tags.join(" "), weight: 4 },
    { text: `${kind} ${type ?? ""}`, weight: 1 },
    { text: owner === undefined ? "" : owner.slice(owner.indexOf("/") + 1), weight: 1 },
    { text: description?.slice(0, 2_000) ?? "", weight: 3 },
  ];
}
