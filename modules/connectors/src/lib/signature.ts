import { createHmac, timingSafeEqual } from "node:crypto";

/** Whether `given` is `prefix` and the HMAC-SHA256 of the body in hexadecimal digits, or in base64. Takes the same time for every answer. */
export function isSignedBy(secret: string, body: Uint8Array, given: string | undefined, prefix = ""): boolean {
  if (given === undefined || !given.startsWith(prefix)) return false;
  const wanted = createHmac("sha256", secret).update(body).digest();
  const text = given.slice(prefix.length);
  return isSame(text.toLowerCase(), wanted.toString("hex")) || isSame(text, wanted.toString("base64"));
}

/** Compares secrets without telling by the time it takes how far they agree. */
export function isSame(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
