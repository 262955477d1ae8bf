import { asList, asObject, type Schema } from "./schema.ts";

/** Who is signed in, and the groups that have them as a member. */
export interface Mine {
  readonly me: string;
  readonly groups: readonly string[];
}

/** The catalogue's filter for what a picker offers: the kinds and types that the path allows, and one's own where the field is about those. */
export function pickerFilter(schema: Schema, mine?: Mine): string {
  const field = schema["ui:field"];
  const base = allowedOf(schema);
  if (mine === undefined) return base;
  if (field === "MyGroupsPicker") return `kind=group,relations.hasMember=${mine.me}`;
  if (field !== "OwnedEntityPicker") return base;
  return [base, ...[mine.me, ...mine.groups].map((ref) => `relations.ownedBy=${ref}`)].filter(Boolean).join(",");
}

function allowedOf(schema: Schema): string {
  const options = asObject(schema["ui:options"]);
  const filters = [options["catalogFilter"] ?? []].flat().map(asObject);
  const kinds = valuesOf(filters, "kind");
  const allowed = kinds.length > 0 ? kinds : asList(options["allowedKinds"]).map(String);
  const isOwner = schema["ui:field"] === "OwnerPicker";
  const chosen = allowed.length > 0 ? allowed : isOwner ? ["Group", "User"] : [];
  return [...chosen.map((kind) => `kind=${kind.toLowerCase()}`), ...valuesOf(filters, "spec.type").map((type) => `spec.type=${type}`)].join(
    ",",
  );
}

/** An entity fits one filter of several: what not every one of them asks for narrows nothing. */
function valuesOf(filters: readonly Schema[], key: string): string[] {
  const each = filters.map((one) => [one[key] ?? []].flat().filter((value) => typeof value === "string"));
  return each.some((values) => values.length === 0) ? [] : [...new Set(each.flat())];
}
