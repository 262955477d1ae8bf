import { z } from "zod";

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
