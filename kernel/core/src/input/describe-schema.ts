import { z } from "zod";

import { unwrap } from "../schema.ts";

/** So many words of a closed list are said; the rest is counted. */
const MAX_WORDS = 24;

/** The schema of the part of `raw` that `path` leads to; undefined where the schema names none. */
export function schemaAt(schema: z.ZodType, path: readonly PropertyKey[], raw: unknown): z.ZodType | undefined {
  const [key, ...rest] = path;
  if (key === undefined) return schema;
  const inner = stepInto(schema, key, raw);
  return inner === undefined ? undefined : schemaAt(inner, rest, valueAt(raw, [key]));
}

/** What stands at `path`; undefined where the way ends before. */
export function valueAt(raw: unknown, path: readonly PropertyKey[]): unknown {
  let value = raw;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

/** The fields that an object schema names, of whichever alternative fits `raw`. */
export function keysOf(schema: z.ZodType | undefined, raw: unknown): string[] {
  if (schema === undefined) return [];
  const inner = open(schema);
  if (inner instanceof z.ZodObject) return Object.keys(inner.shape as object);
  if (inner instanceof z.ZodRecord) return choicesOf(inner.keyType as z.ZodType);
  if (inner instanceof z.ZodUnion) return branchesFor(inner, raw).flatMap((option) => keysOf(option, raw));
  if (inner instanceof z.ZodIntersection) return [inner.def.left, inner.def.right].flatMap((side) => keysOf(side as z.ZodType, raw));
  return [];
}

/** What a person may give, as words after "give" or "must be": `a whole number from 1 to 100`, `one of a, b`. */
export function whatFits(schema: z.ZodType): string {
  const inner = open(schema);
  if (inner instanceof z.ZodNumber) return numbers(inner);
  if (inner instanceof z.ZodBoolean) return "true or false";
  if (inner instanceof z.ZodString || inner instanceof z.ZodStringFormat) return texts(inner);
  if (inner instanceof z.ZodEnum || inner instanceof z.ZodLiteral) return oneOf(choicesOf(inner));
  if (inner instanceof z.ZodArray) return `a list${ofWhat(inner.element as z.ZodType)}`;
  if (inner instanceof z.ZodTuple) return `a list of ${inner.def.items.length}`;
  if (inner instanceof z.ZodObject) return objects(inner);
  if (inner instanceof z.ZodRecord || inner instanceof z.ZodIntersection) return "an object";
  if (inner instanceof z.ZodUnion) return [...new Set((inner.options as z.ZodType[]).map(whatFits))].join(" or ");
  if (inner instanceof z.ZodDate) return "a date";
  if (inner instanceof z.ZodNull) return "null";
  return "a value";
}

/** `one of a, b, c`; of a long list the first ones and how many more there are. */
export function oneOf(words: readonly string[]): string {
  if (words.length === 1) return `"${words[0]}"`;
  const more = words.length - MAX_WORDS;
  return `one of ${words.slice(0, MAX_WORDS).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** The words of a closed list; none of any other schema. */
export function choicesOf(schema: z.ZodType | undefined): string[] {
  if (schema === undefined) return [];
  const inner = open(schema);
  if (inner instanceof z.ZodEnum) return inner.options.map(String);
  return inner instanceof z.ZodLiteral ? [...inner.values].map(String) : [];
}

/** A description may have been given before or after `.optional()` and the like. */
export function descriptionOf(schema: z.ZodType): string | undefined {
  return schema.description ?? unwrap(schema).description;
}

/** The format of a text in words, with an example: `a date and time, e.g. 2026-01-31T12:00:00Z`. */
export function formatWords(format: string): string | undefined {
  return FORMATS[format];
}

const FORMATS: Readonly<Record<string, string>> = {
  datetime: "a date and time, e.g. 2026-01-31T12:00:00Z",
  date: "a date, e.g. 2026-01-31",
  time: "a time, e.g. 12:00:00",
  duration: "a duration, e.g. P1DT12H",
  email: "an e-mail address, e.g. ada@example.com",
  url: "an address, e.g. https://example.com/path",
  uuid: "a UUID, e.g. 123e4567-e89b-42d3-a456-426614174000",
  guid: "a UUID, e.g. 123e4567-e89b-42d3-a456-426614174000",
  ipv4: "an IPv4 address, e.g. 192.0.2.1",
  ipv6: "an IPv6 address, e.g. 2001:db8::1",
  cidrv4: "a range of IPv4 addresses, e.g. 192.0.2.0/24",
  cidrv6: "a range of IPv6 addresses, e.g. 2001:db8::/32",
  base64: "text in base64, e.g. aGVsbG8=",
  base64url: "text in base64url, e.g. aGVsbG8",
  json_string: 'JSON as text, e.g. {"a": 1}',
  hostname: "the name of a host, e.g. example.com",
};

function stepInto(schema: z.ZodType, key: PropertyKey, raw: unknown): z.ZodType | undefined {
  const inner = open(schema);
  if (inner instanceof z.ZodObject) return (inner.shape as Record<PropertyKey, z.ZodType>)[key] ?? (inner.def.catchall as z.ZodType);
  if (inner instanceof z.ZodArray) return inner.element as z.ZodType;
  if (inner instanceof z.ZodTuple) return inner.def.items[Number(key)] as z.ZodType | undefined;
  if (inner instanceof z.ZodRecord) return inner.valueType as z.ZodType;
  if (inner instanceof z.ZodUnion) return first(branchesFor(inner, raw), (option) => stepInto(option, key, raw));
  if (inner instanceof z.ZodIntersection)
    return first([inner.def.left as z.ZodType, inner.def.right as z.ZodType], (side) => stepInto(side, key, raw));
  return undefined;
}

/** All alternatives; where a field tells them apart and is given, the one it names. */
function branchesFor(union: z.ZodUnion, raw: unknown): readonly z.ZodType[] {
  const options = union.options as readonly z.ZodType[];
  if (!(union instanceof z.ZodDiscriminatedUnion)) return options;
  const key = union.def.discriminator;
  const said = String(valueAt(raw, [key]));
  const named = options.filter((option) => choicesOf(stepInto(option, key, raw)).includes(said));
  return named.length > 0 ? named : options;
}

function first<T, R>(list: readonly T[], find: (one: T) => R | undefined): R | undefined {
  for (const one of list) {
    const found = find(one);
    if (found !== undefined) return found;
  }
  return undefined;
}

function open(schema: z.ZodType): z.ZodType {
  const inner = unwrap(schema);
  return inner instanceof z.ZodLazy ? open(inner.unwrap() as z.ZodType) : inner;
}

function numbers(schema: z.ZodNumber): string {
  const noun = schema.isInt ? "a whole number" : "a number";
  const [low, high] = [limit(schema.minValue), limit(schema.maxValue)];
  // What is itself not allowed is not named as if it were.
  const [above, below] = [isExclusive(schema, low), isExclusive(schema, high)];
  if (low !== undefined && high !== undefined && !above && !below) return `${noun} from ${low} to ${high}`;
  const lowest = low === undefined ? [] : [above ? `above ${low}` : `of at least ${low}`];
  const highest = high === undefined ? [] : [below ? `below ${high}` : `of at most ${high}`];
  return [noun, [...lowest, ...highest].join(" and ")].filter((words) => words !== "").join(" ");
}

/** Whether a limit is the first value that does not fit any more. */
function isExclusive(schema: z.ZodNumber, at: number | undefined): boolean {
  return (schema._zod.def.checks ?? []).some((check) => {
    const { value, inclusive } = check._zod.def as { readonly value?: unknown; readonly inclusive?: unknown };
    return inclusive === false && value === at;
  });
}

/** Every whole number has the limits of what a number can hold: those say nothing. */
function limit(value: number | null): number | undefined {
  return value === null || Math.abs(value) >= Number.MAX_SAFE_INTEGER ? undefined : value;
}

/** The schema's own words for what does not fit say best what would. */
function texts(schema: z.ZodString | z.ZodStringFormat): string {
  const format = schema.format === null || schema.format === undefined ? undefined : formatWords(schema.format);
  const rule = ownRule(schema);
  return format ?? (rule === undefined ? "text" : `text; it ${rule}`);
}

function ownRule(schema: z.ZodString | z.ZodStringFormat): string | undefined {
  const { error } = schema.safeParse("\0", { error: () => "" });
  return error?.issues.find(({ message }) => message.startsWith("must "))?.message;
}

function objects(schema: z.ZodObject): string {
  const needed = Object.entries(schema.shape as Record<string, z.ZodType>)
    .filter(([, field]) => !field.safeParse(undefined).success)
    .map(([name]) => name);
  if (needed.length === 0 || needed.length > 8) return "an object";
  return `an object with ${needed.length === 1 ? needed[0] : `${needed.slice(0, -1).join(", ")} and ${needed.at(-1)}`}`;
}

function ofWhat(element: z.ZodType): string {
  const inner = open(element);
  if (inner instanceof z.ZodNumber) return " of numbers";
  if (inner instanceof z.ZodEnum) return `, each ${oneOf(choicesOf(inner))}`;
  if (inner instanceof z.ZodString || inner instanceof z.ZodStringFormat) {
    const rule = ownRule(inner);
    return rule === undefined ? " of texts" : ` of texts; each ${rule}`;
  }
  return inner instanceof z.ZodObject || inner instanceof z.ZodRecord ? " of objects" : "";
}
