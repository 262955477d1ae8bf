/** A JSON Schema as paths use it; `ui:*` keys say how to draw a field. */
export type Schema = Readonly<Record<string, unknown>>;
export type Values = Readonly<Record<string, unknown>>;

/** One field to draw. */
export interface FieldSpec {
  /** Dotted path into the values. */
  readonly path: string;
  readonly name: string;
  readonly schema: Schema;
  readonly required: boolean;
}

/** The fields of a page for these values: what `dependencies`, `if/then/else`, `allOf` and `oneOf` add is there only when it applies. */
export function fieldsOf(schema: Schema, values: Values, path = ""): readonly FieldSpec[] {
  const { properties, required } = resolve(schema, values);
  const order = Array.isArray(schema["ui:order"]) ? schema["ui:order"].map(String) : [];
  return Object.entries(properties)
    .map(([name, field]) => ({ path: path === "" ? name : `${path}.${name}`, name, schema: field, required: required.has(name) }))
    .sort((a, b) => rank(order, a.name) - rank(order, b.name));
}

/** Values with the schemas' defaults where nothing was given yet. */
export function withDefaults(schema: Schema, values: Values): Values {
  const out: Record<string, unknown> = { ...values };
  for (const { name, schema: field } of fieldsOf(schema, out)) {
    if (out[name] === undefined && field["default"] !== undefined) out[name] = field["default"];
    if (field["type"] === "object") out[name] = withDefaults(field, asObject(out[name]));
  }
  // A default may make further fields apply, which may have defaults themselves.
  const more = fieldsOf(schema, out).some(({ name, schema: field }) => out[name] === undefined && field["default"] !== undefined);
  return more ? withDefaults(schema, out) : out;
}

/** Only what the fields on screen hold: an answer to a question that no longer applies is not sent. Empty texts are no answer. */
export function pruned(schemas: readonly Schema[], values: Values): Values {
  const fields = schemas.flatMap((schema) => fieldsOf(schema, values));
  return Object.fromEntries(
    fields.flatMap(({ name, schema }) => {
      const value = schema["type"] === "object" ? pruned([schema], asObject(values[name])) : values[name];
      const empty =
        value === undefined || value === "" || value === null || (schema["type"] === "object" && Object.keys(value as object).length === 0);
      return empty ? [] : [[name, value]];
    }),
  );
}

/** A copy of the values with one field set. */
export function setAt(values: Values, path: string, value: unknown): Values {
  const [head = "", ...rest] = path.split(".");
  return { ...values, [head]: rest.length === 0 ? value : setAt(asObject(values[head]), rest.join("."), value) };
}

export function getAt(values: Values, path: string): unknown {
  return path.split(".").reduce<unknown>((at, part) => asObject(at)[part], values);
}

/** True when a value fits a schema, as far as conditions in forms ask: const, enum, type, pattern, required, properties and their combinations. */
export function fits(schema: Schema, value: unknown): boolean {
  if ("const" in schema && schema["const"] !== value) return false;
  if (Array.isArray(schema["enum"]) && !schema["enum"].includes(value)) return false;
  if (typeof schema["type"] === "string" && value !== undefined && typeName(value, schema["type"]) !== schema["type"]) return false;
  if (typeof schema["pattern"] === "string" && typeof value === "string" && !matches(schema["pattern"], value)) return false;
  if (asList(schema["required"]).some((name) => asObject(value)[String(name)] === undefined)) return false;
  if (
    Object.entries(asObject(schema["properties"])).some(
      ([name, field]) => asObject(value)[name] !== undefined && !fits(asObject(field), asObject(value)[name]),
    )
  )
    return false;
  if (asList(schema["allOf"]).some((part) => !fits(asObject(part), value))) return false;
  const some = asList(schema["anyOf"] ?? schema["oneOf"]);
  if (some.length > 0 && !some.some((part) => fits(asObject(part), value))) return false;
  return schema["not"] === undefined || !fits(asObject(schema["not"]), value);
}

export function asObject(value: unknown): Values {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Values) : {};
}

export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

interface Resolved {
  readonly properties: Readonly<Record<string, Schema>>;
  readonly required: ReadonlySet<string>;
}

function resolve(schema: Schema, values: Values): Resolved {
  const own = Object.fromEntries(Object.entries(asObject(schema["properties"])).map(([name, field]) => [name, asObject(field)]));
  const required = new Set(asList(schema["required"]).map(String));
  const properties: Record<string, Schema> = { ...own };
  const order = Object.keys(own);
  for (const { part, after } of applying(schema, values)) {
    const more = resolve(part, values);
    // A further question stands right after the answer that calls for it.
    const fresh = Object.keys(more.properties).filter((name) => !order.includes(name));
    order.splice(after !== undefined && order.includes(after) ? order.indexOf(after) + 1 : order.length, 0, ...fresh);
    // A branch repeats the field it hangs on, with less in it; what is there already stays.
    for (const [name, field] of Object.entries(more.properties)) properties[name] = { ...field, ...properties[name] };
    for (const name of more.required) required.add(name);
  }
  return { properties: Object.fromEntries(order.map((name) => [name, properties[name] ?? {}])), required };
}

/** The parts of a schema that apply to these values. */
function applying(schema: Schema, values: Values): readonly { readonly part: Schema; readonly after?: string }[] {
  const dependencies = Object.entries({ ...asObject(schema["dependencies"]), ...asObject(schema["dependentSchemas"]) }).filter(
    ([name]) => values[name] !== undefined,
  );
  const condition = schema["if"] === undefined ? [] : [asObject(schema[fits({ ...asObject(schema["if"]) }, values) ? "then" : "else"])];
  return [
    ...dependencies.map(([name, part]) => ({ part: Array.isArray(part) ? { required: part } : asObject(part), after: name })),
    ...[
      ...condition,
      ...asList(schema["allOf"]).map(asObject),
      ...firstFitting(schema["oneOf"], values),
      ...firstFitting(schema["anyOf"], values),
    ].map((part) => ({ part })),
  ];
}

/** The branch whose fixed properties fit; `required` of a branch does not choose it, since its fields are filled in later. */
function firstFitting(branches: unknown, values: Values): readonly Schema[] {
  const found = asList(branches)
    .map(asObject)
    .find((branch) => fits({ properties: asObject(branch["properties"]) }, values));
  return found === undefined ? [] : [found];
}

function typeName(value: unknown, wanted: string): string {
  if (Array.isArray(value)) return "array";
  if (value === null) return "null";
  if (typeof value === "number") return wanted === "integer" && Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

function matches(pattern: string, value: string): boolean {
  try {
    return new RegExp(pattern, "u").test(value);
  } catch {
    return true;
  }
}

function rank(order: readonly string[], name: string): number {
  const index = order.indexOf(name);
  return index >= 0 ? index : order.includes("*") ? order.indexOf("*") : order.length;
}
