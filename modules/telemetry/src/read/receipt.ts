/** The SQL with its values written in, so that whoever doubts a number can run the very query that made it. */
export function receiptOf(sql: string, params: Readonly<Record<string, unknown>>): string {
  const text = sql.replaceAll(/\{(\w+):([^{}]+)\}/g, (placeholder, name: string, type: string) =>
    name in params ? literal(params[name]) + (type.startsWith("DateTime") ? `::${type}` : "") : placeholder,
  );
  return text.replaceAll(/^\s+/gm, "").trim();
}

/** A value as SQL writes it. */
export function literal(value: unknown): string {
  if (typeof value === "number") return String(value);
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  return `'${String(value).replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
