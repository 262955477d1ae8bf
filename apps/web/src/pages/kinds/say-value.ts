/** A value as one reads it: numbers grouped and not longer than they are exact, lists by commas. */
export function sayValue(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "number") return value.toLocaleString("en", { maximumFractionDigits: 2 });
  if (Array.isArray(value)) return value.map(sayValue).join(", ");
  return typeof value === "string" ? value : JSON.stringify(value);
}
