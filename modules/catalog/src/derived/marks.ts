import type { Estate } from "../estate/estate.ts";
import type { Kinds } from "../kinds/registry.ts";
import type { Hop } from "./path.ts";
import type { Walker } from "./walk.ts";
import { isProperty, isRule, type Work } from "./work.ts";

/**
 * Who has to be looked at again after a change. Every mark is made at the moment of the change, on the relations as they are then:
 * of all changes on a way, the first one from its beginning has a way back to whoever stands there, so nobody is missed.
 */
export interface Marks {
  /** Everything, e.g. because very much changed. */
  all(work: Work): void;
  /** A relation came or went. */
  edge(works: readonly Work[], id: number, code: number, other: number): void;
  /** An entity came, went or changed; of one that only changed, `changed` says which of the properties that are kept. */
  entity(works: readonly Work[], id: number, changed: ReadonlySet<string> | "all"): void;
  /** A definition has another value for an entity. */
  readers(work: Work, id: number): void;
}

export function createMarks(o: {
  readonly estate: Estate;
  readonly kinds: Kinds;
  readonly walker: Walker;
  readonly idsOf: (kind: string) => Iterable<number>;
}): Marks {
  const { estate, kinds, walker } = o;
  return { all, edge, entity, readers };

  function all(work: Work): void {
    const { definition } = work;
    if (isRule(work)) {
      for (const kind of [work.definition.kind, work.definition.target]) for (const id of o.idsOf(kind)) work.dirty.add(id);
    } else if (definition.kind === undefined) for (const id of estate.all()) work.dirty.add(id);
    else for (const id of o.idsOf(definition.kind)) work.dirty.add(id);
  }

  function kindOf(id: number): string {
    const item = estate.at(id);
    return item ? item.kind.toLowerCase() : estate.refOf(id).slice(0, estate.refOf(id).indexOf(":"));
  }

  function mark(work: Work, id: number): void {
    if (work.definition.kind === undefined || work.definition.kind === kindOf(id)) work.dirty.add(id);
  }

  function back(work: Work, hops: readonly Hop[], id: number, count: number): void {
    for (const start of walker.starts(id, hops, count)) mark(work, start);
  }

  function edge(works: readonly Work[], id: number, code: number, other: number): void {
    for (const work of works) {
      if (!isProperty(work)) continue;
      const { how } = work.definition;
      if (how.by === "calculate") {
        if (how.readsRelations) for (const end of [id, other]) mark(work, end);
        continue;
      }
      for (const [at, hop] of how.hops.entries()) {
        const wanted = kinds.relations.codeOf(hop.type);
        if (wanted === code) back(work, how.hops, id, at);
        if (wanted === (code ^ 1)) back(work, how.hops, other, at);
      }
      if (how.by === "aggregate" && how.conditions.some(({ key }) => key.startsWith("relations."))) {
        if (how.of !== undefined) all(work);
        else for (const end of [id, other]) back(work, how.hops, end, how.hops.length);
      }
    }
  }

  function entity(works: readonly Work[], id: number, changed: ReadonlySet<string> | "all"): void {
    const kind = kindOf(id);
    for (const work of works) {
      if (isRule(work)) {
        if (work.definition.kind === kind || work.definition.target === kind) work.dirty.add(id);
        continue;
      }
      if (!isProperty(work)) continue;
      const { how } = work.definition;
      if (how.by === "calculate" || changed === "all") mark(work, id);
      if (how.by === "calculate") continue;
      const counts = changed === "all" || (how.property !== undefined && changed.has(how.property));
      const matters = counts || (how.by === "aggregate" && how.conditions.length > 0);
      if (how.by === "aggregate" && how.of !== undefined) {
        if (matters && how.of === kind) all(work);
        continue;
      }
      if (matters) back(work, how.hops, id, how.hops.length);
      // Nobody goes through what was not there; one that only changed stands where it stood.
      if (changed === "all") for (let at = 1; at < how.hops.length; at++) back(work, how.hops, id, at);
    }
  }

  function readers(work: Work, id: number): void {
    for (const reader of work.readers) {
      if (!isProperty(reader)) reader.dirty.add(id);
      else if (reader.definition.how.by === "calculate") mark(reader, id);
      else if (reader.definition.how.by === "aggregate" && reader.definition.how.of !== undefined) all(reader);
      else back(reader, reader.definition.how.hops, id, reader.definition.how.hops.length);
    }
  }
}
