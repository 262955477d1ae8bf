import type { SyncRun } from "@roadbed/contracts/catalog";
import { formatActor, type Ctx, type Sql } from "@roadbed/core";
import type { z } from "zod";

import type { Problem } from "./snapshot.ts";
import { NO_COUNTS, SOURCE_COLUMNS, type Budget, type Counts, type SourceRow } from "./source-store.ts";

export type SyncCause = z.infer<typeof SyncRun>["cause"];

/** Most problems of one source that are kept one by one; the number of all of them is kept too. */
const MAX_PROBLEMS = 1_000;

export interface SyncOutcome {
  readonly at: Date;
  readonly durationMs: number;
  readonly counts: Counts;
  readonly problems: readonly Problem[];
  readonly fingerprint: string | null;
  /** Why it failed; nothing was written then. */
  readonly error?: string;
  /** Why it waits for a decision; nothing was written then either. */
  readonly held?: string;
  readonly note?: string;
  /** What the connector wants to remember; kept only of runs that were written. */
  readonly memory?: Readonly<Record<string, unknown>>;
  readonly budget?: Budget;
  /** True for a message: it says nothing of the rest of the source. */
  readonly partial?: boolean;
}

/** Makes the row of a run, so that what the run writes can name it. `endSync` fills it in, in the same transaction. */
export async function beginSync(
  sql: Sql,
  sourceId: string,
  at: Date,
  by: { readonly cause: SyncCause; readonly actor: Ctx["actor"] },
): Promise<string> {
  const { rows } = await sql.query<{ id: string }>(
    "insert into catalog.source_sync (source_id, at, duration_ms, counts, cause, actor) values ($1, $2, 0, $3, $4, $5) returning id",
    [sourceId, at, JSON.stringify(NO_COUNTS), by.cause, formatActor(by.actor)],
  );
  return rows[0]!.id;
}

/** Records how a run ended. After a failed or held one the problems, counts and memory of the last good one stay. */
export async function endSync(sql: Sql, id: string, syncId: string, outcome: SyncOutcome): Promise<SourceRow> {
  const { at, durationMs, counts, problems, error, held, partial = false } = outcome;
  const state = error !== undefined ? "failed" : held !== undefined ? "held" : problems.length > 0 ? "partial" : "ok";
  const isWritten = error === undefined && held === undefined;
  await sql.query("update catalog.source_sync set duration_ms = $2, counts = $3, error = $4, state = $5, note = $6 where id = $1", [
    syncId,
    durationMs,
    JSON.stringify(counts),
    error ?? null,
    state,
    held ?? outcome.note ?? null,
  ]);
  await sql.query(
    "delete from catalog.source_sync where source_id = $1 and id <= (select id from catalog.source_sync where source_id = $1 order by id desc offset 100 limit 1)",
    [id],
  );
  if (isWritten && !partial) await replaceProblems(sql, id, problems);
  const { rows } = await sql.query<Record<string, unknown>>(
    `update catalog.source set
       state = case when $10 then case when state in ('never', 'failed') then 'ok' else state end else $2 end,
       last_sync_at = $3::timestamptz, last_error = case when $10 then last_error else $4 end,
       counts = case when $5 and not $10 then $6::jsonb else counts end,
       problems = case when $5 and not $10 then $7 else problems end,
       fingerprint = case when $5 and not $10 then $8 else fingerprint end,
       memory = case when $5 then coalesce($9::jsonb, memory) else memory end,
       budget = coalesce($11::jsonb, budget),
       failures = case when $2 = 'failed' then failures + 1 else 0 end,
       next_run_at = case when every_minutes is null then next_run_at else
         greatest($3::timestamptz + make_interval(mins => every_minutes * (case when $2 = 'failed' then 2 ^ least(failures + 1, 5) else 1 end)::int), $12::timestamptz) end
     where id = $1 returning ${SOURCE_COLUMNS}`,
    [
      id,
      state,
      at,
      error ?? null,
      isWritten,
      JSON.stringify(counts),
      problems.length,
      outcome.fingerprint,
      outcome.memory === undefined ? null : JSON.stringify(outcome.memory),
      partial,
      outcome.budget === undefined ? null : JSON.stringify(outcome.budget),
      outcome.budget !== undefined && outcome.budget.remaining <= 0 ? outcome.budget.resetAt : null,
    ],
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
      kept.map(({ file }) => cleanText(file)),
      kept.map(({ line }) => line ?? null),
      kept.map(({ at }) => cleanText(at)),
      kept.map(({ reason }) => cleanText(reason)),
      kept.map(({ mend }) => (mend === undefined ? null : cleanText(mend))),
      kept.map(({ ref }) => (ref === undefined ? null : cleanText(ref))),
    ],
  );
}

/** Postgres keeps no NUL in a text; a descriptor can hold anything. */
export function cleanText(text: string): string {
  return text.replaceAll("\0", "\uFFFD").slice(0, 2_000);
}

export async function listProblems(sql: Sql, id: string): Promise<Problem[]> {
  const { rows } = await sql.query<Record<string, unknown>>(
    "select file, line, at, reason, mend, ref from catalog.source_problem where source_id = $1 order by position",
    [id],
  );
  return rows.map((row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as Problem);
}

interface SyncRow {
  readonly id: string;
  readonly at: Date;
  readonly duration_ms: number;
  readonly counts: Counts;
  readonly error: string | null;
  readonly cause: SyncCause;
  readonly state: z.infer<typeof SyncRun>["state"];
  readonly actor: string;
  readonly note: string | null;
  readonly undoes: string | null;
  readonly undone_by: string | null;
}

/** Newest first, those before `before`. */
export async function listSyncs(sql: Sql, sourceId: string, limit: number, before?: string): Promise<z.infer<typeof SyncRun>[]> {
  const { rows } = await sql.query<Record<string, unknown>>(
    `select id, at, duration_ms, counts, error, cause, state, actor, note, undoes, undone_by from catalog.source_sync
     where source_id = $1 and ($3::bigint is null or id < $3) order by id desc limit $2`,
    [sourceId, limit, before ?? null],
  );
  return (rows as unknown as SyncRow[]).map((row) => ({
    id: row.id,
    at: row.at.toISOString(),
    durationMs: row.duration_ms,
    cause: row.cause,
    state: row.state,
    actor: row.actor,
    counts: row.counts,
    ...(row.error === null ? {} : { error: row.error }),
    ...(row.note === null ? {} : { note: row.note }),
    ...(row.undoes === null ? {} : { undoes: row.undoes }),
    ...(row.undone_by === null ? {} : { undoneBy: row.undone_by }),
  }));
}
