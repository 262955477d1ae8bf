import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";

import type { Sql } from "@roadbed/core";
import type { Sealer } from "@roadbed/postgres";

import { keyIdOf } from "./dsse.ts";

export interface SigningKey {
  readonly keyId: string;
  readonly privateKey: KeyObject;
  /** PEM, to be given to anybody. */
  readonly publicKey: string;
}

const SUBJECT = "attestation signing key";

/** The platform's Ed25519 key, made at its first use; sealed in the database, so that all servers sign with the same. */
export function createSigningKey(sealer: Sealer): (sql: Sql) => Promise<SigningKey> {
  let known: SigningKey | undefined;
  return async (sql) => {
    if (known !== undefined) return known;
    const { rows } = await sql.query<{ sealed: Buffer }>("select sealed from delivery.signing_key where name = 'attestation'");
    const pem = rows[0] === undefined ? await make(sql, sealer) : await sealer.open<string>(rows[0].sealed, SUBJECT);
    return (known = read(pem));
  };
}

/** Two servers may make one at once: the first one's counts. */
async function make(sql: Sql, sealer: Sealer): Promise<string> {
  const pem = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  await sql.query(
    "insert into delivery.signing_key (name, public_key, sealed, created_at) values ('attestation', $1, $2, now()) on conflict (name) do nothing",
    [read(pem).publicKey, await sealer.seal(pem, SUBJECT)],
  );
  const { rows } = await sql.query<{ sealed: Buffer }>("select sealed from delivery.signing_key where name = 'attestation'");
  return sealer.open<string>(rows[0]!.sealed, SUBJECT);
}

function read(pem: string): SigningKey {
  const privateKey = createPrivateKey(pem);
  const key = createPublicKey(privateKey);
  return { privateKey, keyId: keyIdOf(key), publicKey: key.export({ type: "spki", format: "pem" }) as string };
}
