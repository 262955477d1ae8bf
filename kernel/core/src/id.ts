import { z } from "zod";

/** A new identifier that sorts by time: `prefix_` and 26 characters of Crockford base 32 (48 bits of time, 80 of chance). */
export function newId(prefix: string, now: number = Date.now()): string {
  const random = crypto.getRandomValues(new Uint8Array(16));
  let text = "";
  for (let rest = now, i = 0; i < 10; i++, rest = Math.floor(rest / 32)) text = ALPHABET.charAt(rest % 32) + text;
  for (const byte of random) text += ALPHABET.charAt(byte % 32);
  return `${prefix}_${text}`;
}

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/** The schema of such an identifier. */
export function idSchema(prefix: string): z.ZodString {
  return z.string().regex(new RegExp(`^${prefix}_[0-9a-z]{26}$`), `must look like ${prefix}_ and 26 letters or digits`);
}
