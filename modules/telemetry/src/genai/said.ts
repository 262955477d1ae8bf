import type { Source } from "./dialects.ts";

/** What a span said, as texts: values that are no texts are JSON. */
export interface SaidSpan {
  readonly scope: string;
  readonly name: string;
  readonly startMs: number;
  readonly attributes: ReadonlyMap<string, string>;
}

const MAX_TEXT = 200;

/** The first source that says something. */
export function textOf(attributes: ReadonlyMap<string, string>, sources: readonly Source[]): string {
  for (const source of sources) {
    const value = rawOf(attributes, source);
    if (value !== undefined && value !== "") return value.slice(0, MAX_TEXT);
  }
  return "";
}

/** The first source that says a number that can be one: finite and not negative. */
export function numberOf(attributes: ReadonlyMap<string, string>, sources: readonly Source[]): number | undefined {
  for (const source of sources) {
    const value = rawOf(attributes, source)?.trim();
    if (value === undefined || value === "") continue;
    const number = Number(unquoted(value));
    if (Number.isFinite(number) && number >= 0) return typeof source === "object" ? number * (source.times ?? 1) : number;
  }
  return undefined;
}

function rawOf(attributes: ReadonlyMap<string, string>, source: Source): string | undefined {
  if (typeof source === "string") return attributes.get(source);
  const text = attributes.get(source.key);
  if (text === undefined || source.json === undefined) return text;
  let value: unknown = parsed(text);
  for (const step of source.json) value = isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}

/** JSON, and JSON in JSON, which senders make of it by mistake. Larger texts are content and no settings. */
export function parsed(text: string): unknown {
  const MOST = 65_536;
  if (text.length > MOST) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "string" && /^\s*[[{]/.test(value) ? JSON.parse(value) : value;
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function unquoted(text: string): string {
  return text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}
