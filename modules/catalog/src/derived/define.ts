import type { DerivedProperty, RelationRule } from "@roadbed/contracts/catalog/kinds";
import { InvalidError } from "@roadbed/core";

import type { Fault } from "../entity/fault.ts";
import { parseFilter, type Condition, type Filter } from "../estate/filter.ts";
import { parseWay, type Hop } from "./path.ts";

export type AggregateFunction = "count" | "sum" | "min" | "max" | "average" | "median";

/** A definition that was understood: a property of a kind's entities, or a rule that makes relations. */
export type Definition = PropertyDefinition | RuleDefinition;

interface Named {
  /** As it is shown, e.g. `Component.cost`. Unique. */
  readonly id: string;
  /** Lower case; whose entities have it. Undefined: all entities (only what the filter of an aggregate needs). */
  readonly kind: string | undefined;
  readonly name: string;
}

export interface PropertyDefinition extends Named {
  readonly sort: "property";
  readonly how:
    | { readonly by: "mirror"; readonly hops: readonly Hop[]; readonly property: string; readonly many: boolean }
    | { readonly by: "calculate"; readonly expression: string; readonly own: readonly string[]; readonly readsRelations: boolean }
    | {
        readonly by: "aggregate";
        /** Empty: every entity of `of`. */
        readonly hops: readonly Hop[];
        readonly of: string | undefined;
        readonly conditions: readonly Condition[];
        /** A hidden property that must be true, where the filter is an expression. */
        readonly test: string | undefined;
        readonly function: AggregateFunction;
        readonly property: string | undefined;
      };
}

export interface RuleDefinition extends Named {
  readonly sort: "rule";
  readonly kind: string;
  readonly type: string;
  readonly target: string;
  /** Values that must meet; `list`: a side may be a list, any item of which will do. */
  readonly join: { readonly source: string; readonly target: string; readonly list: boolean } | undefined;
  readonly expression: string | undefined;
  /** Derived properties that the expression reads, by side. */
  readonly reads: { readonly source: readonly string[]; readonly target: readonly string[] };
}

export interface Definer {
  readonly isRelation: (type: string) => boolean;
  /** What is wrong with an expression over these variables; undefined where nothing is. */
  checkExpression(expression: string, variables: readonly string[]): { readonly reason: string; readonly mend?: string } | undefined;
}

/** Understands one derived property. An expression as a filter becomes a hidden property of its own: hence a list. */
export function defineProperty(kind: string, name: string, given: DerivedProperty, definer: Definer): Definition[] | Fault {
  const path = ["spec", "derived", name];
  const base = { sort: "property", id: `${kind}.${name}`, kind: kind.toLowerCase(), name } as const;
  if (given.mirror !== undefined) {
    const way = parseWay(given.mirror, definer.isRelation);
    if ("wrong" in way) return { path: [...path, "mirror"], reason: way.wrong, mend: way.mend };
    if (way.hops.length === 0 || way.property === undefined) {
      const mend = "Write relations, then a property, e.g. partOf[System].ownedBy.metadata.title.";
      return { path: [...path, "mirror"], reason: "must lead over a relation to a property", mend };
    }
    return [{ ...base, how: { by: "mirror", hops: way.hops, property: way.property, many: given.many ?? false } }];
  }
  if (given.calculate !== undefined) {
    const how = defineCalculation(given.calculate, "entity", definer);
    return "reason" in how ? { ...how, path: [...path, "calculate"] } : [{ ...base, how }];
  }
  return defineAggregate(base, given.aggregate!, [...path, "aggregate"], definer);
}

type Calculation = Extract<PropertyDefinition["how"], { by: "calculate" }>;

function defineCalculation(expression: string, variable: string, definer: Definer): Calculation | Omit<Fault, "path"> {
  const wrong = definer.checkExpression(expression, [variable]);
  if (wrong) return wrong;
  const own = derivedIn(expression, variable);
  if (own === undefined)
    return { reason: "reads `derived` in a way that cannot be followed", mend: `Name the property: ${variable}.derived.cost.` };
  return {
    by: "calculate",
    expression,
    own,
    readsRelations: new RegExp(`\\b${variable}\\s*(?:\\.\\s*\\??relations\\b|\\[)`).test(expression),
  };
}

/** The derived properties that an expression names; undefined when it uses `derived` otherwise. */
function derivedIn(expression: string, variable: string): string[] | undefined {
  const names = new Set<string>();
  const named = new RegExp(
    `\\b${variable}\\s*\\.\\s*\\??derived\\s*(?:\\.\\s*\\??([A-Za-z_]\\w*)|\\[\\s*\\??["']([\\w-]+)["']\\s*\\])`,
    "g",
  );
  const rest = expression.replaceAll(named, (_, plain: string | undefined, quoted: string | undefined) => {
    names.add((plain ?? quoted)!);
    return "";
  });
  return new RegExp(`\\b${variable}\\s*(?:\\.\\s*\\??derived\\b|\\[\\s*\\??["']derived["'])`).test(rest) ? undefined : [...names];
}

