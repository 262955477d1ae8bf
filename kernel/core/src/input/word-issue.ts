import type { z } from "zod";

import { closestWord } from "../schema.ts";
import { choicesOf, descriptionOf, formatWords, keysOf, oneOf, schemaAt, valueAt, whatFits } from "./describe-schema.ts";

/** One thing that does not fit, in words for people. What was given is never repeated: it may be a secret. */
export interface Fault {
  readonly path: readonly PropertyKey[];
  /** Reads on after the field's name: `is missing`, `must be true or false, and is text`. */
  readonly reason: string;
  /** What to do about it, in one sentence. */
  readonly mend?: string;
  /** The field itself is one that nobody asked for. */
  readonly unknown?: true;
}

type Issue = z.core.$ZodIssue;
type Words = Omit<Fault, "path">;

interface Place {
  /** Of the whole input. */
  readonly raw: unknown;
  readonly schema: z.ZodType;
  /** Where `raw` stands, when it is itself a part. */
  readonly base: readonly PropertyKey[];
}

/**
 * Words for what zod found. The schema's own message is the reason where it has one: zod must have been asked with an
 * empty message for everything else (see `examine`).
 */
export function wordIssue(issue: Issue, place: Place): Fault[] {
  const path = [...place.base, ...issue.path];
  if (issue.code === "unrecognized_keys") return unknownKeys(issue.keys, issue.path, place);
  const schema = schemaAt(place.schema, issue.path, place.raw);
  const given = valueAt(place.raw, issue.path) ?? issue.input;
  if (issue.code === "invalid_union" && issue.message === "" && "discriminator" in issue) {
    return [{ path, ...wordDiscriminator((issue as { readonly options?: readonly unknown[] }).options, valueAt(place.raw, issue.path)) }];
  }
  if (isMissing(issue, given)) return [{ path, reason: issue.message || "is missing", ...mend(missing(schema)) }];
  if (issue.message !== "") return [{ path, ...besideWords(issue.message, given, schema) }];
  if (issue.code === "invalid_union") return wordUnion(issue, given, schema, path);
  return [{ path, ...wordsFor(issue, given, schema) }];
}

function wordsFor(issue: Issue, given: unknown, schema: z.ZodType | undefined): Words {
  switch (issue.code) {
    case "invalid_type":
      return wrongType(issue, given, schema);
    case "invalid_value":
      return wrongWord(issue, given);
    case "too_small":
      return tooSmall(issue, schema);
    case "too_big":
      return tooBig(issue, schema);
    case "invalid_format":
      return wrongFormat(issue, schema);
    case "not_multiple_of":
      return { reason: `must be a multiple of ${issue.divisor}` };
    case "invalid_key":
      return wrongKey(issue);
    case "invalid_element":
      return { reason: "holds something that does not fit" };
    default:
      return { reason: "does not fit", ...mend(describing(schema)) };
  }
}

/** Where a pattern stands beside a closed list, the list is told too: zod speaks of the pattern alone. */
function besideWords(message: string, given: unknown, schema: z.ZodType | undefined): Words {
  const words = schema === undefined ? [] : unionOptions(schema).flatMap(choicesOf);
  if (words.length === 0) return { reason: message };
  return { reason: `must be ${oneOf(words)}; or ${message}`, ...didYouMean(given, words) };
}

function isMissing({ code }: Issue, given: unknown): boolean {
  if (code !== "invalid_type" && code !== "invalid_value" && code !== "invalid_union") return false;
  return given === undefined || (typeof given === "number" && Number.isNaN(given));
}

function missing(schema: z.ZodType | undefined): string {
  const what = schema === undefined ? "it" : whatFits(schema);
  const about = schema === undefined ? undefined : descriptionOf(schema);
  // Two explanations in one sentence are too many.
  return about === undefined ? `Give ${what}.` : `Give ${what.replace(/; (it|each) must.*$/s, "")}: ${inSentence(about)}.`;
}

function describing(schema: z.ZodType | undefined): string | undefined {
  const about = schema === undefined ? undefined : descriptionOf(schema);
  return about === undefined ? undefined : `It is meant to be: ${inSentence(about)}.`;
}

