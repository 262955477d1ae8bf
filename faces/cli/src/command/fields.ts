import { fieldsOf, unwrap, type Operation } from "@roadbed/core";
import { z } from "zod";

/** `document`: JSON, given in place or as a file. `value`: anything; what is no JSON is text. `list`: repeated or joined by commas. */
export type FieldKind = "text" | "number" | "boolean" | "choice" | "list" | "document" | "value";

/** One field of an operation's input, as the command line sees it. */
export interface Field {
  readonly name: string;
  /** Without dashes: `expires-in-days`. */
  readonly flag: string;
  readonly kind: FieldKind;
  /** Allowed words, also those of a list's items. */
  readonly choices: readonly string[];
  /** Whether a word that is none of the choices is taken too: where a pattern stands beside a closed list. */
  readonly takesOther: (word: string) => boolean;
  /** A list's items are numbers. */
  readonly numeric: boolean;
  readonly required: boolean;
  readonly default: unknown;
  readonly description: string | undefined;
  /** May be read from a file (`@file`) or from standard input (`-`): long texts and secrets. */
  readonly fromFile: boolean;
  readonly secret: boolean;
  /** May name a file or folder here: sent as an absolute path when there is one. */
  readonly path: boolean;
  /** Is the text of a file: what is given is its name. */
  readonly file: boolean;
  /** Is the files of a folder: what is given is its name. */
  readonly folder: boolean;
}

const LONG_TEXT = 10_000;

export function describeFields(operation: Operation): Field[] {
  return Object.entries(fieldsOf(operation.input) ?? {}).map(([name, schema]) => describeField(operation, name, schema));
}

function describeField(operation: Operation, name: string, schema: z.ZodType): Field {
  const inner = unwrap(schema);
  const kind = kindOf(inner);
  const item = inner instanceof z.ZodArray ? unwrap(inner.element as z.ZodType) : inner;
  const secret = operation.secrets?.includes(name) === true;
  return {
    name,
    flag: toFlag(name),
    kind,
    choices: choicesOf(item),
    takesOther: (word) => item instanceof z.ZodUnion && item.safeParse(word).success,
    numeric: item instanceof z.ZodNumber,
    // A schema that takes anything takes nothing too: there only what is optional may be left out.
    required: schema instanceof z.ZodUnknown || !schema.safeParse(undefined).success,
    default: defaultOf(schema),
    description: descriptionOf(schema),
    fromFile:
      kind === "document" ||
      kind === "value" ||
      (kind === "text" && (secret || (inner instanceof z.ZodString && (inner.maxLength ?? 0) >= LONG_TEXT))),
    secret,
    path: operation.cli?.paths?.includes(name) === true,
    file: operation.cli?.files?.includes(name) === true,
    folder: operation.cli?.folder === name,
  };
}

function kindOf(schema: z.ZodType): FieldKind {
  if (isWords(schema)) return choicesOf(schema).length > 0 ? "choice" : "text";
  if (schema instanceof z.ZodEnum || schema instanceof z.ZodLiteral) return "choice";
  if (schema instanceof z.ZodNumber) return "number";
  if (schema instanceof z.ZodBoolean) return "boolean";
  if (schema instanceof z.ZodString || schema instanceof z.ZodStringFormat) return "text";
  if (schema instanceof z.ZodUnknown) return "value";
  if (schema instanceof z.ZodArray)
    return ["text", "number", "choice"].includes(kindOf(unwrap(schema.element as z.ZodType))) ? "list" : "document";
  return "document";
}

/** Alternatives that are all words: a closed list, a pattern, or both. */
function isWords(schema: z.ZodType): schema is z.ZodUnion<readonly z.ZodType[]> {
  return schema instanceof z.ZodUnion && schema.options.every((option) => ["choice", "text"].includes(kindOf(unwrap(option as z.ZodType))));
}

function choicesOf(schema: z.ZodType): readonly string[] {
  if (isWords(schema)) return schema.options.flatMap((option) => choicesOf(unwrap(option)));
  if (schema instanceof z.ZodEnum) return schema.options.map(String);
  return schema instanceof z.ZodLiteral ? [...schema.values].map(String) : [];
}

function defaultOf(schema: z.ZodType): unknown {
  if (schema instanceof z.ZodDefault) return schema.def.defaultValue;
  const inner = innerOf(schema);
  return inner === undefined ? undefined : defaultOf(inner);
}

/** A description may have been given before or after `.optional()` and the like. */
function descriptionOf(schema: z.ZodType): string | undefined {
  if (schema.description !== undefined) return schema.description;
  const inner = innerOf(schema);
  return inner === undefined ? undefined : descriptionOf(inner);
}

function innerOf(schema: z.ZodType): z.ZodType | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodNullable)
    return schema.unwrap() as z.ZodType;
  if (schema instanceof z.ZodPipe) return (schema.in instanceof z.ZodTransform ? schema.out : schema.in) as z.ZodType;
  return undefined;
}

/** `expiresInDays` reads `expires-in-days`. */
export function toFlag(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
