import type { Definition, PropertyDefinition } from "./define.ts";
import type { Hop } from "./path.ts";

export interface Ordered {
  /** Each after all that it reads. */
  readonly order: readonly Definition[];
  /** What reads itself around a corner: each circle once, the first named again at its end. */
  readonly circles: readonly (readonly Definition[])[];
}

export interface Links {
  /** Kinds (lower case) that the far end of a relation may have; undefined: any. */
  endsOf(type: string): readonly string[] | undefined;
  /** True when both names mean the same edges: one is the other or its inverse. */
  isSame(type: string, other: string): boolean;
}

/** Puts definitions into an order in which they can be computed. Those in a circle, and what reads them, are left out. */
export function orderDefinitions(definitions: readonly Definition[], links: Links): Ordered {
  const order: Definition[] = [];
  const circles: Definition[][] = [];
  const state = new Map<Definition, "underway" | "good" | "bad">();
  const trail: Definition[] = [];

  function visit(definition: Definition): boolean {
    const known = state.get(definition);
    if (known === "underway") {
      circles.push([...trail.slice(trail.indexOf(definition)), definition]);
      return false;
    }
    if (known !== undefined) return known === "good";
    state.set(definition, "underway");
    trail.push(definition);
    let good = true;
    for (const other of definitions) if (reads(definition, other, links) && !visit(other)) good = false;
    trail.pop();
    state.set(definition, good ? "good" : "bad");
    if (good) order.push(definition);
    return good;
  }

  for (const definition of definitions) visit(definition);
  return { order, circles };
}

export function formatCircle(circle: readonly Definition[]): string {
  return circle.map(({ id }) => id).join(" → ");
}

/** Whether a change of `other` can change what `definition` gives. Rather too often than too seldom. */
export function reads(definition: Definition, other: Definition, links: Links): boolean {
  if (other.sort === "rule") return readsEdges(definition, other.type, links);
  if (definition.sort === "rule") {
    return (
      (definition.kind === other.kind && definition.reads.source.includes(other.name)) ||
      (definition.target === other.kind && definition.reads.target.includes(other.name))
    );
  }
  const { how } = definition;
  if (how.by === "calculate") return how.own.includes(other.name) && kindsMeet(definition.kind, other.kind);
  const ends = how.by === "aggregate" && how.of !== undefined ? [how.of] : endsOf(how.hops, links);
  if (other.kind !== undefined && ends !== undefined && !ends.includes(other.kind)) return false;
  return namesOf(how).includes(other.name.toLowerCase());
}

function kindsMeet(a: string | undefined, b: string | undefined): boolean {
  return a === undefined || b === undefined || a === b;
}

function endsOf(hops: readonly Hop[], links: Links): readonly string[] | undefined {
  const last = hops.at(-1);
  return last === undefined ? undefined : last.kind === undefined ? links.endsOf(last.type) : [last.kind];
}

/** Derived properties that are read at the end of the way, in lower case as filters write them. */
function namesOf(how: Exclude<PropertyDefinition["how"], { by: "calculate" }>): string[] {
  const names = how.property?.startsWith("derived.") === true ? [how.property.slice("derived.".length).toLowerCase()] : [];
  if (how.by === "mirror") return names;
  if (how.test !== undefined) names.push(how.test.toLowerCase());
  for (const { key } of how.conditions) if (key.startsWith("derived.")) names.push(key.slice("derived.".length));
  return names;
}

function readsEdges(definition: Definition, type: string, links: Links): boolean {
  if (definition.sort === "rule") return false;
  const { how } = definition;
  if (how.by === "calculate") return how.readsRelations;
  if (how.hops.some((hop) => links.isSame(hop.type, type))) return true;
  return how.by === "aggregate" && how.conditions.some(({ key }) => key.startsWith("relations."));
}
