import type { Token } from "@roadbed/contracts/identity";
import type { Sql } from "@roadbed/core";
import type { z } from "zod";

export interface StoredToken {
  readonly id: string;
  readonly name: string;
  readonly kind: "personal" | "service" | "agent";
  readonly ownerId: string | undefined;
  readonly scopes: readonly string[];
  readonly createdAt: Date;
  readonly expiresAt: Date | undefined;
  readonly lastUsedAt: Date | undefined;
  readonly revokedAt: Date | undefined;
}

const COLUMNS = "id, name, kind, owner_id, scopes, created_at, expires_at, last_used_at, revoked_at";

export async function insertToken(sql: Sql, token: StoredToken, hash: Buffer): Promise<void> {
  await sql.query(
    "insert into identity.access_token (id, name, kind, owner_id, scopes, hash, created_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7, $8)",
    [token.id, token.name, token.kind, token.ownerId, token.scopes, hash, token.createdAt, token.expiresAt],
  );
}

export async function findTokenByHash(sql: Sql, hash: Buffer): Promise<StoredToken | undefined> {
  const { rows } = await sql.query(`select ${COLUMNS} from identity.access_token where hash = $1`, [hash]);
  return rows[0] && toStored(rows[0]);
}

export async function findToken(sql: Sql, id: string): Promise<StoredToken | undefined> {
  const { rows } = await sql.query(`select ${COLUMNS} from identity.access_token where id = $1`, [id]);
  return rows[0] && toStored(rows[0]);
}

/** Newest first; `ownerId` undefined lists everybody's. */
export async function listStoredTokens(
  sql: Sql,
  o: { ownerId: string | undefined; before: string | undefined; limit: number },
): Promise<StoredToken[]> {
  const { rows } = await sql.query(
    `select ${COLUMNS} from identity.access_token
     where ($1::text is null or owner_id = $1) and ($2::text is null or id < $2) order by id desc limit $3`,
    [o.ownerId, o.before, o.limit],
  );
  return rows.map(toStored);
}

export async function revokeStoredToken(sql: Sql, id: string, now: Date): Promise<void> {
  await sql.query("update identity.access_token set revoked_at = coalesce(revoked_at, $2) where id = $1", [id, now]);
}

/** Ends what the server made for itself under this name before. */
export async function revokeOwnTokens(sql: Sql, name: string, now: Date): Promise<void> {
  await sql.query("update identity.access_token set revoked_at = $2 where owner_id is null and name = $1 and revoked_at is null", [
    name,
    now,
  ]);
}

export async function touchToken(sql: Sql, id: string, now: Date): Promise<void> {
  await sql.query("update identity.access_token set last_used_at = $2 where id = $1", [id, now]);
}

export function toToken(token: StoredToken): z.infer<typeof Token> {
  return {
    id: token.id,
    name: token.name,
    kind: token.kind,
    scopes: [...token.scopes],
    createdAt: token.createdAt.toISOString(),
    ...(token.expiresAt === undefined ? {} : { expiresAt: token.expiresAt.toISOString() }),
    ...(token.lastUsedAt === undefined ? {} : { lastUsedAt: token.lastUsedAt.toISOString() }),
    ...(token.revokedAt === undefined ? {} : { revokedAt: token.revokedAt.toISOString() }),
  };
}

function toStored(row: Record<string, unknown>): StoredToken {
  const optional = (value: unknown): Date | undefined => (value as Date | null) ?? undefined;
  return {
    id: row["id"] as string,
    name: row["name"] as string,
    kind: row["kind"] as StoredToken["kind"],
    ownerId: (row["owner_id"] as string | null) ?? undefined,
    scopes: row["scopes"] as string[],
    createdAt: row["created_at"] as Date,
    expiresAt: optional(row["expires_at"]),
    lastUsedAt: optional(row["last_used_at"]),
    revokedAt: optional(row["revoked_at"]),
  };
}
