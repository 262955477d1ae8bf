import type { Source, SyncCounts } from "@roadbed/contracts/catalog";
import { ConflictError, newId, NotFoundError, type Sql } from "@roadbed/core";
import type { z } from "zod";

import { lockCatalog } from "../entity/entity-store.ts";
import type { Problem } from "./snapshot.ts";

export type Counts = z.infer<typeof SyncCounts>;

/** Of a run that has read nothing. */
export const NO_COUNTS: Counts = { read: 0, registered: 0, changed: 0, unchanged: 0, removed: 0, failed: 0, conflicts: 0 };

/** A source as it is stored. */
export interface SourceRow {
  readonly id: string;
  readonly name: string;
  readonly kind: Source["kind"];
  readonly target: string;
  readonly branch: string | null;
  readonly watch: boolean;
  readonly sample: boolean;
  readonly state: Exclude<Source["state"], "syncing">;
  readonly last_sync_at: Date | null;
  readonly last_error: string | null;
  readonly counts: Counts | null;
  readonly problems: number;
  readonly fingerprint: string | null;
}

const COLUMNS = "id, name, kind, target, branch, watch, sample, state, last_sync_at, last_error, counts, problems, fingerprint";

/** Most problems of one source that are kept one by one; the number of all of them is kept too. */
const MAX_PROBLEMS = 1_000;

export interface NewSource {
  readonly kind: Source["kind"];
  readonly target: string;
  readonly name: string;
  readonly branch?: string | undefined;
  readonly watch: boolean;
  readonly sample?: boolean;
}

/**
 * Makes the source, or finds the one with the same target and brings its settings up to date. Rows of sources that others may be
 * at work on are changed under the catalogue's lock only: whoever takes the two in another order would wait for ever.
 */
export async function ensureSource(sql: Sql, source: NewSource, now: Date): Promise<SourceRow> {
  const { name, kind, target, branch = null, watch, sample = false } = source;
  const inserted = await sql.query<Record<string, unknown>>(
    `insert into catalog.source (id, name, kind, target, branch, watch, sample, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (kind, target, branch) do nothing returning ${COLUMNS}`,
    [newId("src"), name, kind, target, branch, watch, sample, now],
  );
  if (inserted.rows[0]) return inserted.rows[0] as unknown as SourceRow;
  const { rows } = await sql.query<Record<string, unknown>>(
    `select ${COLUMNS} from catalog.source where kind = $1 and target = $2 and branch is not distinct from $3`,
    [kind, target, branch],
  );
  const found = rows[0] as unknown as SourceRow | undefined;
  if (!found) throw new ConflictError("The source is being removed at this moment.", { mend: "Try again." });
  if (found.name === name && found.watch === watch && found.sample === sample) return found;
  await lockCatalog(sql);
  const updated = await sql.query<Record<string, unknown>>(
    `update catalog.source set name = $2, watch = $3, sample = $4 where id = $1 returning ${COLUMNS}`,
    [found.id, name, watch, sample],
  );
  return updated.rows[0] as unknown as SourceRow;
}

/** Throws `NotFoundError`. */
export async function getSource(sql: Sql, id: string): Promise<SourceRow> {
  const { rows } = await sql.query<Record<string, unknown>>(`select ${COLUMNS} from catalog.source where id = $1`, [id]);
  if (!rows[0]) throw new NotFoundError("source", id, "List the sources to see their ids.");
  return rows[0] as unknown as SourceRow;
}

export async function listSources(sql: Sql, after: string, limit: number, hidden: readonly string[] = []): Promise<SourceRow[]> {
  const { rows } = await sql.query<Record<string, unknown>>(
    `select ${COLUMNS} from catalog.source where id > $1 and id <> all($3) order by id limit $2`,
    [after, limit, hidden],
  );
  return rows as unknown as SourceRow[];
}

/** Entities of each source, or of one. */
export async function countEntities(sql: Sql, id?: string): Promise<ReadonlyMap<string, number>> {
  const { rows } = await sql.query<{ source_id: string; count: number }>(
    "select source_id, count(*)::int as count from catalog.entity where $1::text is null or source_id = $1 group by source_id",
    [id ?? null],
  );
  return new Map(rows.map(({ source_id, count }) => [source_id, count]));
}

export interface SyncOutcome {
  readonly at: Date;
  readonly durationMs: number;
  readonly counts: Counts;
  readonly problems: readonly Problem[];
  readonly fingerprint: string | null;
  readonly error?: string;
}

