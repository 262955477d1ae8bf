import type { Repository } from "@roadbed/contracts/delivery";
import type { Row, Sql } from "@roadbed/core";

export interface RepositoryRecord {
  readonly name: string;
  readonly description: string;
  readonly defaultBranch: string;
  readonly entityRef: string;
  readonly madeBy: string;
  readonly head: string | undefined;
  readonly createdAt: Date;
  readonly archivedAt?: Date | undefined;
}

/** False when there is one of that name. A second one that is made at the same time waits for the first to end. */
export async function insertRepository(sql: Sql, r: Omit<RepositoryRecord, "head" | "archivedAt">): Promise<boolean> {
  const { rowCount } = await sql.query(
    `insert into delivery.repository (name, description, default_branch, entity_ref, made_by, created_at)
     values ($1, $2, $3, $4, $5, $6) on conflict (name) do nothing`,
    [r.name, r.description, r.defaultBranch, r.entityRef, r.madeBy, r.createdAt],
  );
  return rowCount === 1;
}

export async function findRepository(sql: Sql, name: string): Promise<RepositoryRecord | undefined> {
  const { rows } = await sql.query("select * from delivery.repository where name = $1", [name]);
  return rows[0] && toRecord(rows[0]);
}

export async function findRepositoryOf(sql: Sql, entityRef: string): Promise<RepositoryRecord | undefined> {
  const { rows } = await sql.query("select * from delivery.repository where entity_ref = $1 order by created_at limit 1", [entityRef]);
  return rows[0] && toRecord(rows[0]);
}

export async function listRepositoryRecords(sql: Sql, after: string, limit: number): Promise<RepositoryRecord[]> {
  const { rows } = await sql.query("select * from delivery.repository where name > $1 order by name limit $2", [after, limit]);
  return rows.map(toRecord);
}

/** True when this moved it: a push that was announced before is not announced again. */
export async function moveHead(sql: Sql, name: string, head: string): Promise<boolean> {
  const { rowCount } = await sql.query("update delivery.repository set head = $2 where name = $1 and head is distinct from $2", [
    name,
    head,
  ]);
  return rowCount === 1;
}

export function cloneUrlOf(publicUrl: string, name: string): string {
  return `${publicUrl}/git/${name}.git`;
}

export function toRepository(
  { name, description, defaultBranch, head, createdAt, entityRef, archivedAt }: RepositoryRecord,
  publicUrl: string,
): Repository {
  return {
    name,
    ...(description === "" ? {} : { description }),
    defaultBranch,
    cloneUrl: cloneUrlOf(publicUrl, name),
    ...(head === undefined ? {} : { head }),
    createdAt: createdAt.toISOString(),
    entityRef,
    ...(archivedAt === undefined ? {} : { archivedAt: archivedAt.toISOString() }),
  };
}

function toRecord(row: Row): RepositoryRecord {
  return {
    name: row["name"] as string,
    description: row["description"] as string,
    defaultBranch: row["default_branch"] as string,
    entityRef: row["entity_ref"] as string,
    madeBy: row["made_by"] as string,
    head: (row["head"] as string | null) ?? undefined,
    createdAt: row["created_at"] as Date,
    archivedAt: (row["archived_at"] as Date | null) ?? undefined,
  };
}
