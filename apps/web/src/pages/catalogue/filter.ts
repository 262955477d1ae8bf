/** What the catalogue's URL holds. */
export interface CatalogueSearch {
  readonly q?: string | undefined;
  readonly kind?: readonly string[] | undefined;
  readonly type?: readonly string[] | undefined;
  readonly owner?: readonly string[] | undefined;
  readonly lifecycle?: readonly string[] | undefined;
  readonly system?: readonly string[] | undefined;
  readonly tag?: readonly string[] | undefined;
  readonly sort?: string | undefined;
  /** A moment of the past; absent for now. */
  readonly asOf?: string | undefined;
  readonly columns?: readonly string[] | undefined;
  readonly density?: "compact" | "cosy" | undefined;
}

export type FacetKey = "kind" | "type" | "owner" | "lifecycle" | "system" | "tag";

/** The facets: their key in the URL, and the field of the entity behind it. */
export const FACETS: readonly { readonly key: FacetKey; readonly field: string; readonly label: string; readonly refKind?: string }[] = [
  { key: "kind", field: "kind", label: "Kind" },
  { key: "type", field: "spec.type", label: "Type" },
  { key: "owner", field: "relations.ownedBy", label: "Owner", refKind: "group" },
  { key: "system", field: "relations.partOf", label: "System", refKind: "system" },
  { key: "lifecycle", field: "spec.lifecycle", label: "Lifecycle" },
  { key: "tag", field: "metadata.tags", label: "Tags" },
];

/** The value of a facet that means "has none". */
export const NONE = "none";
const UNOWNED =
  '(entity.kind == "Component" || entity.kind == "API" || entity.kind == "Resource" || entity.kind == "System") && !has(entity.spec.owner)';

/**
 * The catalogue's filter for what is chosen: values of one facet widen, facets narrow one another. Undefined when nothing is chosen.
 * "Without an owner" needs an expression; the rest is `key=value`.
 */
export function filterOf(search: CatalogueSearch): string | undefined {
  if (search.owner?.includes(NONE) === true) return UNOWNED;
  const pairs = FACETS.flatMap(({ key, field }) => (search[key] ?? []).map((value) => `${field}=${value}`));
  return pairs.length === 0 ? undefined : pairs.join(",");
}

/** Adds or removes one value of a facet. An empty facet leaves the URL. */
export function toggle(chosen: readonly string[] | undefined, value: string): readonly string[] | undefined {
  const next = chosen?.includes(value) === true ? chosen.filter((entry) => entry !== value) : [...(chosen ?? []), value];
  return next.length === 0 ? undefined : next;
}
