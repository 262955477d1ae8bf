import type { Estate, Sees } from "../estate/estate.ts";
import type { Item } from "../estate/item.ts";
import { breathe } from "../source/breathe.ts";
import { createSearchIndex, type Field } from "./search-index.ts";
import { plainText } from "./plain-text.ts";

/** What a search found. */
export type Found =
  | { readonly kind: "entity"; readonly item: Item; readonly score: number }
  | {
      readonly kind: "doc";
      readonly item: Item;
      readonly sourceId: string;
      readonly root: string;
      readonly path: string;
      readonly title: string;
      readonly score: number;
    };

/** Finds entities by name, title, tags and description, and pages of documentation by their text. */
export interface Finder {
  /** What is hidden from who asks has no part in it: neither in what is found nor in how well or in whether slips are forgiven. */
  search(text: string, limit: number, sees?: Sees): Found[];
  /** Numbers of the items in which all words are found. */
  matching(text: string): Set<number>;
  /** After the estate has changed. What arrived is indexed by the next search, or by `warm` before anybody searches. */
  applyEntities(arrived: readonly string[], departed: readonly string[]): void;
  applyDocs(roots: readonly { readonly sourceId: string; readonly root: string; readonly pages: readonly Page[] }[]): void;
  /** Indexes what waits, a little at a time. */
  warm(): Promise<void>;
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

export function createFinder(estate: Estate): Finder {
  const entities = createSearchIndex();
  const docs = createSearchIndex();
  const pages = new Map<string, IndexedPage>();
  const keysByRoot = new Map<string, string[]>();
  /** Entities whose documentation a folder is. */
  const readersOf = new Map<string, Set<string>>();
  const rootOf = new Map<string, string>();
  const waiting = new Set<string>();

  return {
    search: (text, limit, sees) => {
      for (const ref of waiting) indexEntity(ref);
      const foundEntities = entities.query(text, limit, sees && ((ref) => sees(estate.idOf(ref)!))).flatMap(({ key, score }): Found[] => {
        const item = estate.get(key);
        return item ? [{ kind: "entity", item, score }] : [];
      });
      const foundDocs = docs
        .query(text, limit, sees && ((key) => readerOf(pages.get(key)!, sees) !== undefined))
        .flatMap(({ key, score }): Found[] => {
          const page = pages.get(key)!;
          const item = readerOf(page, sees);
          // A page about something is worth less than the thing itself.
          return item ? [{ kind: "doc", ...page, item, score: score * 0.5 }] : [];
        });
      return [...foundEntities, ...foundDocs].sort((a, b) => b.score - a.score).slice(0, limit);
    },
    matching: (text) => {
      for (const ref of waiting) indexEntity(ref);
      return new Set([...entities.matching(text)].flatMap((ref) => estate.get(ref)?.id ?? []));
    },
    warm: async () => {
      for (const ref of waiting) {
        await breathe();
        indexEntity(ref);
      }
    },
    applyEntities: (arrived, departed) => {
      for (const ref of departed) {
        waiting.delete(ref);
        entities.remove(ref);
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

  function indexEntity(ref: string): void {
    waiting.delete(ref);
    const item = estate.get(ref);
    if (item) entities.put(ref, fieldsOf(item));
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

  function readerOf({ sourceId, root }: IndexedPage, sees?: Sees): Item | undefined {
    for (const ref of readersOf.get(rootKey(sourceId, root)) ?? []) {
      const item = estate.get(ref);
      if (item && (!sees || sees(item.id))) return item;
    }
    return undefined;
  }
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
