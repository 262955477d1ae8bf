/** One thing that is wrong with a descriptor. */
export interface Fault {
  /** From the root of the document to the field; empty for the whole. */
  readonly path: readonly (string | number)[];
  readonly reason: string;
  readonly mend?: string;
}

/** The path as people write it, e.g. `metadata.tags.0`. */
export function formatPath(path: Fault["path"]): string {
  return path.join(".");
}

/** Why a value does not do: whoever left it out is not told that it is nothing. */
export function mustBe(expected: string, value: unknown): string {
  const isMissing = value === undefined || value === null || value === "";
  return isMissing ? `is missing; it must be ${expected}` : `must be ${expected}, but is ${describeValue(value)}`;
}

/** What a value is, in words for an error text. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  if (typeof value === "string") return value === "" ? "empty text" : `"${shorten(value)}"`;
  return `the ${typeof value} ${String(value as number | boolean)}`;
}

/** At most 60 characters, on one line. */
export function shorten(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > 60 ? `${line.slice(0, 57)}...` : line;
}
