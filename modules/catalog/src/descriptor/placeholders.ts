import { parse } from "yaml";

import type { Fault } from "../entity/fault.ts";
import { decodeText, resolveInside, type Tree } from "../source/tree.ts";
import { MAX_INCLUDED_BYTES } from "./document.ts";

export interface Resolved {
  readonly value: unknown;
  /** Files that could not be put in: the entity cannot be taken. */
  readonly faults: readonly Fault[];
  /** Addresses that were left as they are: the entity can be taken. */
  readonly notes: readonly Fault[];
}

/**
 * Puts the content of files where a document says `{ $text: ./file }`, `$json` or `$yaml` (and `$openapi` and the like, which are
 * text). Only files of the source itself are read; an address is kept as it stands, with a note.
 */
export async function resolvePlaceholders(document: unknown, file: string, tree: Tree): Promise<Resolved> {
  if (typeof document !== "object" || document === null || !mayHold(document, 0)) return { value: document, faults: [], notes: [] };
  const faults: Fault[] = [];
  const notes: Fault[] = [];
  return { value: await resolve(document, [], 0), faults, notes };

  async function resolve(value: unknown, path: readonly (string | number)[], depth: number): Promise<unknown> {
    if (typeof value !== "object" || value === null || depth > MAX_DEPTH) return value;
    if (Array.isArray(value)) return Promise.all(value.map((item, at) => resolve(item, [...path, at], depth + 1)));
    const found = placeholderOf(value as Record<string, unknown>);
    if (found) return load(found, value, path);
    const result: Record<string, unknown> = {};
    for (const [key, item] of Object.entries(value)) setOwn(result, key, await resolve(item, [...path, key], depth + 1));
    return result;
  }

  async function load({ key, target }: Placeholder, value: unknown, path: Fault["path"]): Promise<unknown> {
    if (/^[a-z][a-z0-9+.-]*:\/\//i.test(target)) {
      const reason = `${target} is not fetched; the entity is kept without that text`;
      notes.push({ path, reason, mend: `Put the text into a file beside this one and write ${key}: ./file.` });
      return value;
    }
    const inside = resolveInside(file, target);
    if (inside === undefined) return fail(path, `${target} leaves the source`, "Name a file inside the source, relative to this one.");
    const bytes = await tree.read(inside, MAX_INCLUDED_BYTES).catch((error: Error) => error);
    if (bytes instanceof Error) return fail(path, bytes.message, "Keep the file under 16 MB.");
    if (!bytes) return fail(path, `there is no file ${target}`, "Correct the path: it is relative to this file.");
    const text = decodeText(bytes);
    if (text === undefined) return fail(path, `${target} is not UTF-8 text`, "Save it as UTF-8.");
    return parseAs(key, text, path, target);
  }

  function parseAs(key: string, text: string, path: Fault["path"], target: string): unknown {
    try {
      if (key === "$json") return JSON.parse(text) as unknown;
      if (key === "$yaml") return parse(text, { maxAliasCount: 100, uniqueKeys: false, logLevel: "silent" }) as unknown;
      return text;
    } catch (error) {
      return fail(path, `${target} does not parse: ${(error as Error).message.split("\n", 1)[0]}`, "Correct that file.");
    }
  }

  function fail(path: Fault["path"], reason: string, mend: string): undefined {
    faults.push({ path, reason, mend });
    return undefined;
  }
}

interface Placeholder {
  readonly key: string;
  readonly target: string;
}

const KEYS = new Set(["$text", "$json", "$yaml", "$openapi", "$asyncapi", "$graphql", "$grpc"]);
const MAX_DEPTH = 100;
/** Of a file without any of these, no document has to be looked into. Also as JSON and YAML may write the sign. */
const MENTIONS = /(?:\$|\\[uUx]0*24)(?:text|json|yaml|openapi|asyncapi|graphql|grpc)/i;

/** Whether documents of this text may hold placeholders. */
export function mentionsPlaceholders(text: string): boolean {
  return MENTIONS.test(text);
}

function placeholderOf(value: Record<string, unknown>): Placeholder | undefined {
  let only: string | undefined;
  for (const key in value) {
    if (only !== undefined || !KEYS.has(key)) return undefined;
    only = key;
  }
  const target = only === undefined ? undefined : value[only];
  return typeof target === "string" ? { key: only!, target } : undefined;
}

/** Most documents hold none: then nothing is copied. */
function mayHold(value: object, depth: number): boolean {
  if (depth > MAX_DEPTH) return false;
  if (Array.isArray(value)) return value.some((item) => typeof item === "object" && item !== null && mayHold(item as object, depth + 1));
  if (placeholderOf(value as Record<string, unknown>)) return true;
  for (const key in value) {
    const item = (value as Record<string, unknown>)[key];
    if (typeof item === "object" && item !== null && mayHold(item, depth + 1)) return true;
  }
  return false;
}

/** Also for keys such as `__proto__`, which a plain assignment would take for something else. */
function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
}