function unknownKeys(keys: readonly string[], at: readonly PropertyKey[], { raw, schema, base }: Place): Fault[] {
  const known = [...new Set(keysOf(schemaAt(schema, at, raw), valueAt(raw, at)))];
  const free = known.filter((key) => valueAt(raw, [...at, key]) === undefined);
  return keys.map((key) => {
    const near = closestWord(key, free);
    const list =
      known.length === 0 || known.length > 30 ? "Remove it, or correct its spelling." : `Remove it; the fields are ${known.join(", ")}.`;
    return {
      path: [...base, ...at, key],
      reason: "is not a known field",
      mend: near === undefined ? list : `Did you mean ${near}?`,
      unknown: true,
    };
  });
}

function wrongType(issue: z.core.$ZodIssueInvalidType, given: unknown, schema: z.ZodType | undefined): Words {
  if (issue.expected === "never") return { reason: "may not be given", mend: "Leave it out." };
  const wanted = schema === undefined ? (TYPES[issue.expected] ?? "something else") : whatFits(schema);
  const found = typeof given === "number" && issue.expected === "int" ? "has a fraction or is too large" : `is ${kindOf(given)}`;
  // A number that came as text, as all does in a query, is not wrong for being text.
  const why = issue.expected === "number" && typeof given === "string" ? "" : `, and ${found}`;
  return { reason: `must be ${wanted}${why}` };
}

function wrongWord({ values, ...issue }: z.core.$ZodIssueInvalidValue, given: unknown): Words {
  if ((issue as { expected?: string }).expected === "stringbool") return { reason: "must be true or false" };
  const words = values.map(String);
  return { reason: `must be ${oneOf(words)}`, ...didYouMean(given, words) };
}

function tooSmall({ origin, minimum, inclusive, exact }: z.core.$ZodIssueTooSmall, schema: z.ZodType | undefined): Words {
  const unit = UNITS[origin];
  if (unit === undefined) {
    return { reason: `must be ${inclusive === false ? "more than" : "at least"} ${minimum}`, ...mend(range(schema)) };
  }
  if (exact === true) return { reason: `must have exactly ${count(minimum, unit)}` };
  if (Number(minimum) === 1) return { reason: "is empty", mend: `Give at least one ${unit}.` };
  return { reason: `must have at least ${count(minimum, unit)}`, mend: origin === "string" ? "Make it longer." : "Give more." };
}

function tooBig({ origin, maximum, inclusive, exact }: z.core.$ZodIssueTooBig, schema: z.ZodType | undefined): Words {
  const unit = UNITS[origin];
  if (unit === undefined) {
    return { reason: `must be ${inclusive === false ? "less than" : "at most"} ${maximum}`, ...mend(range(schema)) };
  }
  if (exact === true) return { reason: `must have exactly ${count(maximum, unit)}` };
  return { reason: `must have at most ${count(maximum, unit)}`, mend: origin === "string" ? "Shorten it." : "Give fewer." };
}

function range(schema: z.ZodType | undefined): string | undefined {
  return schema === undefined ? undefined : `Give ${whatFits(schema)}.`;
}

function wrongFormat(issue: z.core.$ZodIssueInvalidStringFormat, schema: z.ZodType | undefined): Words {
  const { format, prefix, suffix, includes, pattern } = issue as typeof issue &
    Record<"prefix" | "suffix" | "includes", string | undefined>;
  if (prefix !== undefined) return { reason: `must begin with ${prefix}` };
  if (suffix !== undefined) return { reason: `must end with ${suffix}` };
  if (includes !== undefined) return { reason: `must contain ${includes}` };
  const words = formatWords(format);
  if (words !== undefined) return { reason: `must be ${words}` };
  return { reason: pattern === undefined ? "has a wrong form" : `must fit the pattern ${pattern}`, ...mend(describing(schema)) };
}

function wrongKey({ issues }: z.core.$ZodIssueInvalidKey): Words {
  const [inner] = issues as readonly Issue[];
  if (inner === undefined) return { reason: "is no key that fits" };
  if (inner.message !== "") return { reason: inner.message };
  const { reason, mend: help } = wordsFor(inner, inner.input, undefined);
  return { reason: `as a key, ${reason}`, ...mend(help) };
}

