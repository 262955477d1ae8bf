import { formatActor, type Ctx, type Sql } from "@roadbed/core";

/** The annotation of what a connector discovered: another source that describes it takes it over. */
export const DISCOVERED_BY = "roadbed.dev/discovered-by";

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
  /** A connector found it; nobody described it. */
  readonly discovered: boolean;
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
  /** The defining source's own document, where `json` is not it because others say something too. */
  readonly base?: { readonly json: string; readonly hash: string };
}

/** Rows per statement: large enough to be quick, small enough to keep memory flat. */
const BATCH = 2_000;

/**
 * Documents are sent as one text: nothing in them has to be escaped, which for the elements of an array costs more than all the rest.
 * The sign between them can stand in no JSON.
 */
const SEPARATOR = "E'\\x1e'";

/** Lets this transaction be the only one that changes the catalogue until it ends. */
export async function lockCatalog(sql: Sql): Promise<void> {
  await sql.query("select change from catalog.clock for update");
}

/**
 * The number under which this transaction's changes will be seen by those who follow. Needs `lockCatalog`. The instant of the change
 * is taken with it: the database's clock in whole milliseconds, later than that of every change before, whatever clocks do.
 */
export async function nextChange(sql: Sql): Promise<number> {
  const { rows } = await sql.query<{ change: string }>(
    `update catalog.clock set change = change + 1, transaction = pg_current_xact_id(),
       at = greatest(date_trunc('milliseconds', clock_timestamp()), at + interval '1 millisecond') returning change`,
  );
  return Number(rows[0]!.change);
}

/** The name of this transaction, as the clock keeps it with the newest number. */
export async function transactionOf(sql: Sql): Promise<string> {
  const { rows } = await sql.query<{ transaction: string }>("select pg_current_xact_id()::text as transaction");
  return rows[0]!.transaction;
}

/** On whose account a change is written down: who did it, why, and in which run of a source. */
export interface Cause {
  readonly actor: string;
  /** In the caller's words, else in ours. */
  readonly reason: string | undefined;
  readonly syncId: string | undefined;
}

/** `reason` is what is said when the caller gave none. */
export function causeOf(ctx: Pick<Ctx, "actor" | "reason">, reason?: string, syncId?: string): Cause {
  return { actor: formatActor(ctx.actor), reason: ctx.reason ?? reason, syncId };
}

/** Documents of files are not looked into: there are many, and none of them was discovered. */
const CLAIM_COLUMNS = `e.ref, coalesce(e.base_hash, e.hash) as hash, e.source_id, s.name as source_name, s.kind as source_kind, e.location, e.line,
  e.docs_root, e.orphan, case when s.kind = 'connector'
    then (coalesce(e.base, e.document)->'metadata'->'annotations'->>'${DISCOVERED_BY}') is not null else false end as discovered`;

/** The entities that have one of these references, whoever describes them. */
export async function readClaimsOf(sql: Sql, refs: readonly string[]): Promise<Claim[]> {
  const { rows } = await sql.query<Record<string, unknown>>(
    `select ${CLAIM_COLUMNS} from catalog.entity e join catalog.source s on s.id = e.source_id where e.ref = any($1)`,
    [refs],
  );
  return rows as unknown as Claim[];
}