function defineAggregate(
  base: { sort: "property"; id: string; kind: string; name: string },
  given: NonNullable<DerivedProperty["aggregate"]>,
  path: Fault["path"],
  definer: Definer,
): Definition[] | Fault {
  if ((given.relation === undefined) === (given.kind === undefined)) {
    return { path, reason: "must have either relation or kind", mend: "Write relation: hasPart, or kind: Component." };
  }
  const way = given.relation === undefined ? { hops: [], property: undefined } : parseWay(given.relation, definer.isRelation);
  if ("wrong" in way) return { path: [...path, "relation"], reason: way.wrong, mend: way.mend };
  if (way.property !== undefined)
    return { path: [...path, "relation"], reason: "ends in a property", mend: "Name the property under property." };
  const property = given.property === undefined ? { hops: [], property: undefined } : parseWay(given.property, () => false);
  if ("wrong" in property) return { path: [...path, "property"], reason: property.wrong, mend: property.mend };
  if (property.property === undefined && given.function !== "count") {
    return {
      path: [...path, "property"],
      reason: `is missing: ${given.function} needs a property`,
      mend: "Write e.g. property: spec.cost.",
    };
  }
  const filter = readFilter(given.filter);
  if ("reason" in filter) return { ...filter, path: [...path, "filter"] };
  const of = given.kind?.toLowerCase();
  const how = { by: "aggregate", hops: way.hops, of, function: given.function, property: property.property } as const;
  if ("conditions" in filter) return [{ ...base, how: { ...how, conditions: filter.conditions, test: undefined } }];
  const calculation = defineCalculation(filter.expression, "entity", definer);
  if ("reason" in calculation) return { ...calculation, path: [...path, "filter"] };
  const test: PropertyDefinition = {
    sort: "property",
    id: `${base.id} (filter)`,
    kind: of ?? way.hops.at(-1)?.kind,
    name: `#${base.id}`,
    how: calculation,
  };
  return [test, { ...base, how: { ...how, conditions: [], test: test.name } }];
}

/** A kind that is stored must not make anybody fail who reads it: what is wrong with it is told where kinds are shown. */
function readFilter(text: string | undefined): Filter | Pick<Fault, "reason" | "mend"> {
  try {
    return parseFilter(text);
  } catch (error) {
    if (!(error instanceof InvalidError)) throw error;
    return { reason: error.message, ...(error.mend === undefined ? {} : { mend: error.mend }) };
  }
}

/** Understands one rule; `of` is the kind whose document holds it. */
export function defineRule(of: string, name: string, given: RelationRule, definer: Definer): RuleDefinition | Fault {
  const path = ["spec", "rules", name, "when"];
  const { equal, member, cel } = given.when;
  const pair = equal ? ([equal.a, equal.b] as const) : member ? ([member.list, member.value] as const) : undefined;
  let join: RuleDefinition["join"];
  if (pair) {
    const sides = pair.map(sideOf);
    const source = sides.find((one) => one?.side === "source");
    const target = sides.find((one) => one?.side === "target");
    if (!source || !target) {
      const mend = "One begins with source., the other with target., e.g. source.spec.cluster and target.metadata.name.";
      return { path: [...path, equal ? "equal" : "member"], reason: "must name a property of either side", mend };
    }
    join = { source: source.property, target: target.property, list: member !== undefined };
  }
  const reads: { source: string[]; target: string[] } = { source: [], target: [] };
  for (const side of ["source", "target"] as const) {
    if (join?.[side].startsWith("derived.")) reads[side].push(join[side].slice("derived.".length));
  }
  if (cel !== undefined) {
    const wrong = definer.checkExpression(cel, ["source", "target"]);
    if (wrong) return { path: [...path, "cel"], ...wrong };
    for (const side of ["source", "target"] as const) {
      const found = derivedIn(cel, side);
      if (!found || new RegExp(`\\b${side}\\s*\\.\\s*\\??relations\\b`).test(cel)) {
        return {
          path: [...path, "cel"],
          reason: "reads relations, or `derived` as a whole",
          mend: `Name one property: ${side}.derived.cost.`,
        };
      }
      reads[side].push(...found);
    }
  }
  return {
    sort: "rule",
    id: `${of} rule ${name}`,
    kind: of.toLowerCase(),
    name,
    type: given.type,
    target: given.target.toLowerCase(),
    join,
    expression: cel,
    reads,
  };
}

function sideOf(text: string): { readonly side: "source" | "target"; readonly property: string } | undefined {
  const [, side, rest] = /^(source|target)\.(.+)$/.exec(text) ?? [];
  const way = rest === undefined ? undefined : parseWay(rest, () => false);
  return way === undefined || "wrong" in way || way.property === undefined ? undefined : { side: side as "source", property: way.property };
}
