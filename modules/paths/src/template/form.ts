import type { Path } from "./template.ts";

/** A field of a path's form, wherever in the schemas it stands. */
export interface Field {
  /** Dotted path into the values, e.g. `database.size`. */
  readonly path: string;
  readonly schema: Readonly<Record<string, unknown>>;
}

/** Every field that any page can show, with those that depend on others (`dependencies`, `oneOf`, `allOf`, `if`). */
export function fieldsOf(path: Pick<Path, "pages">): Field[] {
  const fields: Field[] = [];
  for (const page of path.pages) walk(page.schema, "", fields, 0);
  return fields;
}

/** Whether what is typed there must not be shown or stored in the open. */
export function isSecretField({ schema }: Field): boolean {
  return schema["ui:field"] === "Secret" || schema["ui:widget"] === "password" || schema["format"] === "password";
}

/** The value at a dotted path. */
export function valueAt(values: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((found, key) => {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, key)) return undefined;
    return (found as Record<string, unknown>)[key];
  }, values);
}

/**
 * What was typed into the fields that Backstage draws with `Secret`, by the field's name: there such a value is not among the parameters
 * but among the secrets, and templates read it from there.
 */
export function secretsIn(path: Pick<Path, "pages">, values: Record<string, unknown>): Record<string, string> {
  const fields = fieldsOf(path).filter(({ schema }) => schema["ui:field"] === "Secret");
  const entries = fields.map((field) => [field.path.split(".").at(-1) ?? "", valueAt(values, field.path)] as const);
  return Object.fromEntries(entries.filter((entry): entry is readonly [string, string] => typeof entry[1] === "string" && entry[1] !== ""));
}

/** A copy of the values in which each secret is `***`, and the secrets that were there. */
export function hideSecrets(
  path: Pick<Path, "pages">,
  values: Record<string, unknown>,
): { shown: Record<string, unknown>; secrets: string[] } {
  const shown = structuredClone(values);
  const secrets: string[] = [];
  for (const field of fieldsOf(path).filter(isSecretField)) {
    const value = valueAt(values, field.path);
    if (value === undefined || value === "") continue;
    secrets.push(typeof value === "string" ? value : JSON.stringify(value));
    const keys = field.path.split(".");
    const holder = keys.length === 1 ? shown : valueAt(shown, keys.slice(0, -1).join("."));
    (holder as Record<string, unknown>)[keys.at(-1) ?? ""] = "***";
  }
  return { shown, secrets };
}

const DEEPEST = 12;

function walk(schema: unknown, prefix: string, into: Field[], depth: number): void {
  if (!isRecord(schema) || depth > DEEPEST) return;
  for (const [name, property] of Object.entries(isRecord(schema["properties"]) ? schema["properties"] : {})) {
    if (!isRecord(property)) continue;
    const path = prefix === "" ? name : `${prefix}.${name}`;
    const known = into.find((field) => field.path === path);
    if (!known) into.push({ path, schema: property });
    walk(property, path, into, depth + 1);
  }
  for (const key of ["oneOf", "anyOf", "allOf"]) for (const part of [schema[key] ?? []].flat()) walk(part, prefix, into, depth + 1);
  for (const key of ["if", "then", "else"]) walk(schema[key], prefix, into, depth + 1);
  const dependent = { ...asRecord(schema["dependencies"]), ...asRecord(schema["dependentSchemas"]) };
  for (const part of Object.values(dependent)) walk(part, prefix, into, depth + 1);
}

function asRecord(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
