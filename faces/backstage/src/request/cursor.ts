import { Position } from "@roadbed/contracts/catalog/backstage";
import { EntityPredicate } from "@roadbed/contracts/catalog/query";
import { z } from "zod";

import { invalid } from "./params.ts";

const Field = z.string().max(500);

/** What a question was, so that its other pages can be asked for by the cursor alone. */
export const Question = z.object({
  filter: z.array(z.string()).optional(),
  query: EntityPredicate.optional(),
  orderFields: z.array(z.object({ field: Field, order: z.enum(["asc", "desc"]).default("asc") })).default([]),
  fullTextFilter: z.object({ term: z.string(), fields: z.array(Field).optional() }).optional(),
  totalItems: z.enum(["include", "exclude"]).default("include"),
});
export type Question = z.infer<typeof Question>;

const Cursor = Question.extend({ isPrevious: z.boolean(), position: Position });
export type Cursor = z.infer<typeof Cursor>;

/** Base64 of JSON: Backstage's client looks whether it has `query`, and asks by POST if so. */
export function encodeCursor(cursor: Cursor): string {
  return Buffer.from(JSON.stringify(cursor), "utf8").toString("base64");
}

/** Throws `InvalidError` for what is no cursor of ours. */
export function decodeCursor(text: string): Cursor {
  return decode(Cursor, text, "cursor");
}

const After = z.object({ limit: z.number().int().min(1).optional(), position: Position });

/** The cursor of the plain list: it only says how many follow what. */
export function encodeAfter(after: z.infer<typeof After>): string {
  return Buffer.from(JSON.stringify(after), "utf8").toString("base64");
}

export function decodeAfter(text: string): z.infer<typeof After> {
  return decode(After, text, "after");
}

function decode<T>(schema: z.ZodType<T>, text: string, name: string): T {
  try {
    const parsed = schema.safeParse(JSON.parse(Buffer.from(text, "base64").toString("utf8")));
    if (parsed.success) return parsed.data;
  } catch {
    // Said below, in the same words.
  }
  throw invalid(name, `Malformed ${name}, could not be parsed`);
}
