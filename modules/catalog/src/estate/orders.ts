import { finish, finishInTurns, inPieces, sorting, type Turns } from "../source/turns.ts";
import type { Item } from "./item.ts";

export type SortKey = "name" | "kind" | "owner" | "type" | "system" | "lifecycle" | `derived.${string}`;

/** Where a row stands in a sorted list: what it is sorted by, and its reference, which no other has. */
export type Position = readonly [value: string, ref: string];

/** Keeps the items sorted by each key that was asked for, single changes included. */
export interface Orders {
  /** All items in the order of a key. */
  by(key: SortKey): readonly Item[];
  /** Makes the order with stops if it is not there: for whoever can wait, so that others need not. */
  ready(key: SortKey): Promise<void>;
  insert(item: Item): void;
  remove(item: Item): void;
  clear(): void;
}

export function createOrders(items: () => Iterable<Item>): Orders {
  const orders = new Map<SortKey, Item[]>();
  const making = new Map<SortKey, Promise<void>>();
  let version = 0;
  return {
    by: orderOf,
    ready: async (key) => {
      while (!orders.has(key)) {
        if (!making.has(key))
          making.set(
            key,
            make(key).finally(() => making.delete(key)),
          );
        await making.get(key);
      }
    },
    insert: (item) => {
      version++;
      for (const [key, order] of orders) order.splice(search(order, key, positionOf(item, key)), 0, item);
    },
    remove: (item) => {
      version++;
      for (const [key, order] of orders) {
        const at = search(order, key, positionOf(item, key));
        if (order[at] === item) order.splice(at, 1);
      }
    },
    clear: () => {
      version++;
      orders.clear();
    },
  };

  async function make(key: SortKey): Promise<void> {
    const before = version;
    const order = await finishInTurns(sortingItems([...items()], key));
    // Something changed while it was made: that happens seldom, and who asks now gets it at once.
    if (version !== before) orderOf(key);
    else orders.set(key, order);
  }

  function orderOf(key: SortKey): Item[] {
    let order = orders.get(key);
    if (!order) orders.set(key, (order = sortItems([...items()], key)));
    return order;
  }
}

export function sortItems(items: Item[], key: SortKey): Item[] {
  return finish(sortingItems(items, key));
}

function* sortingItems(items: readonly Item[], key: SortKey): Turns<Item[]> {
  const keyed: Keyed[] = [];
  yield* inPieces(items, (some) => {
    for (const item of some) keyed.push({ item, value: valueOf(item, key) });
  });
  const sorted = yield* sorting(keyed, (a, b) => (a.value === b.value ? (a.item.ref < b.item.ref ? -1 : 1) : a.value < b.value ? -1 : 1));
  return sorted.map(({ item }) => item);
}

interface Keyed {
  readonly item: Item;
  readonly value: string;
}

/** What an item is sorted by: without regard to case, and those without a value last. */
export function positionOf(item: Item, key: SortKey): Position {
  return [valueOf(item, key), item.ref];
}

function valueOf(item: Item, key: SortKey): string {
  const value = key.startsWith("derived.") ? sortable(item.derived?.[key.slice("derived.".length)]) : item[key as "name"];
  return value === undefined ? LAST : value.toLowerCase();
}

const LAST = "\u{10FFFF}";
const bits = new DataView(new ArrayBuffer(8));

/** A text that sorts as the value does: numbers by size, and before texts. */
function sortable(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number") return typeof value === "string" ? value : JSON.stringify(value);
  bits.setFloat64(0, value);
  const raw = bits.getBigUint64(0);
  const ordered = raw >> 63n === 1n ? raw ^ 0xffffffffffffffffn : raw | (1n << 63n);
  return ordered.toString(16).padStart(16, "0");
}

export function compare(a: Position, b: Position): number {
  if (a[0] !== b[0]) return a[0] < b[0] ? -1 : 1;
  return a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0;
}

function search(order: readonly Item[], key: SortKey, position: Position): number {
  let [low, high] = [0, order.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compare(positionOf(order[middle]!, key), position) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
