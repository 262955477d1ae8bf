import { createPublicKey, type KeyObject } from "node:crypto";

import { getAttestation, getAttestationKey, listAttestations, verifyAttestation } from "@roadbed/contracts/delivery/attestations";
import { encodeCursor, handle, InvalidError, readCursor, type Ctx, type Handler, type OutputOf } from "@roadbed/core";
import { z } from "zod";

import type { DeliveryDeps } from "../deps.ts";
import { readRelease } from "../release/release-store.ts";
import type { Signer } from "./attest-commit.ts";
import { contentsOf, listAttestationRows, readAttestation, statementOf, toAttestation } from "./attestation-store.ts";
import { Envelope, isSignedBy, keyIdOf } from "./dsse.ts";
import { STATEMENT } from "./make-statements.ts";

const SHOWN = 5_000;

export function makeAttestationHandlers(deps: DeliveryDeps, signer: Signer): Handler[] {
  const hiddenOf = async (ctx: Ctx): Promise<readonly string[]> => (await deps.entities.hiddenFrom?.(ctx)) ?? [];
  return [
    handle(listAttestations, async (ctx, { limit, cursor, release, entityRef, ...filter }) => {
      const hidden = await hiddenOf(ctx);
      const of = release === undefined ? undefined : await readRelease(ctx.sql, release, hidden);
      // A release without code was built by nobody here.
      if (of !== undefined && of.commit === null) return { items: [] };
      const rows = await listAttestationRows(ctx.sql, {
        ...filter,
        entityRef: entityRef?.toLowerCase(),
        ...(of === undefined ? {} : { repository: of.repository ?? "", commit: of.commit ?? "" }),
        before: readCursor(z.string(), cursor),
        hidden,
        limit: limit + 1,
      });
      const items = rows.slice(0, limit).map(toAttestation);
      return { items, ...(rows.length > limit ? { nextCursor: encodeCursor(items.at(-1)!.id) } : {}) };
    }),
    handle(getAttestation, async (ctx, { id }) => {
      const row = await readAttestation(ctx.sql, id, await hiddenOf(ctx));
      return {
        ...toAttestation(row),
        envelope: JSON.stringify(row.envelope),
        statement: JSON.stringify(statementOf(row.envelope), null, 2),
        contents: contentsOf(row).slice(0, SHOWN),
      };
    }),
    handle(getAttestationKey, async () => {
      const { keyId, publicKey } = await signer(deps.db);
      return { keyId, algorithm: "Ed25519" as const, publicKey };
    }),
    handle(verifyAttestation, async (_ctx, { envelope, publicKey, digest }) => {
      const key = publicKey === undefined ? createPublicKey((await signer(deps.db)).privateKey) : readKey(publicKey);
      return verify(readEnvelope(envelope), key, digest);
    }),
  ];
}

/** Nothing of what is claimed is believed before the signature is. */
export function verify(envelope: Envelope, key: KeyObject, digest: string | undefined): OutputOf<typeof verifyAttestation> {
  const keyId = keyIdOf(key);
  const refuse = (why: string): OutputOf<typeof verifyAttestation> => ({ verified: false, why, keyId, subjects: [] });
  if (!isSignedBy(envelope, key)) return refuse("No signature is by this key: it was changed, or signed by somebody else.");
  const read = Statement.safeParse(tryJson(Buffer.from(envelope.payload, "base64").toString("utf8")));
  if (!read.success) return refuse("What is signed is no in-toto statement of version 1.");
  const { subject, predicateType, predicate } = read.data;
  const subjects = subject.map(({ name, digest: digests }) => ({
    name,
    digests: Object.entries(digests).map(([alg, hex]) => `${alg}:${hex}`),
  }));
  const builder = predicate?.runDetails?.builder?.id;
  const told = { keyId, predicateType, ...(builder === undefined ? {} : { builder }), subjects };
  const wanted = digest?.replace(/^sha256:/, "");
  if (wanted !== undefined && !subject.some((one) => Object.values(one.digest).includes(wanted))) {
    return { verified: false, why: `It is signed by this key, but it is not about ${digest}.`, ...told };
  }
  return { verified: true, why: "It is signed by this key and was not changed.", ...told };
}

const Statement = z.object({
  _type: z.literal(STATEMENT),
  subject: z.array(z.object({ name: z.string().default(""), digest: z.record(z.string(), z.string()) })),
  predicateType: z.string(),
  predicate: z.object({ runDetails: z.object({ builder: z.object({ id: z.string() }) }).optional() }).optional(),
});

function readEnvelope(text: string): Envelope {
  const read = Envelope.safeParse(tryJson(text));
  if (read.success) return read.data;
  throw new InvalidError("This is no DSSE envelope.", {
    problems: [{ at: "envelope", reason: "must be JSON with payloadType, payload and signatures" }],
    mend: "Give the file as roadbed attestation get printed it.",
  });
}

function readKey(pem: string): KeyObject {
  try {
    const key = createPublicKey(pem);
    if (key.asymmetricKeyType === "ed25519") return key;
  } catch {
    // Said below.
  }
  throw new InvalidError("This is no public key of Ed25519 in PEM.", {
    problems: [{ at: "publicKey", reason: "must be SPKI in PEM" }],
    mend: "Give the file as roadbed attestation key printed it.",
  });
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
