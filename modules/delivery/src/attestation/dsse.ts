import { createHash, createPublicKey, sign, verify, type KeyObject } from "node:crypto";

import { z } from "zod";

/** A signed statement, in the form of DSSE 1.0. */
export const Envelope = z.object({
  payloadType: z.string(),
  payload: z.string(),
  signatures: z
    .array(z.object({ keyid: z.string().optional(), sig: z.string() }))
    .min(1)
    .max(20),
});
export type Envelope = z.infer<typeof Envelope>;

export const PAYLOAD_TYPE = "application/vnd.in-toto+json";

/** What is signed: type and content, each with its length, so that neither can be taken for the other. */
export function preAuthEncoding(type: string, payload: Buffer): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

export function signStatement(statement: unknown, key: KeyObject): Envelope {
  const payload = Buffer.from(JSON.stringify(statement));
  const sig = sign(null, preAuthEncoding(PAYLOAD_TYPE, payload), key).toString("base64");
  return { payloadType: PAYLOAD_TYPE, payload: payload.toString("base64"), signatures: [{ keyid: keyIdOf(createPublicKey(key)), sig }] };
}

/** Whether one of the signatures is by this key. */
export function isSignedBy({ payloadType, payload, signatures }: Envelope, key: KeyObject): boolean {
  const signed = preAuthEncoding(payloadType, Buffer.from(payload, "base64"));
  return signatures.some(({ sig }) => {
    try {
      return verify(null, signed, key, Buffer.from(sig, "base64"));
    } catch {
      return false;
    }
  });
}

/** SHA-256 of the public key as it stands in DER. */
export function keyIdOf(key: KeyObject): string {
  return createHash("sha256")
    .update(key.export({ type: "spki", format: "der" }))
    .digest("hex");
}
