import { TOMBSTONE_DAYS, type Tombstone } from "@roadbed/contracts/catalog/time";
import type { Entity } from "@roadbed/contracts/catalog";
import type { Sql } from "@roadbed/core";

/** What is kept of a removed entity: all that is needed to put it back. */
export interface TombstoneRow {
  readonly ref: string;
  /** Number of the change that removed it. */
  readonly change: number;
  readonly at: Date;
  readonly document: Entity;
  readonly hash: string;
  readonly sourceId: string;
  readonly sourceName: string;
  readonly sourceKind: string;
  readonly location: string;
  readonly line: number | null;
  readonly sample: boolean;
  readonly actor: string;
  readonly reason: string | null;
}

const COLUMNS = `r.ref, r.change::int as change, r.at, r.document, r.hash, r.source_id as "sourceId", r.source_name as "sourceName",
  r.source_kind as "sourceKind", r.location, r.line, r.sample, r.actor, r.reason`;
/** Without a document nothing can be put back: so it was removed before tombstones were kept, or is to be forgotten. */
const KEPT = `r.document is not null and r.at > now() - interval '${TOMBSTONE_DAYS} days'`;

/** Undefined when it was never there, is there now, or went too long ago. */
export async function readTombstone(sql: Sql, ref: string): Promise<TombstoneRow | undefined> {
  const { rows } = await sql.query<Record<string, unknown>>(
    `select ${COLUMNS} from catalog.removed_entity r where r.ref = $1 and ${KEPT}`,
    [ref],
  );
  return rows[0] as unknown as TombstoneRow | undefined;
}

export interface TombstonePosition {
  readonly at: string;
  readonly ref: string;
}

/** Newest first, after a position. `text` is a part of the reference, in lower case. */
export async function listTombstones(
  sql: Sql,
  o: { readonly text: string | undefined; readonly after: TombstonePosition | undefined; readonly limit: number },
): Promise<TombstoneRow[]> {
  const { rows } = await sql.query<Record<string, unknown>>(
    `select ${COLUMNS} from catalog.removed_entity r where ${KEPT}
       and ($1::text is null or position($1 in r.ref) > 0) and ($2::timestamptz is null or (r.at, r.ref) < ($2, $3))
     order by r.at desc, r.ref desc limit $4`,
    [o.text ?? null, o.after?.at ?? null, o.after?.ref ?? null, o.limit],
  );
  return rows as unknown as TombstoneRow[];
}

/** Forgets those that are too old to be restored. Answers how many. */
export async function forgetOldTombstones(sql: Sql): Promise<number> {
  const { rowCount } = await sql.query(`delete from catalog.removed_entity where at < now() - interval '${TOMBSTONE_DAYS} days'`);
  return rowCount;
}

export function restorableUntil({ at }: Pick<TombstoneRow, "at">): string {
  return new Date(at.getTime() + TOMBSTONE_DAYS * 86_400_000).toISOString();
}

/** As it is answered. */
export function tombstoneView(row: TombstoneRow, becameRef: string | undefined): Tombstone {
  const { metadata, kind } = row.document;
  return {
    ref: row.ref,
    kind,
    ...(metadata.title === undefined ? {} : { title: metadata.title }),
    removedAt: row.at.toISOString(),
    actor: row.actor,
    ...(row.reason === null ? {} : { reason: row.reason }),
    sourceId: row.sourceId,
    sourceName: row.sourceName,
    location: row.location,
    restorableUntil: restorableUntil(row),
    ...(becameRef === undefined ? {} : { becameRef }),
  };
}
