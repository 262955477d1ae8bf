/**
 * What people type into a search box: words, "whole phrases", `key:value` filters with `,` between alternatives, and `-` before
 * what must not be. One reading of it for the API, the command line and every box of the web app; it never fails.
 */
export interface SearchBox {
  /** Found whole, as the beginning or the middle of a word, or with a slip of the finger. */
  readonly words: readonly string[];
  /** Found as they stand. */
  readonly phrases: readonly string[];
  /** Words and phrases that must not be found. */
  readonly without: readonly string[];
  readonly filters: readonly BoxFilter[];
  /** Keys that look like a filter's but are none; what they stood in is looked for as words. */
  readonly unknown: readonly string[];
}

export interface BoxFilter {
  readonly key: string;
  /** Any of them. */
  readonly values: readonly string[];
  readonly not: boolean;
}

/** The filters by their short names, each with what it asks. A dotted field such as `spec.port` is a filter too. */
export const FILTER_KEYS: Readonly<Record<string, string>> = {
  kind: "the kind of thing, e.g. kind:component",
  type: "its type, e.g. type:service",
  owner: "the group or person that owns it, e.g. owner:team-a",
  system: "the system it is part of",
  domain: "the domain it is part of",
  lifecycle: "e.g. lifecycle:production",
  tag: "a tag",
  language: "the language it is written in",
  name: "its name, all of it",
  namespace: "its namespace",
};

const SYNONYMS: Readonly<Record<string, string>> = { tags: "tag", lang: "language", team: "owner", is: "kind", ns: "namespace" };
const FIELD = /^(?:spec|metadata|relations|derived)\.[\w./-]+$/i;
/** More than anybody types; what comes after is left out. */
const MAX_PARTS = 40;

export function parseSearchBox(text: string): SearchBox {
  const box: Writing = { words: [], phrases: [], without: [], filters: [], unknown: [] };
  let left = MAX_PARTS;
  const read = (part: string): void => {
    if (left-- <= 0) return;
    const not = part.length > 1 && part.startsWith("-");
    const body = not ? part.slice(1) : part;
    const quoted = /^"([^"]*)"?$/.exec(body)?.[1];
    if (quoted !== undefined) add(not ? box.without : box.phrases, quoted.trim());
    else if (readFilter(body, not, box)) return;
    else if (!body.includes('"')) add(not ? box.without : box.words, body);
    // Quotation marks in the middle of something set it apart.
    else for (const piece of body.split(/["\s]+/)) if (piece !== "") read(not ? `-${piece}` : piece);
  };
  partsOf(text).forEach(read);
  return box;
}

interface Writing {
  readonly words: string[];
  readonly phrases: string[];
  readonly without: string[];
  readonly filters: BoxFilter[];
  readonly unknown: string[];
}

/** The text that is read as this box. */
export function formatSearchBox({ words, phrases, without, filters }: SearchBox): string {
  const quote = (value: string): string => (/[\s,:-]/.test(value) || value === "" ? `"${value}"` : value);
  return [
    ...filters.map(({ key, values, not }) => `${not ? "-" : ""}${key}:${values.map((value) => `"${value}"`).join(",")}`),
    ...words,
    ...phrases.map((phrase) => `"${phrase}"`),
    ...without.map((one) => `-${quote(one)}`),
  ].join(" ");
}

/** How a box was understood, in one line; empty when it is plain words. */
export function describeSearchBox({ words, phrases, without, filters }: SearchBox): string {
  if (filters.length + phrases.length + without.length === 0) return "";
  const looked = [...words, ...phrases.map((phrase) => `“${phrase}”`)];
  return [
    ...filters.map(({ key, values, not }) => `${key} is ${not ? "not " : ""}${values.join(" or ")}`),
    ...(looked.length > 0 ? [`with ${looked.join(" ")}`] : []),
    ...(without.length > 0 ? [`without ${without.join(" or ")}`] : []),
  ].join(" · ");
}

/** What to tell somebody who used a filter that there is not. */
export function hintsOf({ unknown }: SearchBox): string[] {
  const known = Object.keys(FILTER_KEYS);
  return unknown.map((key) => {
    const near = known.find((one) => isAlmost(one, key.toLowerCase()));
    const mend = near === undefined ? `There are ${known.join(", ")}, and fields such as spec.type.` : `Did you mean ${near}:?`;
    return `There is no filter ${key}:, so it was looked for as words. ${mend}`;
  });
}

/** Parts are set apart by spaces, but not by those between quotation marks that open a part, or a value. */
function partsOf(text: string): string[] {
  return text.match(/-?"[^"]*"?|(?:[^\s":]+:(?:"[^"]*"?|[^\s",]*)(?:,(?:"[^"]*"?|[^\s",]*))*)\S*|\S+/g) ?? [];
}

function readFilter(body: string, not: boolean, box: Writing): boolean {
  const [, name, rest] = /^([a-z][\w./-]*):(.*)$/is.exec(body) ?? [];
  if (name === undefined || rest === undefined) return false;
  const key = SYNONYMS[name.toLowerCase()] ?? name.toLowerCase();
  if (!Object.hasOwn(FILTER_KEYS, key) && !FIELD.test(key)) {
    // An address or a reference is a word that has a colon in it.
    if (!rest.startsWith("//") && !/^[\w.-]+\/[\w.-]+$/.test(rest)) add(box.unknown, name);
    return false;
  }
  const values = (rest.match(/"[^"]*"?|[^,"]+/g) ?? []).map((value) => value.replaceAll('"', "").trim()).filter((value) => value !== "");
  // A key without a value is one that is being typed: it asks nothing yet.
  if (values.length > 0) box.filters.push({ key, values: [...new Set(values)], not });
  return true;
}

function add(list: string[], text: string): void {
  if (text !== "" && !list.includes(text)) list.push(text);
}

/** Begins alike, or becomes the other by one letter more, fewer or other. */
function isAlmost(known: string, typed: string): boolean {
  if (typed.length >= 3 && (known.startsWith(typed) || typed.startsWith(known))) return true;
  let at = 0;
  while (at < known.length && known[at] === typed[at]) at++;
  return [
    [at + 1, at + 1],
    [at + 1, at],
    [at, at + 1],
  ].some(([a, b]) => known.slice(a) === typed.slice(b));
}
