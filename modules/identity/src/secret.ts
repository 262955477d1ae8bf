import { createHash, randomBytes } from "node:crypto";

/** A new secret with 256 bits of chance; the prefix says what it is when it turns up in the wrong place. */
export function newSecret(prefix: string): string {
  return `${prefix}${randomBytes(32).toString("base64url")}`;
}

/** Secrets of full strength need no slow hash: nobody guesses 256 bits. */
export function hashSecret(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}
