import type { Entity } from "@roadbed/contracts/catalog";

import { canonical } from "../entity/relations.ts";
import { criticalityOf } from "../graph/criticality.ts";
import { viewersOf } from "./restrictions.ts";

/** What is kept in memory of an entity: enough for lists, facets and the graph; the document stays in the database. */
export interface Item {
  /** Its number: also that of its node in the graph. */
  readonly id: number;
  readonly ref: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly title: string | undefined;
  readonly description: string | undefined;
  readonly type: string | undefined;
  readonly lifecycle: string | undefined;
  /** How much it matters when it is affected, from 0 to 1. */
  readonly criticality: number;
  /** Canonical references, whether they exist or not. */
  readonly owner: string | undefined;
  readonly system: string | undefined;
  readonly tags: readonly string[];
  readonly sample: boolean;
  readonly sourceId: string;
  readonly docsRoot: string | undefined;
  /** Who may see it, as its document says: see `viewersOf`. */
  readonly visibleTo: readonly string[] | undefined;
  /** Pairs of key and value by their numbers; value 0 is one that equals nothing. Those of the document first, then the derived ones. */
  readonly pairs: Uint32Array;
  /** How long the document's part of `pairs` is. */
  readonly ownPairs: number;
  /** Derived properties that have a value. */
  readonly derived: Readonly<Record<string, unknown>> | undefined;
  /** Pairs of relation code and the other's number, as the document states them. */
  readonly statements: Uint32Array;
  /** Relations that rules made, in threes: relation code, the other's number, the rule's number. */
  readonly inferred: Uint32Array;
}

/** The part of an item that is read off the document. */
export function summarise(
  entity: Entity,
): Pick<
  Item,
  "kind" | "namespace" | "name" | "title" | "description" | "type" | "lifecycle" | "criticality" | "owner" | "system" | "tags" | "visibleTo"
> {
  const { metadata, spec = {} } = entity;
  const namespace = metadata.namespace ?? "default";
  const text = (key: string): string | undefined => (typeof spec[key] === "string" ? spec[key] : undefined);
  const ref = (key: string, kind: string): string | undefined => {
    const short = text(key);
    return short === undefined ? undefined : canonical(short, kind, namespace);
  };
  return {
    kind: entity.kind,
    namespace,
    name: metadata.name,
    title: metadata.title ?? displayName(spec.profile),
    description: metadata.description,
    type: text("type"),
    lifecycle: text("lifecycle"),
    criticality: criticalityOf(entity),
    owner: ref("owner", "group"),
    system: ref("system", "system"),
    tags: metadata.tags ?? [],
    visibleTo: viewersOf(entity),
  };
}

function displayName(profile: unknown): string | undefined {
  const name = typeof profile === "object" && profile !== null ? (profile as Record<string, unknown>)["displayName"] : undefined;
  return typeof name === "string" ? name : undefined;
}
