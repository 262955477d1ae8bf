import type { Credential } from "@roadbed/contracts/delivery/credentials";
import { NotFoundError, type Sql } from "@roadbed/core";

import { CALLERS, prefixOf } from "./credential-variables.ts";

/** A credential as its table keeps it. */
export interface CredentialRow extends Record<string, unknown> {
  readonly id: string;
  readonly environment: string;
  readonly caller: string;
  readonly callee: string;
  readonly state: Credential["state"];
  readonly generation: number;
  readonly sealed: Buffer | null;
  readonly digest: string | null;
  readonly previous_digest: string | null;
  readonly previous_until: Date | null;
  readonly made_by: string;
  readonly made_at: Date;
  readonly rotated_at: Date | null;
  readonly revoked_at: Date | null;
}

export interface CredentialFilter {
  readonly entityRef?: string | undefined;
  readonly environment?: string | undefined;
  readonly state?: string | undefined;
  readonly before?: string | undefined;
  readonly limit: number;
  /** References that the asker may not see. */
  readonly hidden: readonly string[];
}

/** Newest first. */
export async function listCredentialRows(sql: Sql, o: CredentialFilter): Promise<CredentialRow[]> {
  const { rows } = await sql.query<CredentialRow>(
    `select * from delivery.credential
     where ($1::text is null or caller = $1 or callee = $1) and ($2::text is null or environment = $2) and ($3::text is null or state = $3)
       and ($4::text is null or id < $4) and not caller = any($5) and not callee = any($5)
     order by id desc limit $6`,
    [o.entityRef ?? null, o.environment ?? null, o.state ?? null, o.before ?? null, o.hidden, o.limit],
  );
  return rows;
}

/** Locked, so that two who change it come one after the other. Throws `NotFoundError`. */
export async function lockCredential(sql: Sql, id: string, hidden: readonly string[]): Promise<CredentialRow> {
  const { rows } = await sql.query<CredentialRow>("select * from delivery.credential where id = $1 for update", [id]);
  const [row] = rows;
  if (row === undefined || hidden.includes(row.caller) || hidden.includes(row.callee)) throw new NotFoundError("credential", id);
  return row;
}

/** Undefined when there is an active one between the two already. */
export async function insertCredential(
  sql: Sql,
  o: {
    readonly id: string;
    readonly environment: string;
    readonly caller: string;
    readonly callee: string;
    readonly sealed: Buffer;
    readonly digest: string;
    readonly by: string;
    readonly at: Date;
  },
): Promise<CredentialRow | undefined> {
  const { rows } = await sql.query<CredentialRow>(
    `insert into delivery.credential (id, environment, caller, callee, state, generation, sealed, digest, made_by, made_at)
     values ($1, $2, $3, $4, 'active', 1, $5, $6, $7, $8) on conflict do nothing returning *`,
    [o.id, o.environment, o.caller, o.callee, o.sealed, o.digest, o.by, o.at],
  );
  return rows[0];
}

export async function renewCredential(
  sql: Sql,
  id: string,
  o: { readonly sealed: Buffer; readonly digest: string; readonly at: Date; readonly previousUntil: Date },
): Promise<CredentialRow> {
  const { rows } = await sql.query<CredentialRow>(
    `update delivery.credential set sealed = $2, previous_digest = digest, previous_until = $5, digest = $3, generation = generation + 1,
       rotated_at = $4 where id = $1 returning *`,
    [id, o.sealed, o.digest, o.at, o.previousUntil],
  );
  return rows[0]!;
}

/** What was secret of it is gone for good. */
export async function endCredential(sql: Sql, id: string, at: Date): Promise<CredentialRow> {
  const { rows } = await sql.query<CredentialRow>(
    `update delivery.credential set state = 'revoked', revoked_at = coalesce(revoked_at, $2), sealed = null, digest = null,
       previous_digest = null, previous_until = null where id = $1 returning *`,
    [id, at],
  );
  return rows[0]!;
}

export function toCredential(row: CredentialRow): Credential {
  return {
    id: row.id,
    caller: row.caller,
    callee: row.callee,
    environment: row.environment,
    state: row.state,
    generation: row.generation,
    callerVariables: row.state === "active" ? [`${prefixOf(row.callee)}_TOKEN`, `${prefixOf(row.callee)}_URL`] : [],
    calleeVariables: row.state === "active" ? [CALLERS] : [],
    madeBy: row.made_by,
    madeAt: row.made_at.toISOString(),
    ...(row.rotated_at === null ? {} : { rotatedAt: row.rotated_at.toISOString() }),
    ...(row.previous_until === null ? {} : { previousUntil: row.previous_until.toISOString() }),
    ...(row.revoked_at === null ? {} : { revokedAt: row.revoked_at.toISOString() }),
  };
}
