import type { Entity } from "@roadbed/contracts/catalog";

import { isRecord } from "../entity/validate-spec.ts";

/** One relation on the way, seen from where one stands; `kind` (lower case) leaves out those of other kinds. */
export interface Hop {
  readonly type: string;
  readonly kind: string | undefined;
}

/** Where a value is found: over relations, then a property of what they lead to. */
export interface Way {
  readonly hops: readonly Hop[];
  /** Whole, e.g. `metadata.title`; undefined when the way ends at the entities themselves. */
  readonly property: string | undefined;
}

const HOP = /^([A-Za-z][A-Za-z0-9]*)(?:\[([A-Za-z][A-Za-z0-9]*)\])?$/;
const SHORT: Readonly<Record<string, string>> = {
  name: "metadata.name",
  namespace: "metadata.namespace",
  title: "metadata.title",
  description: "metadata.description",
  tags: "metadata.tags",
  type: "spec.type",
  lifecycle: "spec.lifecycle",
};
const ROOTS = /^(?:metadata|spec|derived)\.[^.]|^(?:ref|kind|apiVersion)$/;

/**
 * Reads `relation[Kind].relation.property`. Which words are relations, `isRelation` says; the first that is none begins the property.
 * Answers what is wrong instead, in words.
 */
export function parseWay(text: string, isRelation: (type: string) => boolean): Way | { readonly wrong: string; readonly mend: string } {
  const parts = text.split(".");
  const hops: Hop[] = [];
  for (const part of parts) {
    const [, type, kind] = HOP.exec(part) ?? [];
    if (type === undefined || (!isRelation(type) && kind === undefined)) break;
    if (!isRelation(type)) return { wrong: `there is no relation ${type}`, mend: "Use the name of a relation, e.g. partOf[System]." };
    hops.push({ type, kind: kind?.toLowerCase() });
  }
  const rest = parts.slice(hops.length).join(".");
  if (rest === "") return { hops, property: undefined };
  const property = SHORT[rest] ?? rest;
  if (ROOTS.test(property)) return { hops, property };
  const mend = "Use relations, then a property that begins with metadata., spec. or derived., e.g. partOf[System].metadata.title.";
  return { wrong: `"${rest}" is neither a relation nor a property`, mend };
}

/** The value of a property of a document; keys may hold dots themselves, so the longest key that is there wins. */
export function readProperty(entity: Entity, property: string): unknown {
  return property.startsWith("derived.") ? undefined : read(entity, property);
}

function read(value: unknown, path: string): unknown {
  if (!isRecord(value)) return undefined;
  for (let end = path.length; end > 0; end = path.lastIndexOf(".", end - 1)) {
    const key = path.slice(0, end);
    if (!Object.hasOwn(value, key)) continue;
    const inner = value[key];
    return end === path.length ? (inner ?? undefined) : read(inner, path.slice(end + 1));
  }
  return undefined;
}
