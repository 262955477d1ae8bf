import type { Origin } from "@roadbed/contracts/catalog/graph";
import { InvalidError } from "@roadbed/core";

import { RELATION_TYPES } from "../entity/relations.ts";
import { FIRST_OBSERVED } from "../estate/estate.ts";
import type { RelationTypes } from "../kinds/relation-types.ts";
import type { ObservedType } from "../observed/observations.ts";
import { typeMask, type TypeMask } from "./graph.ts";

/** Which edges lead one way: those followed to their end, and those followed to their beginning. */
export interface Way {
  readonly forward: TypeMask;
  readonly backward: TypeMask;
}

/** The same edges in both directions of dependence. */
export interface Ways {
  readonly down: Way;
  readonly up: Way;
}

const OBSERVED: Readonly<Record<ObservedType, number>> = { uses: FIRST_OBSERVED, sends: FIRST_OBSERVED + 1, calls: FIRST_OBSERVED + 2 };

export function codeOfObserved(type: ObservedType): number {
  return OBSERVED[type];
}

/** What an edge in the graph is called, from its beginning to its end. */
export function nameOfType(relations: Pick<RelationTypes, "typeOf">, type: number): string {
  for (const [name, code] of Object.entries(OBSERVED)) if (code === type) return name;
  return relations.typeOf(type << 1);
}

export function isObservedType(type: number): boolean {
  return type >= FIRST_OBSERVED;
}

/**
 * Which way is down? Along these relations one needs the other end: what depends or consumes goes down to what it needs, and so
 * does what calls or uses. Along the others the other end needs, or holds, this one: an API needs its provider, a system its parts,
 * a group holds what it owns, and who is sent messages needs their sender.
 */
const BACKWARD = new Set(["providesApi", "partOf", "ownedBy", "childOf", "memberOf", "sends"]);
/** Who owns what is no dependence; it is followed only from a group or a person, or when it is asked for. */
const PEOPLE = new Set(["ownedBy", "childOf", "memberOf"]);
const ORGANISATION = new Set(["group", "user"]);

/** The ways that a question allows. Throws `InvalidError` for a relation that is not known. */
export function waysOf(o: {
  readonly relations: RelationTypes;
  readonly types: readonly string[] | undefined;
  readonly origins: readonly Origin[] | undefined;
  /** Reference of where the walk begins. */
  readonly start?: string | undefined;
}): Ways {
  const withPeople = o.start !== undefined && ORGANISATION.has(o.start.slice(0, o.start.indexOf(":")));
  const origins = new Set<Origin>(o.origins === undefined || o.origins.length === 0 ? ["declared", "observed", "inferred"] : o.origins);
  const asked = o.types === undefined || o.types.length === 0 ? undefined : new Set(o.types.map((type) => numberOf(o.relations, type)));
  const down = { forward: [] as number[], backward: [] as number[] };
  const consider = (type: number, origin: Origin, name: string): void => {
    // A rule's relation has the type of a declared one: which it is shows on the edge.
    if (!origins.has(origin) && !(origin === "declared" && origins.has("inferred"))) return;
    if (asked === undefined ? PEOPLE.has(name) && !withPeople : !asked.has(type)) return;
    down[BACKWARD.has(name) ? "backward" : "forward"].push(type);
  };
  // Along a relation that a kind of somebody's own brings, who states it needs the other end.
  for (const name of o.relations.names) {
    const code = o.relations.codeOf(name)!;
    if (code % 2 === 0 || code >= RELATION_TYPES.length) consider(code >> 1, "declared", o.relations.typeOf(code & ~1));
  }
  for (const [name, type] of Object.entries(OBSERVED)) consider(type, "observed", name);
  const way = { forward: typeMask(down.forward), backward: typeMask(down.backward) };
  return { down: way, up: { forward: way.backward, backward: way.forward } };
}

/** Both names of a relation mean the same edges. */
function numberOf(relations: RelationTypes, text: string): number {
  const name = text.trim();
  const observed = OBSERVED[name as ObservedType];
  if (observed !== undefined) return observed;
  const code = relations.codeOf(name);
  if (code !== undefined) return code >> 1;
  throw new InvalidError(`There is no relation ${name}.`, {
    mend: `The relations are ${[...relations.names, ...Object.keys(OBSERVED)].join(", ")}.`,
    problems: [{ at: "types", reason: `unknown: ${name}` }],
  });
}
