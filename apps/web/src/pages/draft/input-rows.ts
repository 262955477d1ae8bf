type Schema = Readonly<Record<string, unknown>>;

export interface InputRow {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly fallback: string;
  readonly description: string;
}

/** The properties of a JSON Schema as rows of a table, those that are needed first. */
export function inputRows(schema: Schema): readonly InputRow[] {
  const required = Array.isArray(schema["required"]) ? schema["required"].map(String) : [];
  const rows = Object.entries((schema["properties"] ?? {}) as Record<string, Schema>).map(([name, field]) => ({
    name,
    type: typeOf(field),
    required: required.includes(name),
    fallback: field["default"] === undefined ? "" : JSON.stringify(field["default"]),
    description: typeof field["description"] === "string" ? field["description"] : "",
  }));
  return rows.sort((a, b) => Number(b.required) - Number(a.required));
}

function typeOf(field: Schema): string {
  if (Array.isArray(field["enum"])) return field["enum"].map((one) => JSON.stringify(one)).join(" | ");
  if (Array.isArray(field["anyOf"])) return [...new Set((field["anyOf"] as Schema[]).map(typeOf))].join(" | ");
  if (field["const"] !== undefined) return JSON.stringify(field["const"]);
  if (field["type"] === "array") return `list of ${typeOf((field["items"] ?? {}) as Schema)}`;
  return typeof field["type"] === "string" ? field["type"] : "any";
}
