import type { Sql } from "@roadbed/core";

/** An entity as it is stored, before a synchronisation compares it. */
export interface Claim {
  readonly ref: string;
  readonly hash: string;
  readonly source_id: string;
  readonly source_name: string;
  readonly source_kind: string;
  readonly location: string;
  readonly line: number | null;
  readonly docs_root: string | null;
  readonly orphan: boolean;
}

/** What is written of an entity. */
export interface EntityWrite {
  readonly ref: string;
  /** The document as JSON text. */
  readonly json: string;
  readonly hash: string;
  readonly location: string;
  readonly line: number | null;
  readonly docsRoot: string | null;
}

/** Rows per statement: large enough to be quick, small enough to keep memory flat. */
const BATCH = 2_000;

/** Lets this transaction be the only one that changes the catalogue until it ends. */
export async function lockCatalog(sql: Sql): Promise<void> {
  await sql.query("select change from catalog.clock for update");
}

/** The number under which this transaction's changes will be seen by those who follow. Needs `lockCatalog`. */
export async function nextChange(sql: Sql): Promise<number> {
  const { rows } = await sql.query<{ change: string }>("update catalog.clock set change = change + 1 returning change");
  return Number(rows[0]!.change);
}

/** Every entity of a source, and every one that already has one of these references. */
export async function readClaims(sql: Sql, sourceId: string, refs: readonly string[]): Promise<Claim[]> {
  const columns = "e.ref, e.hash, e.source_id, s.name as source_name, s.kind as source_kind, e.location, e.line, e.docs_root, e.orphan";
  const { rows } = await sql.query<Record<string, unknown>>(
    `select ${columns} from catalog.entity e join catalog.source s on s.id = e.source_id where e.source_id = $1
     union all
     select ${columns} from unnest($2::text[]) as wanted(ref) join catalog.entity e on e.ref = wanted.ref and e.source_id <> $1
     join catalog.source s on s.id = e.source_id`,
    [sourceId, refs],
  );
  return rows as unknown as Claim[];
}

export async function readDocuments(sql: Sql, refs: readonly string[]): Promise<ReadonlyMap<string, unknown>> {
  if (refs.length === 0) return new Map();
  const { rows } = await sql.query<{ ref: string; document: unknown }>("select ref, document from catalog.entity where ref = any($1)", [
    refs,
  ]);
  return new Map(rows.map(({ ref, document }) => [ref, document]));
}

export async function writeEntities(sql: Sql, sourceId: string, writes: readonly EntityWrite[], change: number, at: Date): Promise<void> {
  for (let start = 0; start < writes.length; start += BATCH) {
    const batch = writes.slice(start, start + BATCH);
    await sql.query(
      `insert into catalog.entity (ref, source_id, document, hash, location, line, docs_root, observed_at, change)
       select w.ref, $1, w.document, w.hash, w.location, w.line, w.docs_root, $8, $9
       from unnest($2::text[], $3::json[], $4::text[], $5::text[], $6::int[], $7::text[]) as w(ref, document, hash, location, line, docs_root)
       on conflict (ref) do update set source_id = excluded.source_id, document = excluded.document, hash = excluded.hash,
         location = excluded.location, line = excluded.line, docs_root = excluded.docs_root, orphan = false, observed_at = excluded.observed_at, change = excluded.change`,
      [
        sourceId,
        batch.map(({ ref }) => ref),
        batch.map(({ json }) => json),
        batch.map(({ hash }) => hash),
        batch.map(({ location }) => location),
        batch.map(({ line }) => line),
        batch.map(({ docsRoot }) => docsRoot),
        at,
        change,
      ],
    );
  }
  await sql.query("delete from catalog.removed_entity where ref = any($1)", [writes.map(({ ref }) => ref)]);
}

/** Takes entities out; relations of others that name them stay and dangle. */
export async function removeEntities(sql: Sql, refs: readonly string[], change: number): Promise<void> {
  if (refs.length === 0) return;
  await sql.query("delete from catalog.entity where ref = any($1)", [refs]);
  await sql.query(
    "insert into catalog.removed_entity (ref, change) select unnest($1::text[]), $2 on conflict (ref) do update set change = excluded.change",
    [refs, change],
  );
}

/** Marks entities whose descriptor cannot be read now. */
export async function markOrphans(sql: Sql, refs: readonly string[], change: number): Promise<void> {
  await sql.query("update catalog.entity set orphan = true, change = $2 where ref = any($1)", [refs, change]);
}

export interface HistoryWrite {
  readonly ref: string;
  readonly change: "registered" | "changed" | "removed";
  readonly fields: readonly string[];
}

/** Notes what is about to happen to entities, with the documents as they are now: so before they are written or removed. */
export async function writeHistory(sql: Sql, source: string, writes: readonly HistoryWrite[], at: Date): Promise<void> {
  if (writes.length === 0) return;
  await sql.query(
    `insert into catalog.history (ref, at, change, fields, source, before)
     select w.ref, $1, w.change, w.fields, $2, case when w.change = 'registered' then null else e.document end
     from unnest($3::text[], $4::text[], $5::json[]) with ordinality as w(ref, change, fields, position)
     left join catalog.entity e on e.ref = w.ref order by w.position`,
    [at, source, writes.map(({ ref }) => ref), writes.map(({ change }) => change), writes.map(({ fields }) => JSON.stringify(fields))],
  );
}