/** Makes the row of a run, so that what the run writes can name it. `endSync` fills it in, in the same transaction. */
export async function beginSync(sql: Sql, sourceId: string, at: Date): Promise<string> {
  const { rows } = await sql.query<{ id: string }>(
    "insert into catalog.source_sync (source_id, at, duration_ms, counts) values ($1, $2, 0, $3) returning id",
    [sourceId, at, JSON.stringify(NO_COUNTS)],
  );
  return rows[0]!.id;
}

/** Records how a run ended. After a failed one the problems of the last good one stay. */
export async function endSync(sql: Sql, id: string, syncId: string, outcome: SyncOutcome): Promise<SourceRow> {
  const { at, durationMs, counts, problems, error } = outcome;
  await sql.query("update catalog.source_sync set duration_ms = $2, counts = $3, error = $4 where id = $1", [
    syncId,
    durationMs,
    JSON.stringify(counts),
    error ?? null,
  ]);
  await sql.query(
    "delete from catalog.source_sync where source_id = $1 and id <= (select id from catalog.source_sync where source_id = $1 order by id desc offset 100 limit 1)",
    [id],
  );
  const state = error !== undefined ? "failed" : problems.length > 0 ? "partial" : "ok";
  if (error === undefined) await replaceProblems(sql, id, problems);
  const { rows } = await sql.query<Record<string, unknown>>(
    `update catalog.source set state = $2, last_sync_at = $3, last_error = $4,
       counts = case when $4::text is null then $5::jsonb else counts end,
       problems = case when $4::text is null then $6 else problems end,
       fingerprint = case when $4::text is null then $7 else fingerprint end
     where id = $1 returning ${COLUMNS}`,
    [id, state, at, error ?? null, JSON.stringify(counts), problems.length, outcome.fingerprint],
  );
  return rows[0] as unknown as SourceRow;
}

async function replaceProblems(sql: Sql, id: string, problems: readonly Problem[]): Promise<void> {
  await sql.query("delete from catalog.source_problem where source_id = $1", [id]);
  const kept = problems.slice(0, MAX_PROBLEMS);
  if (kept.length === 0) return;
  await sql.query(
    `insert into catalog.source_problem (source_id, position, file, line, at, reason, mend, ref)
     select $1, p.position, p.file, p.line, p.at, p.reason, p.mend, p.ref
     from unnest($2::int[], $3::text[], $4::int[], $5::text[], $6::text[], $7::text[], $8::text[]) as p(position, file, line, at, reason, mend, ref)`,
    [
      id,
      kept.map((_, at) => at),
      kept.map(({ file }) => clean(file)),
      kept.map(({ line }) => line ?? null),
      kept.map(({ at }) => clean(at)),
      kept.map(({ reason }) => clean(reason)),
      kept.map(({ mend }) => (mend === undefined ? null : clean(mend))),
      kept.map(({ ref }) => (ref === undefined ? null : clean(ref))),
    ],
  );
}

/** Postgres keeps no NUL in a text; a descriptor can hold anything. */
function clean(text: string): string {
  return text.replaceAll("\0", "\uFFFD").slice(0, 2_000);
}

export async function listProblems(sql: Sql, id: string): Promise<Problem[]> {
  const { rows } = await sql.query<Record<string, unknown>>(
    "select file, line, at, reason, mend, ref from catalog.source_problem where source_id = $1 order by position",
    [id],
  );
  return rows.map((row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as Problem);
}

export interface SyncRow {
  readonly at: Date;
  readonly duration_ms: number;
  readonly counts: Counts;
  readonly error: string | null;
}

export async function listSyncs(sql: Sql, id: string): Promise<SyncRow[]> {
  const { rows } = await sql.query<Record<string, unknown>>(
    "select at, duration_ms, counts, error from catalog.source_sync where source_id = $1 order by id desc limit 20",
    [id],
  );
  return rows as unknown as SyncRow[];
}

/** The source as it is answered. */
export function viewOf(row: SourceRow, entities: number, syncing: boolean): Source {
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    target: row.target,
    watch: row.watch,
    sample: row.sample,
    state: syncing ? "syncing" : row.state,
    ...(row.last_sync_at === null ? {} : { lastSyncAt: row.last_sync_at.toISOString() }),
    ...(row.last_error === null ? {} : { lastError: row.last_error }),
    ...(row.counts === null ? {} : { counts: row.counts }),
    problems: row.problems,
    entities,
  };
}
