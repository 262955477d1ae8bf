import { z } from "zod";

import type { Problem } from "./errors.ts";

/** A JSON Schema (draft 2020-12) as a plain object. */
export type JsonSchema = Record<string, unknown>;

export interface JsonSchemaOptions {
  /** Schemas that have a name (`meta({ id })` in this registry) become `$ref`s to `#/$defs/<id>`. */
  readonly named?: z.core.$ZodRegistry<{ id?: string | undefined }>;
}

/** What a caller may send, as JSON Schema. Fields with a default are optional; a preprocessed field shows what it becomes. */
export function inputJsonSchema(schema: z.ZodType, { named }: JsonSchemaOptions = {}): JsonSchema {
  return toJsonSchema(schema, "input", named);
}

/** What a caller gets, as JSON Schema. */
export function outputJsonSchema(schema: z.ZodType, { named }: JsonSchemaOptions = {}): JsonSchema {
  return toJsonSchema(schema, "output", named);
}

/** The fields of an object schema, also one behind a transform; undefined when the schema is no object. */
export function fieldsOf(schema: z.ZodType): Readonly<Record<string, z.ZodType>> | undefined {
  const inner = unwrap(schema);
  return inner instanceof z.ZodObject ? (inner.shape as Record<string, z.ZodType>) : undefined;
}

/** True when the object schema takes fields that it does not name. */
export function takesUnknownFields(schema: z.ZodType): boolean {
  const inner = unwrap(schema);
  return !(inner instanceof z.ZodObject) || ["unknown", "any"].includes(inner.def.catchall?._zod.def.type ?? "");
}

/** One problem for each given field that the object schema does not name, with the field that was probably meant. */
export function unknownFields(schema: z.ZodType, given: Readonly<Record<string, unknown>>): Problem[] {
  if (Object.keys(given).length === 0 || takesUnknownFields(schema)) return [];
  const known = Object.keys(fieldsOf(schema) ?? {});
  return Object.keys(given)
    .filter((at) => !known.includes(at))
    .map((at) => {
      const near = closestWord(at, known);
      const list = known.length === 0 ? "Remove it: there are no fields." : `Remove it; the fields are ${known.join(", ")}.`;
      return { at, reason: "is not a known field", mend: near === undefined ? list : `Did you mean ${near}?` };
    });
}

/** The schema that says what a person has to give: without optional, default, nullable, and past a preprocess or transform. */
export function unwrap(schema: z.ZodType): z.ZodType {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodCatch ||
    schema instanceof z.ZodReadonly
  ) {
    return unwrap(schema.unwrap() as z.ZodType);
  }
  if (schema instanceof z.ZodPipe) return unwrap((schema.in instanceof z.ZodTransform ? schema.out : schema.in) as z.ZodType);
  return schema;
}

/** The candidate that `word` was probably meant to be; undefined when none is near. */
export function closestWord(word: string, candidates: Iterable<string>): string | undefined {
  let best: { readonly candidate: string; readonly distance: number } | undefined;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (best === undefined || distance < best.distance) best = { candidate, distance };
  }
  return best !== undefined && best.distance <= Math.max(1, Math.floor(word.length / 3)) ? best.candidate : undefined;
}

function toJsonSchema(schema: z.ZodType, io: "input" | "output", named: JsonSchemaOptions["named"]): JsonSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    io,
    unrepresentable: "any",
    ...(named === undefined ? {} : { metadata: named as never }),
    override: ({ zodSchema, jsonSchema }) => {
      const pipe = zodSchema as unknown as z.ZodType;
      // `preprocess` takes anything; what it makes of it is what a caller should know.
      if (io === "input" && pipe instanceof z.ZodPipe && pipe.in instanceof z.ZodTransform) {
        Object.assign(jsonSchema, inputJsonSchema(pipe.out as z.ZodType));
      }
      // A registry of names takes the place of the global one, where `describe` writes.
      const description = z.globalRegistry.get(pipe)?.description;
      if (description !== undefined) jsonSchema.description ??= description;
    },
  });
  return json;
}

/** Levenshtein's distance, with neighbours swapped counted as one. Words are short. */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let distance = Math.min((rows[i - 1]?.[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (rows[i - 1]?.[j - 1] ?? 0) + cost);
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) distance = Math.min(distance, (rows[i - 2]?.[j - 2] ?? Infinity) + 1);
      row.push(distance);
    }
    rows.push(row);
  }
  return rows[a.length]?.[b.length] ?? Infinity;
}
