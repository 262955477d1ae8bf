import type { RuleDefinition } from "./define.ts";

/** The values of the two sides of a rule, by which those that fit find each other. */
export interface Join {
  /** Says anew what an entity has on the sides it can stand on; undefined takes it out of a side. */
  set(side: Side, id: number, values: readonly string[] | undefined): void;
  /** Those of the other side that share a value, ascending. Without values to compare: all of them. */
  partners(side: Side, id: number): readonly number[];
  has(side: Side, id: number): boolean;
}

export type Side = "source" | "target";

const OTHER: Readonly<Record<Side, Side>> = { source: "target", target: "source" };

export function createJoin({ join }: Pick<RuleDefinition, "join">): Join {
  const members = { source: new Map<number, readonly string[]>(), target: new Map<number, readonly string[]>() };
  const byValue = { source: new Map<string, Set<number>>(), target: new Map<string, Set<number>>() };
  return {
    set: (side, id, values) => {
      for (const value of members[side].get(id) ?? []) {
        const set = byValue[side].get(value);
        set?.delete(id);
        if (set?.size === 0) byValue[side].delete(value);
      }
      members[side].delete(id);
      if (values === undefined) return;
      members[side].set(id, values);
      for (const value of values) byValue[side].set(value, (byValue[side].get(value) ?? new Set()).add(id));
    },
    partners: (side, id) => {
      const other = OTHER[side];
      if (!join) return [...members[other].keys()].filter((one) => one !== id).sort((a, b) => a - b);
      const found = new Set<number>();
      for (const value of members[side].get(id) ?? []) for (const one of byValue[other].get(value) ?? []) if (one !== id) found.add(one);
      return [...found].sort((a, b) => a - b);
    },
    has: (side, id) => members[side].has(id),
  };
}

/** What is compared: texts and numbers alike by how they are written; a list only where the rule speaks of membership. */
export function comparable(value: unknown, list: boolean): string[] {
  const values = Array.isArray(value) ? (list ? value : []) : [value];
  return values.filter((one) => ["string", "number", "boolean"].includes(typeof one)).map((one) => String(one as string));
}
