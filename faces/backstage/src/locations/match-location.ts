import type { Location } from "@roadbed/contracts/catalog/backstage";
import type { EntityPredicate, Primitive, ValuePredicate } from "@roadbed/contracts/catalog/query";

/** Whether a location is as a predicate says: without regard to case. */
export function matchesLocation(predicate: EntityPredicate, location: Location): boolean {
  if ("$all" in predicate) return (predicate.$all as readonly EntityPredicate[]).every((one) => matchesLocation(one, location));
  if ("$any" in predicate) return (predicate.$any as readonly EntityPredicate[]).some((one) => matchesLocation(one, location));
  if ("$not" in predicate) return !matchesLocation(predicate.$not as EntityPredicate, location);
  return Object.entries(predicate as Record<string, ValuePredicate>).every(([field, wanted]) =>
    matchesValue(wanted, fieldOf(location, field)),
  );
}

function fieldOf(location: Location, field: string): string | undefined {
  return field === "id" || field === "type" || field === "target" ? location[field].toLowerCase() : undefined;
}

function matchesValue(wanted: ValuePredicate, value: string | undefined): boolean {
  if (typeof wanted !== "object") return value === lower(wanted);
  if ("$exists" in wanted) return (value !== undefined) === wanted.$exists;
  if ("$in" in wanted) return wanted.$in.some((one) => value === lower(one));
  if ("$hasPrefix" in wanted) return value?.startsWith(wanted.$hasPrefix.toLowerCase()) === true;
  return false;
}

function lower(value: Primitive): string {
  return String(value).toLowerCase();
}
