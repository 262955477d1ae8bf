import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from "node:crypto";

/**
 * Answers kept for replay may hold a secret that is shown once. They are sealed (AES-256-GCM) with a key made from the
 * caller's idempotency key; the table keeps only another hash of that key, so nobody but its holder can read the answer.
 */
export function sealAnswer(answer: unknown, actor: string, key: string): Buffer {
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", deriveKey("seal", actor, key), iv);
  const body = Buffer.concat([cipher.update(JSON.stringify(answer ?? null), "utf8"), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), body]);
}

export function openAnswer(sealed: Buffer, actor: string, key: string): unknown {
  const decipher = createDecipheriv("aes-256-gcm", deriveKey("seal", actor, key), sealed.subarray(0, 12));
  decipher.setAuthTag(sealed.subarray(12, 28));
  return JSON.parse(Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()]).toString("utf8"));
}

/** Under which a key of an actor is found again. */
export function hashKey(actor: string, key: string): Buffer {
  return deriveKey("find", actor, key);
}

/** Tells whether a repeated key comes with the same input; keyed, since an input may hold a password that could be guessed from a bare hash. */
export function hashInput(inputDigest: string, actor: string, key: string): string {
  return createHmac("sha256", deriveKey("input", actor, key))
    .update(inputDigest)
    .digest("hex");
}

function deriveKey(purpose: string, actor: string, key: string): Buffer {
  return createHash("sha256")
    .update(JSON.stringify([purpose, actor, key]))
    .digest();
}