/** Of alternatives the one that was most likely meant is told; where none comes near, what each of them would take. */
function wordUnion(
  issue: z.core.$ZodIssueInvalidUnion,
  given: unknown,
  schema: z.ZodType | undefined,
  path: readonly PropertyKey[],
): Fault[] {
  const alternatives = (schema === undefined ? [] : unionOptions(schema)) as readonly (z.ZodType | undefined)[];
  const branches = issue.errors.map((issues, at) => ({ issues, schema: alternatives[at] ?? schema }));
  const near = branches.filter(({ issues }) => !issues.some(({ code, path: at }) => at.length === 0 && code === "invalid_type"));
  if (near.length === 0 || schema === undefined) {
    return [{ path, reason: `must be ${schema === undefined ? "something else" : whatFits(schema)}, and is ${kindOf(given)}` }];
  }
  const told = near.map((branch) =>
    branch.issues.flatMap((inner) => wordIssue(inner, { raw: given, schema: branch.schema ?? schema, base: path })),
  );
  const deep = told.filter((faults) => faults.some((fault) => fault.path.length > path.length));
  if (deep.length > 0) return mostLikely(deep, given, schema, path);
  const help = told.flat().find((fault) => fault.mend !== undefined)?.mend;
  return [{ path, reason: [...new Set(told.map(([fault]) => fault?.reason))].join("; or "), ...mend(help) }];
}

/** The alternative whose fields were given; where none has them, the strange ones are told with the fields of all. */
function mostLikely(told: readonly Fault[][], given: unknown, schema: z.ZodType, path: readonly PropertyKey[]): Fault[] {
  const strangers = (faults: readonly Fault[]): Fault[] =>
    faults.filter((fault) => fault.path.length === path.length + 1 && (fault.unknown === true || !has(given, fault.path.at(-1))));
  const [best = []] = told.toSorted((a, b) => strangers(a).length - strangers(b).length || a.length - b.length);
  const unknown = strangers(best).filter((fault) => fault.unknown === true);
  if (unknown.length === 0) return best;
  const keys = unknown.map((fault) => String(fault.path.at(-1)));
  return unknownKeys(keys, [], { raw: given, schema, base: path });
}

function has(given: unknown, key: PropertyKey | undefined): boolean {
  return key !== undefined && valueAt(given, [key]) !== undefined;
}

function wordDiscriminator(options: readonly unknown[] | undefined, given: unknown): Words {
  const words = (options ?? []).map(String);
  if (given === undefined) return { reason: "is missing", mend: `Give ${oneOf(words)}.` };
  return { reason: `must be ${oneOf(words)}`, ...didYouMean(given, words) };
}

function didYouMean(given: unknown, words: readonly string[]): { mend?: string } {
  const near = typeof given === "string" ? closestWord(given, words) : undefined;
  return mend(near === undefined ? undefined : `Did you mean ${near}?`);
}

function unionOptions(schema: z.ZodType): readonly z.ZodType[] {
  const { options, innerType, getter } = schema.def as {
    readonly options?: readonly z.ZodType[];
    readonly innerType?: z.ZodType;
    readonly getter?: () => z.ZodType;
  };
  return options ?? (innerType === undefined ? (getter === undefined ? [] : unionOptions(getter())) : unionOptions(innerType));
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "string") return value === "" ? "empty text" : "text";
  if (typeof value === "boolean") return String(value);
  if (typeof value === "number") return "a number";
  return typeof value === "object" ? "an object" : "something else";
}

const TYPES: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  tuple: "a list",
  object: "an object",
  record: "an object",
  null: "null",
  date: "a date",
};
const UNITS: Readonly<Record<string, string | undefined>> = {
  string: "character",
  array: "entry",
  set: "entry",
  map: "entry",
  object: "field",
  file: "byte",
};

function count(number: number | bigint, unit: string): string {
  if (Number(number) === 1) return `1 ${unit}`;
  return `${number} ${unit.endsWith("y") ? `${unit.slice(0, -1)}ies` : `${unit}s`}`;
}

/** A description as part of a sentence: without its stop, small at the beginning unless it begins with a name like `URL`. */
function inSentence(description: string): string {
  const text = description.trim().replace(/\.$/, "");
  return /^[A-Z](?![A-Z0-9])/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}

function mend(text: string | undefined): { mend?: string } {
  return text === undefined ? {} : { mend: text };
}
