import type { Definition, PropertyDefinition, RuleDefinition } from "./define.ts";
import { reads, type Links } from "./order.ts";
import { createJoin, type Join } from "./rule.ts";

/** A definition with what it has given so far and what has to be looked at again. */
export type Work = PropertyWork | RuleWork;

interface Base {
  /** The same text means the same definition: what it has given stays. */
  readonly key: string;
  /** Entities of which it may say something else now. */
  readonly dirty: Set<number>;
  /** Those that read what this one gives. */
  readers: readonly Work[];
  /** Why an expression has no value, by entity. */
  readonly faults: Map<number, string>;
}

export interface PropertyWork extends Base {
  readonly definition: PropertyDefinition;
  readonly values: Map<number, unknown>;
  /** True for what only a filter needs. */
  readonly hidden: boolean;
  /** Entities that pass the filter of an aggregate, as of a state of the estate. */
  selected: { readonly stamp: number; readonly ids: ReadonlySet<number> } | undefined;
  /** The one value of an aggregate over a whole kind, as of a state. */
  shared: { readonly stamp: number; readonly value: unknown } | undefined;
}

export interface RuleWork extends Base {
  readonly definition: RuleDefinition;
  readonly join: Join;
  /** By source, ascending. */
  readonly edges: Map<number, readonly number[]>;
  /** Sources that have more candidates than are looked at. */
  readonly cut: Set<number>;
}

export function isProperty(work: Work): work is PropertyWork {
  return work.definition.sort === "property";
}

export function isRule(work: Work): work is RuleWork {
  return work.definition.sort === "rule";
}

/** Works in their order; those whose text was there before are the very same. */
export function makeWorks(order: readonly Definition[], before: readonly Work[], links: Links): Work[] {
  const known = new Map(before.map((work) => [work.key, work]));
  const works = order.map((definition): Work => {
    const key = JSON.stringify(definition);
    const kept = known.get(key);
    if (kept) return kept;
    const base: Base = { key, dirty: new Set(), readers: [], faults: new Map() };
    if (definition.sort === "rule") return { ...base, definition, join: createJoin(definition), edges: new Map(), cut: new Set() };
    return { ...base, definition, values: new Map(), hidden: definition.name.startsWith("#"), selected: undefined, shared: undefined };
  });
  for (const work of works) work.readers = works.filter((other) => reads(other.definition, work.definition, links));
  // What needs no expression does not wait for what does.
  const slow = new Set<Work>();
  for (const work of works) {
    if (needsExpression(work.definition)) slow.add(work);
    if (slow.has(work)) for (const reader of work.readers) slow.add(reader);
  }
  return [...works.filter((work) => !slow.has(work)), ...works.filter((work) => slow.has(work))];
}

function needsExpression(definition: Definition): boolean {
  return definition.sort === "rule" ? definition.expression !== undefined : definition.how.by === "calculate";
}

/** Properties of documents that the definitions read. */
export function propertiesOf(works: readonly Work[]): ReadonlySet<string> {
  const found = new Set<string>();
  const add = (property: string | undefined): void => {
    if (property !== undefined && !property.startsWith("derived.")) found.add(property);
  };
  for (const { definition } of works) {
    if (definition.sort === "rule") {
      add(definition.join?.source);
      add(definition.join?.target);
    } else if (definition.how.by !== "calculate") add(definition.how.property);
  }
  return found;
}
