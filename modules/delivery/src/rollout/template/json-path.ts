import { TranslationFault } from "./tokens.ts";

/** Fields and places; `*` is all of them. */
export type JsonPath = readonly (string | number)[];

const PART = /\.(\*|[A-Za-z_$][\w$-]*)|\[(?:(\d+)|(\*)|'([^'\\]*)'|"([^"\\]*)")\]/y;
/** Of a field that is called like the sign for all of them. */
const ALL = "*";

/** A path into JSON, as `web` of an AnalysisTemplate has it: `{$.data.items[0]['name']}`. What has no counterpart here is refused with its column. */
export function readJsonPath(text: string): JsonPath {
  const inner = /^\s*\{(.*)\}\s*$/s.exec(text)?.[1] ?? text;
  const offset = text.indexOf(inner);
  const parts: (string | number)[] = [];
  let at = inner.startsWith("$") ? 1 : 0;
  while (at < inner.length) {
    PART.lastIndex = at;
    const found = PART.exec(inner);
    if (found === null)
      throw new TranslationFault(offset + at + 1, `${inner.slice(at, at + 12)} has no counterpart here: fields, places and * are`);
    const [whole, name, place, all, single, double] = found;
    parts.push(place === undefined ? (name ?? all ?? single ?? double ?? "") : Number(place));
    at += whole.length;
  }
  return parts;
}

/** What lies there. With `*` in the path: a list of everything. Throws where there is nothing. */
export function followJsonPath(document: unknown, path: JsonPath): unknown {
  const [part, ...rest] = path;
  if (part === undefined) return document;
  if (part === ALL) {
    const members = typeof document === "object" && document !== null ? Object.values(document) : undefined;
    if (members === undefined) throw new Error("The answer has no list where the path says *.");
    return members.map((member) => followJsonPath(member, rest));
  }
  if (typeof document !== "object" || document === null || !Object.hasOwn(document, part)) throw new Error(`The answer has no ${part}.`);
  return followJsonPath((document as Record<string | number, unknown>)[part], rest);
}
