import type { Entity } from "@roadbed/contracts/catalog";

import { readProperty } from "./path.ts";

/** The few properties of documents that definitions read, kept in memory for all entities. */
export interface Columns {
  /** From now on these are kept, and no others. Answers whether some were not before: then all documents have to be put in. */
  need(properties: ReadonlySet<string>): boolean;
  /** What is kept of a document, to be put in later. */
  pick(entity: Entity): ReadonlyMap<string, unknown>;
  /** Answers the properties that have another value now. What was picked before `need` changed lacks what is new. */
  put(id: number, picked: ReadonlyMap<string, unknown>): ReadonlySet<string>;
  remove(id: number): void;
  get(id: number, property: string): unknown;
}

const NOTHING: ReadonlyMap<string, unknown> = new Map();

export function createColumns(): Columns {
  let columns = new Map<string, Map<number, unknown>>();
  return {
    need: (properties) => {
      const isNew = [...properties].some((property) => !columns.has(property));
      columns = new Map([...properties].map((property) => [property, columns.get(property) ?? new Map<number, unknown>()]));
      return isNew;
    },
    pick: (entity) => {
      if (columns.size === 0) return NOTHING;
      const picked = new Map<string, unknown>();
      for (const property of columns.keys()) if (property !== "ref") picked.set(property, readProperty(entity, property));
      return picked;
    },
    put: (id, picked) => {
      const differing = new Set<string>();
      for (const [property, value] of picked) {
        const values = columns.get(property);
        if (!values) continue;
        const before = values.get(id);
        if (before === value || JSON.stringify(before) === JSON.stringify(value)) continue;
        differing.add(property);
        if (value === undefined) values.delete(id);
        else values.set(id, value);
      }
      return differing;
    },
    remove: (id) => {
      for (const values of columns.values()) values.delete(id);
    },
    get: (id, property) => columns.get(property)?.get(id),
  };
}
