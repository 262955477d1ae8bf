import type { Sql } from "@roadbed/core";

import type { Checks } from "./provider.ts";

export interface Attempt extends Checks {
  readonly returnTo: string;
}

export async function insertAttempt(sql: Sql, hash: Buffer, attempt: Attempt, o: { now: Date; expiresAt: Date }): Promise<void> {
  await sql.query("delete from identity.oidc_attempt where expires_at < $1", [o.now]);
  await sql.query(
    "insert into identity.oidc_attempt (hash, state, nonce, code_verifier, return_to, expires_at) values ($1, $2, $3, $4, $5, $6)",
    [hash, attempt.state, attempt.nonce, attempt.codeVerifier, attempt.returnTo, o.expiresAt],
  );
}

/** The attempt, which can be taken once; undefined when there is none, or it is too old. */
export async function takeAttempt(sql: Sql, hash: Buffer, now: Date): Promise<Attempt | undefined> {
  const { rows } = await sql.query<{ state: string; nonce: string; code_verifier: string; return_to: string }>(
    "delete from identity.oidc_attempt where hash = $1 and expires_at > $2 returning state, nonce, code_verifier, return_to",
    [hash, now],
  );
  const [row] = rows;
  return row && { state: row.state, nonce: row.nonce, codeVerifier: row.code_verifier, returnTo: row.return_to };
}
