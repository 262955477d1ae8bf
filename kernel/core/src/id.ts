import { z } from "zod";

/** A new identifier that sorts by time: `prefix_` and 26 characters of Crockford base 32 (48 bits of time, 80 of chance). */
export function newId(prefix: string, now: number = Date.now()): string {
  let text = "";
  for (let rest = now, i = 0; i < 10; i++, rest = Math.floor(rest / 32)) text = ALPHABET.charAt(rest % 32) + text;
  if (used === pool.length) refill();
  for (const end = used + 16; used < end; used++) text += ALPHABET.charAt(pool[used]! % 32);
  return `${prefix}_${text}`;
}

/** Chance for many identifiers at once: every request has one, and asking the system for each costs more than all the rest of it. */
const pool = new Uint8Array(16 * 128);
let used = pool.length;

function refill(): void {
  crypto.getRandomValues(pool);
  used = 0;
}

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/** The schema of such an identifier. */
export function idSchema(prefix: string): z.ZodString {
  return z.string().regex(new RegExp(`^${prefix}_[0-9a-z]{26}$`), `must look like ${prefix}_ and 26 letters or digits`);
}
