import type { AnyPredicate, Primitive, ValuePredicate } from "@roadbed/contracts/catalog/query";

/** Whether a value is as a predicate says, as Backstage answers it: a primitive where an object is asked for never is. */
export function satisfies(predicate: AnyPredicate, value: unknown): boolean {
  if (isPrimitive(predicate)) return isEqual(value, predicate);
  if ("$all" in predicate) return (predicate.$all as readonly AnyPredicate[]).every((one) => satisfies(one, value));
  if ("$any" in predicate) return (predicate.$any as readonly AnyPredicate[]).some((one) => satisfies(one, value));
  if ("$not" in predicate) return !satisfies(predicate.$not as AnyPredicate, value);
  return Object.entries(predicate).every(([path, wanted]) => satisfiesValue(wanted, valueAt(value, path)));
}

function satisfiesValue(wanted: ValuePredicate, value: unknown): boolean {
  if (isPrimitive(wanted)) return isEqual(value, wanted);
  if ("$exists" in wanted) return (value !== undefined) === wanted.$exists;
  if ("$in" in wanted) return wanted.$in.some((one) => isEqual(value, one));
  if ("$contains" in wanted) return Array.isArray(value) && value.some((item) => satisfies(wanted.$contains, item));
  return typeof value === "string" && value.toLowerCase().startsWith(wanted.$hasPrefix.toLowerCase());
}

export function isPrimitive(value: unknown): value is Primitive {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

function isEqual(value: unknown, wanted: Primitive): boolean {
  return isPrimitive(value) && String(value).toLowerCase() === String(wanted).toLowerCase();
}

/** The value at a dotted path; names may hold dots themselves, as those of annotations do. Lists are not entered. */
export function valueAt(value: unknown, path: string): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const object = value as Record<string, unknown>;
  if (Object.hasOwn(object, path)) return object[path];
  for (let dot = path.indexOf("."); dot >= 0; dot = path.indexOf(".", dot + 1)) {
    const name = path.slice(0, dot);
    if (!Object.hasOwn(object, name)) continue;
    const found = valueAt(object[name], path.slice(dot + 1));
    if (found !== undefined) return found;
  }
  return undefined;
}
