import type { Entity } from "@roadbed/contracts/catalog";

import type { Estate } from "../estate/estate.ts";
import { aggregate } from "./aggregate.ts";
import type { Columns } from "./columns.ts";
import type { PropertyDefinition } from "./define.ts";
import type { Walker } from "./walk.ts";
import { isProperty, type PropertyWork, type Work } from "./work.ts";

/** Works out single values from what is in memory. */
export interface Computer {
  /** Of a mirror or an aggregate. */
  valueOf(work: PropertyWork, id: number): unknown;
  /** A property of an entity: of its document, or derived. */
  read(id: number, property: string): unknown;
  /** All derived properties that an entity has; undefined when there is none. */
  derivedOf(id: number): Readonly<Record<string, unknown>> | undefined;
  /** What an expression sees as an entity. */
  bindingOf(id: number, entity: Entity, withRelations: boolean): Record<string, unknown>;
}

type How<By> = Extract<PropertyDefinition["how"], { by: By }>;

export function createComputer(o: {
  readonly estate: Estate;
  readonly walker: Walker;
  readonly columns: Columns;
  readonly idsOf: (kind: string) => Iterable<number>;
  readonly works: () => readonly Work[];
  readonly stamp: () => number;
  readonly flush: () => void;
}): Computer {
  const { estate, walker, columns } = o;
  let visibleOf: readonly Work[] | undefined;
  let byName = new Map<string, PropertyWork[]>();
  return { valueOf, read, derivedOf, bindingOf };

  function named(): ReadonlyMap<string, readonly PropertyWork[]> {
    const works = o.works();
    if (visibleOf === works) return byName;
    visibleOf = works;
    byName = new Map();
    for (const work of works.filter(isProperty)) byName.set(work.definition.name, [...(byName.get(work.definition.name) ?? []), work]);
    return byName;
  }

  function valueOf(work: PropertyWork, id: number): unknown {
    const { how } = work.definition;
    if (how.by === "mirror") return mirror(how, id);
    if (how.by !== "aggregate") return undefined;
    if (how.of === undefined) return aggregateOver(work, how, walker.ends(id, how.hops));
    if (work.shared?.stamp !== o.stamp()) {
      const value = aggregateOver(
        work,
        how,
        [...o.idsOf(how.of)].sort((a, b) => a - b),
      );
      work.shared = { stamp: o.stamp(), value };
    }
    return work.shared!.value;
  }

  function mirror({ hops, property, many }: How<"mirror">, id: number): unknown {
    const ends = walker.ends(id, hops);
    const sorted = ends.length < 2 ? ends : ends.toSorted((a, b) => (estate.refOf(a) < estate.refOf(b) ? -1 : 1));
    if (!many) {
      for (const end of sorted) {
        const value = read(end, property);
        if (value !== undefined) return value;
      }
      return undefined;
    }
    const values = new Map<string, unknown>();
    for (const end of sorted)
      for (const value of [read(end, property)].flat()) if (value !== undefined) values.set(JSON.stringify(value), value);
    return values.size === 0 ? undefined : [...values.values()];
  }

  function aggregateOver(work: PropertyWork, how: How<"aggregate">, nodes: readonly number[]): unknown {
    const passing = nodes.filter((id) => passes(work, how, id));
    const { property } = how;
    return aggregate(how.function, property === undefined ? passing.map(() => 1) : passing.map((id) => read(id, property)));
  }

  function passes(work: PropertyWork, how: How<"aggregate">, id: number): boolean {
    if (how.test !== undefined) return read(id, `derived.${how.test}`) === true;
    if (how.conditions.length === 0) return true;
    if (work.selected?.stamp !== o.stamp()) {
      // Filters ask the estate: what is derived has to be in it first.
      if (how.conditions.some(({ key }) => key.startsWith("derived."))) o.flush();
      work.selected = { stamp: o.stamp(), ids: new Set(estate.select(how.conditions)) };
    }
    return work.selected!.ids.has(id);
  }

  function read(id: number, property: string): unknown {
    if (property === "ref") return estate.refOf(id);
    if (!property.startsWith("derived.")) return columns.get(id, property);
    const kind = estate.at(id)?.kind.toLowerCase();
    for (const { definition, values } of named().get(property.slice("derived.".length)) ?? []) {
      if (definition.kind === undefined || definition.kind === kind) return values.get(id);
    }
    return undefined;
  }

  function derivedOf(id: number): Readonly<Record<string, unknown>> | undefined {
    const kind = estate.at(id)?.kind.toLowerCase();
    const entries = o.works().flatMap((work): [string, unknown][] => {
      if (!isProperty(work) || work.hidden || work.definition.kind !== kind) return [];
      const value = work.values.get(id);
      return value === undefined ? [] : [[work.definition.name, value]];
    });
    return entries.length === 0 ? undefined : Object.fromEntries(entries);
  }

  function bindingOf(id: number, entity: Entity, withRelations: boolean): Record<string, unknown> {
    const relations = withRelations ? { relations: estate.neighbours(id).map(({ type, ref }) => ({ type, targetRef: ref })) } : {};
    return { ...entity, ...relations, derived: derivedOf(id) ?? {} };
  }
}
