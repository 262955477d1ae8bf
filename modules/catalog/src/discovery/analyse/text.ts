/** The line, from 1, on which an offset lies. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at >= 0 && at < offset; at = text.indexOf("\n", at + 1)) line++;
  return line;
}

/** The first line that matches, from 1; the first line of the file when none does. */
export function lineMatching(text: string, pattern: RegExp): number {
  const found = pattern.exec(text);
  return found ? lineAt(text, found.index + (found[0].length - found[0].trimStart().length)) : 1;
}

/** The line that holds a word of a build file, quoted or not. */
export function lineOfWord(text: string, word: string): number {
  const at = text.indexOf(word);
  return at < 0 ? 1 : lineAt(text, at);
}

/** The lines that match, numbered from 1, with what was captured. */
export function* matchLines(text: string, pattern: RegExp): Generator<{ readonly line: number; readonly match: RegExpExecArray }> {
  let line = 0;
  for (const row of text.split("\n")) {
    line++;
    if (row.length > MAX_LINE) continue;
    const match = pattern.exec(row);
    if (match) yield { line, match };
  }
}

/** A longer line was made by a machine, and matching against it may take long. */
const MAX_LINE = 2_000;

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The text, trimmed; undefined when it is something else or empty. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  if (typeof value !== "string") return undefined;
  const trimmed = value.trim();
  return trimmed === "" ? undefined : trimmed;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
}

/** A sentence for people: one line, no longer than `most`. */
export function shortText(text: string | undefined, most = 300): string | undefined {
  const flat = text?.replaceAll(/\s+/g, " ").trim();
  if (flat === undefined || flat === "") return undefined;
  return flat.length > most ? `${flat.slice(0, most - 1).trimEnd()}…` : flat;
}

/** Drops what is undefined, so that optional fields stay absent. */
export function present<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

/** `Ada Lovelace <ada@example.com>` in its parts. */
export function personIn(text: string): { name?: string; email?: string } {
  const email = /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/.exec(text)?.[0];
  const name = text
    .replace(/[<(].*$/s, "")
    .replace(email ?? "\0", "")
    .trim();
  return present({ name: name === "" ? undefined : name, email: email?.toLowerCase() });
}
