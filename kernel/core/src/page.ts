import { z } from "zod";

import { InvalidError } from "./errors.ts";

/** Every list takes these: `limit` rows after the opaque `cursor` of the page before. */
export const PageInput = z.object({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: z.string().max(2_000).optional(),
});

/** What every list answers. `total` is exact where it is cheap, else absent. */
export function pageOf<T extends z.ZodType>(
  item: T,
): z.ZodObject<{ items: z.ZodArray<T>; nextCursor: z.ZodOptional<z.ZodString>; total: z.ZodOptional<z.ZodNumber> }> {
  return z.object({ items: z.array(item), nextCursor: z.string().optional(), total: z.number().int().optional() });
}

/** Opaque to callers; base64url JSON to us. */
export function encodeCursor(position: unknown): string {
  return btoa(encodeURIComponent(JSON.stringify(position)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/** The position behind a cursor, checked by `schema`; undefined when it is not one of ours. */
export function decodeCursor<T>(schema: z.ZodType<T>, cursor: string): T | undefined {
  try {
    const parsed = schema.safeParse(JSON.parse(decodeURIComponent(atob(cursor.replaceAll("-", "+").replaceAll("_", "/")))));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** The position behind the cursor of a call, undefined for the first page. Throws `InvalidError` for a cursor that is not one of ours. */
export function readCursor<T>(schema: z.ZodType<T>, cursor: string | undefined): T | undefined {
  if (cursor === undefined) return undefined;
  const position = decodeCursor(schema, cursor);
  if (position !== undefined) return position;
  throw new InvalidError("The cursor is not one of this list.", {
    problems: [{ at: "cursor", reason: "is not one of this list" }],
    mend: "Begin at the first page again: leave the cursor out.",
  });
}
