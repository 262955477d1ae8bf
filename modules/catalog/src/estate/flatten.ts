import type { Entity } from "@roadbed/contracts/catalog";

import { SINGLY, type Arena } from "./arena.ts";
import { createInterner } from "./interner.ts";

/** Longest key and value that can be asked for, as in Backstage: a longer value exists, but equals nothing. */
const MAX_LENGTH = 200;
const MAX_DEPTH = 20;

/**
 * Turns entities into `key=value` pairs of numbers. Keys are dotted and in lower case; the items of a list all have the key of the
 * list. Not among the pairs, because they are answered without: `relations.*` and `metadata.tags.<tag>=true`.
 */
export interface Flattener {
  /** Pairs of a key's number and a value's; value 0 is there, but equals nothing. */
  flatten(entity: Entity, arena?: Arena): Uint32Array;
  /** Pairs of one value below a key, e.g. everything under `derived`. */
  flattenUnder(key: string, value: unknown): Uint32Array;
  /** Undefined when no entity ever had such a key. `key` is in lower case. */
  findKey(key: string): number | undefined;
  /** Numbers of the key and of all keys below it. */
  keysBelow(key: string): ReadonlySet<number>;
  /** The value in lower case. */
  lowerOf(value: number): string;
  /** The value as it was written. */
  textOf(value: number): string;
  /** Whether the values of a key were ever items of a list. */
  isList(key: number): boolean;
}

/** The way to a key, name by name, so that it is put together once and not for each entity. */
interface KeyNode {
  readonly id: number;
  readonly key: string;
  readonly children: Map<string, KeyNode | undefined>;
}

export function createFlattener(): Flattener {
  const keys = createInterner();
  const values = createInterner();
  const lists = new Set<number>();
  const root: KeyNode = { id: -1, key: "", children: new Map() };
  /** Grows to the largest entity there was, and is used for all. */
  let pairs = new Uint32Array(256);
  let length = 0;
  // What no document holds: the number of a value that equals nothing.
  values.idOf("\0");

  return {
    flatten: (entity, arena = SINGLY) => {
      length = 0;
      add(childOf(root, "apiVersion")!, entity.apiVersion);
      add(childOf(root, "kind")!, entity.kind);
      walk(childOf(root, "metadata")!, entity.metadata, 0);
      if (entity.spec) walk(childOf(root, "spec")!, entity.spec, 0);
      return arena.keep(pairs, length);
    },
    flattenUnder: (key, value) => {
      length = 0;
      walk(childOf(root, key)!, value, 0);
      return pairs.slice(0, length);
    },
    findKey: (key) => keys.find(key),
    keysBelow: (key) => {
      const found = new Set<number>();
      for (let id = 0; id < keys.size; id++) if (keys.textOf(id) === key || keys.textOf(id).startsWith(`${key}.`)) found.add(id);
      return found;
    },
    lowerOf: (value) => values.textOf(value).toLowerCase(),
    textOf: (value) => values.textOf(value),
    isList: (key) => lists.has(key),
  };

  function walk(node: KeyNode, value: unknown, depth: number): void {
    if (depth > MAX_DEPTH) return;
    if (Array.isArray(value)) {
      if (node.id >= 0) lists.add(node.id);
      for (const item of value) walk(node, item, depth + 1);
    } else if (typeof value === "object" && value !== null) {
      for (const name in value) {
        const child = depth === 0 && name === "etag" ? undefined : childOf(node, name);
        if (child) walk(child, (value as Record<string, unknown>)[name], depth + 1);
      }
    } else add(node, value);
  }

  function childOf(node: KeyNode, name: string): KeyNode | undefined {
    if (node.children.has(name)) return node.children.get(name);
    const key = node.key === "" ? name.toLowerCase() : `${node.key}.${name.toLowerCase()}`;
    const child = key.length > MAX_LENGTH ? undefined : { id: keys.idOf(key), key, children: new Map() };
    node.children.set(name, child);
    return child;
  }

  function add(node: KeyNode, value: unknown): void {
    if (length === pairs.length) grow();
    pairs[length++] = node.id;
    pairs[length++] =
      value === null || value === undefined ? 0 : valueOf(typeof value === "string" ? value : String(value as number | boolean));
  }

  function grow(): void {
    const larger = new Uint32Array(pairs.length * 2);
    larger.set(pairs);
    pairs = larger;
  }

  function valueOf(text: string): number {
    return text.length > MAX_LENGTH ? 0 : values.idOf(text);
  }
}
