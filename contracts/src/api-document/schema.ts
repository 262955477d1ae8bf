import type { ApiField } from "./open-api.ts";

export type Json = Readonly<Record<string, unknown>>;

/** Objects inside objects are followed so far; documents may go in rings. */
const DEEP = 3;

/** The fields of an object schema. */
export function fieldsOf(root: Json, schema: Json, where: string, depth = 0): readonly ApiField[] {
  const required = asList(schema["required"]);
  return Object.entries(asObject(schema["properties"])).map(([name, raw]) => {
    const field = deref(root, raw);
    return toField(root, name, where, field, required.includes(name), asText(asObject(raw)["description"]), depth);
  });
}

/** One field as a line of a table. A description beside the reference wins over that of what is referred to. */
export function toField(
  root: Json,
  name: string,
  where: string,
  schema: Json,
  required: boolean,
  description: string | undefined,
  depth = 0,
): ApiField {
  const inner = schema["type"] === "array" ? deref(root, schema["items"]) : schema;
  return {
    name,
    where,
    required,
    type: typeOf(root, schema),
    description: description ?? asText(schema["description"]),
    fallback: schema["default"] === undefined ? undefined : JSON.stringify(schema["default"]),
    bounds: boundsOf(schema),
    example: schema["example"] ?? asList(schema["examples"])[0],
    fields: depth < DEEP ? fieldsOf(root, inner, where, depth + 1) : [],
  };
}

/** What a body or an answer holds: JSON first. */
export function contentOf(root: Json, holder: Json): Json {
  const content = asObject(holder["content"]);
  return deref(root, asObject(content["application/json"] ?? Object.values(content)[0])["schema"]);
}

function typeOf(root: Json, schema: Json, depth = 0): string {
  if (depth > DEEP) return "…";
  if (Array.isArray(schema["enum"])) return schema["enum"].map((value) => JSON.stringify(value)).join(" | ");
  if (schema["const"] !== undefined) return JSON.stringify(schema["const"]);
  const choices = asList(schema["anyOf"] ?? schema["oneOf"]);
  if (choices.length > 0) return choices.map((choice) => typeOf(root, deref(root, choice), depth + 1)).join(" | ");
  if (schema["type"] === "array") return listOf(typeOf(root, deref(root, schema["items"]), depth + 1));
  const type = Array.isArray(schema["type"]) ? schema["type"].join(" | ") : (asText(schema["type"]) ?? "any");
  const format = asText(schema["format"]);
  return format === undefined ? type : `${type} (${format})`;
}

function listOf(item: string): string {
  return item.includes(" | ") ? `(${item})[]` : `${item}[]`;
}

/** Bounds that a caller can run into; those of the number type itself are none. */
function boundsOf(schema: Json): string | undefined {
  const parts = [
    between(asNumber(schema["minimum"]), asNumber(schema["maximum"]), ""),
    between(zeroIsNone(asNumber(schema["minLength"])), asNumber(schema["maxLength"]), " character"),
    between(zeroIsNone(asNumber(schema["minItems"])), asNumber(schema["maxItems"]), " entry"),
    schema["format"] === undefined && typeof schema["pattern"] === "string" && schema["pattern"].length <= LONGEST_PATTERN
      ? `like ${schema["pattern"]}`
      : undefined,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : parts.join(", ");
}

const LONGEST_PATTERN = 40;

function between(low: number | undefined, high: number | undefined, unit: string): string | undefined {
  if (low !== undefined && high !== undefined) return `${low} to ${many(high, unit)}`;
  if (high !== undefined) return `at most ${many(high, unit)}`;
  return low === undefined ? undefined : `at least ${many(low, unit)}`;
}

function many(count: number, unit: string): string {
  return unit === "" || count === 1 ? `${count}${unit}` : `${count}${unit.replace(/y$/, "ie")}s`;
}

function asNumber(value: unknown): number | undefined {
  return typeof value === "number" && Math.abs(value) < Number.MAX_SAFE_INTEGER ? value : undefined;
}

function zeroIsNone(value: number | undefined): number | undefined {
  return value === 0 ? undefined : value;
}

/** Follows `$ref` inside the document; one that leads nowhere or in a ring ends as an empty schema. */
export function deref(root: Json, value: unknown): Json {
  let current = asObject(value);
  for (let hops = 0; hops < 10; hops++) {
    const ref = current["$ref"];
    if (typeof ref !== "string") return current;
    current = ref.startsWith("#/")
      ? ref
          .slice(2)
          .split("/")
          .reduce<Json>((at, part) => asObject(at[part.replaceAll("~1", "/").replaceAll("~0", "~")]), root)
      : {};
  }
  return {};
}

export function asObject(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function asText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