/** Every entity of a source, and every one that already has one of these references. */
export async function readClaims(sql: Sql, sourceId: string, refs: readonly string[]): Promise<Claim[]> {
  const { rows } = await sql.query<Record<string, unknown>>(
    `select ${CLAIM_COLUMNS} from catalog.entity e join catalog.source s on s.id = e.source_id where e.source_id = $1
     union all
     select ${CLAIM_COLUMNS} from unnest($2::text[]) as wanted(ref) join catalog.entity e on e.ref = wanted.ref and e.source_id <> $1
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

/**
 * What comes back within the life of its tombstone is the same thing as before, with the same uid. `meanwhile` is work that can be done
 * with each batch while the database writes it.
 */
export async function writeEntities<W extends EntityWrite>(
  sql: Sql,
  sourceId: string,
  writes: readonly W[],
  change: number,
  at: Date,
  meanwhile?: (batch: readonly W[]) => Promise<void>,
): Promise<void> {
  const buried = await hasTombstones(sql);
  for (let start = 0; start < writes.length; start += BATCH) {
    const batch = writes.slice(start, start + BATCH);
    await Promise.all([writeBatch(sql, sourceId, batch, { change, at, buried }), meanwhile?.(batch)]);
  }
  if (buried) await sql.query("delete from catalog.removed_entity where ref = any($1)", [writes.map(({ ref }) => ref)]);
}

/** Mostly there are none: then nobody has to look for each. */
async function hasTombstones(sql: Sql): Promise<boolean> {
  const { rows } = await sql.query<{ some: boolean }>("select exists (select 1 from catalog.removed_entity) as some");
  return rows[0]!.some;
}

async function writeBatch(
  sql: Sql,
  sourceId: string,
  batch: readonly EntityWrite[],
  { change, at, buried }: { readonly change: number; readonly at: Date; readonly buried: boolean },
): Promise<void> {
  const isMerged = batch.some(({ base }) => base !== undefined);
  await sql.query(
    `insert into catalog.entity (ref, uid, source_id, document, hash, location, line, docs_root, observed_at, change, base, base_hash)
     select w.ref, ${buried ? "coalesce(gone.uid, gen_random_uuid())" : "gen_random_uuid()"}, $1, w.document, w.hash, w.location, w.line, w.docs_root, $8, $9,
       ${isMerged ? "case when w.base_hash is not null then w.base end, w.base_hash" : "null, null"}
     from rows from (unnest($2::text[]), unnest(string_to_array($3, ${SEPARATOR})::json[]), unnest($4::text[]), unnest($5::text[]),
       unnest($6::int[]), unnest($7::text[]) ${isMerged ? `, unnest(string_to_array($10, ${SEPARATOR})::json[]), unnest($11::text[])` : ""})
       as w(ref, document, hash, location, line, docs_root ${isMerged ? ", base, base_hash" : ""})
     ${buried ? "left join catalog.removed_entity gone on gone.ref = w.ref" : ""}
     on conflict (ref) do update set source_id = excluded.source_id, document = excluded.document, hash = excluded.hash,
       location = excluded.location, line = excluded.line, docs_root = excluded.docs_root, orphan = false, observed_at = excluded.observed_at, change = excluded.change,
       base = excluded.base, base_hash = excluded.base_hash`,
    [
      sourceId,
      batch.map(({ ref }) => ref),
      batch.map(({ json }) => json).join("\x1e"),
      batch.map(({ hash }) => hash),
      batch.map(({ location }) => location),
      batch.map(({ line }) => line),
      batch.map(({ docsRoot }) => docsRoot),
      at,
      change,
      ...(isMerged ? [batch.map(({ base }) => base?.json ?? "null").join("\x1e"), batch.map(({ base }) => base?.hash ?? null)] : []),
    ],
  );
}

/**
 * Takes entities out and leaves a tombstone of each, from which it can be restored; relations of others that name them stay and
 * dangle. Write history first.
 */
export async function removeEntities(sql: Sql, refs: readonly string[], change: number, cause: Cause): Promise<void> {
  if (refs.length === 0) return;
  await sql.query(
    `with gone as (delete from catalog.entity where ref = any($1) returning *)
     insert into catalog.removed_entity (ref, change, at, uid, document, hash, source_id, source_name, source_kind, location, line,
       docs_root, sample, actor, reason, sync_id)
     select gone.ref, $2, clock.at, gone.uid, coalesce(gone.base, gone.document), coalesce(gone.base_hash, gone.hash), source.id, source.name, source.kind, gone.location, gone.line,
       gone.docs_root, source.sample, $3, $4, $5
     from gone join catalog.source on source.id = gone.source_id cross join catalog.clock
     on conflict (ref) do update set change = excluded.change, at = excluded.at, uid = excluded.uid, document = excluded.document,
       hash = excluded.hash, source_id = excluded.source_id, source_name = excluded.source_name, source_kind = excluded.source_kind,
       location = excluded.location, line = excluded.line, docs_root = excluded.docs_root, sample = excluded.sample,
       actor = excluded.actor, reason = excluded.reason, sync_id = excluded.sync_id`,
    [refs, change, cause.actor, cause.reason ?? null, cause.syncId ?? null],
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
  /** What is said of this one when the caller gave no reason, e.g. "its descriptor changed". */
  readonly reason?: string;
}

interface Noting {
  readonly change: number;
  readonly source: { readonly id: string; readonly name: string };
  readonly cause: Cause;
}

/**
 * Notes what is about to happen to entities, with the documents as they are now: so after `nextChange`, and before they are written
 * or removed.
 */
export async function writeHistory(sql: Sql, o: Noting, writes: readonly HistoryWrite[]): Promise<void> {
  const { change, source, cause } = o;
  for (let start = 0; start < writes.length; start += BATCH) {
    const batch = writes.slice(start, start + BATCH);
    if (batch.every((write) => write.change === "registered" && write.reason === batch[0]!.reason && write.fields.length === 0)) {
      await writeRegistered(sql, o, batch);
      continue;
    }
    await sql.query(
      `insert into catalog.history (ref, at, number, change, fields, source, source_id, actor, reason, sync_id, before, origin)
       select w.ref, clock.at, $1, w.change, w.fields, $2, $3, $4, w.reason, $5,
         case when w.change <> 'registered' then e.document end,
         case when w.change <> 'registered' then json_build_object('uid', e.uid, 'hash', e.hash, 'sourceId', e.source_id, 'sourceName', s.name,
           'sample', s.sample, 'location', e.location, 'line', e.line, 'docsRoot', e.docs_root, 'orphan', e.orphan,
           'base', e.base, 'baseHash', e.base_hash) end
       from unnest($6::text[], $7::text[], $8::json[], $9::text[]) with ordinality as w(ref, change, fields, reason, position)
       cross join catalog.clock left join catalog.entity e on e.ref = w.ref left join catalog.source s on s.id = e.source_id
       order by w.position`,
      [
        change,
        source.name,
        source.id,
        cause.actor,
        cause.syncId ?? null,
        batch.map(({ ref }) => ref),
        batch.map((write) => write.change),
        batch.map(({ fields }) => JSON.stringify(fields)),
        batch.map(({ reason }) => cause.reason ?? reason ?? null),
      ],
    );
  }
}

/** Of what is new there is nothing to be looked up, and a first reading brings very much of it. */
async function writeRegistered(sql: Sql, { change, source, cause }: Noting, batch: readonly HistoryWrite[]): Promise<void> {
  await sql.query(
    `insert into catalog.history (ref, at, number, change, fields, source, source_id, actor, reason, sync_id)
     select w.ref, clock.at, $1, 'registered', '[]', $2, $3, $4, $5, $6
     from unnest($7::text[]) with ordinality as w(ref, position) cross join catalog.clock order by w.position`,
    [
      change,
      source.name,
      source.id,
      cause.actor,
      cause.reason ?? batch[0]!.reason ?? null,
      cause.syncId ?? null,
      batch.map(({ ref }) => ref),
    ],
  );
}
