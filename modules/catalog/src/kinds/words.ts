import type { DerivedProperty } from "@roadbed/contracts/catalog/kinds";

/** How a derived property comes about, in words that people who wrote it know again. */
export function wordsOf({ mirror, calculate, aggregate }: DerivedProperty): { readonly how: string; readonly text: string } {
  if (mirror !== undefined) return { how: "mirror", text: mirror };
  if (calculate !== undefined) return { how: "calculate", text: calculate };
  const { relation, kind, function: name, property, filter } = aggregate!;
  const over = relation ?? `every ${kind}`;
  return {
    how: "aggregate",
    text: `${name} of ${property === undefined ? over : `${property} over ${over}`}${filter === undefined ? "" : ` where ${filter}`}`,
  };
}
