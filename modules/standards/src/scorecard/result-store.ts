import type { Sql } from "@roadbed/core";

import type { Result } from "./evaluate.ts";

/** A result as it is stored. */
export interface ResultRow {
  readonly scorecard: string;
  readonly ref: string;
  readonly version: number;
  readonly rank: number | null;
  /** Null: it is not looked at any more. */
  readonly codes: string | null;
  readonly notes: Readonly<Record<string, string>> | null;
  readonly first_at: Date;
  readonly since: Date;
  readonly change: string;
}

/** One that is other than what was stored. */
export interface ChangedResult {
  readonly scorecard: string;
  readonly ref: string;
  readonly version: number;
  readonly rank: number | undefined;
  /** Undefined: it is not looked at any more. */
  readonly result: Result | undefined;
  /** Whether it stands otherwise, and not only says it in other words. */
  readonly stands: boolean;
}

export interface HistoryRow {
  readonly scorecard: string;
  readonly ref: string;
  readonly version: number;
  readonly beforeRank: number | null;
  readonly afterRank: number | null;
  readonly beforeLevel: string | null;
  readonly afterLevel: string | null;
  readonly changes: readonly { readonly rule: string; readonly before?: string | undefined; readonly after?: string | undefined }[];
  readonly cause: Cause;
  readonly gone: boolean;
}

export type Cause = "entity" | "scorecard" | "time";

const COLUMNS = "scorecard, ref, version, rank, codes, notes, first_at, since, change";

export async function readResults(sql: Sql, refs: readonly string[]): Promise<ResultRow[]> {
  const { rows } = await sql.query<Record<string, unknown>>(`select ${COLUMNS} from standards.scorecard_result where ref = any($1)`, [
    refs,
  ]);
  return rows as unknown as ResultRow[];
}

/** Without what they say in words: these stay in the database. */
export async function readResultsAfter(sql: Sql, change: string, limit: number, after: readonly [string, string]): Promise<ResultRow[]> {
  const { rows } = await sql.query<Record<string, unknown>>(
    `select scorecard, ref, version, rank, codes, null as notes, first_at, since, change from standards.scorecard_result
     where change > $1 and (scorecard, ref) > ($3, $4) order by scorecard, ref limit $2`,
    [change, limit, ...after],
  );
  return rows as unknown as ResultRow[];
}

export async function readNotes(
  sql: Sql,
  scorecard: string,
  refs: readonly string[],
): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> {
  const { rows } = await sql.query<{ ref: string; notes: Record<string, string> | null }>(
    "select ref, notes from standards.scorecard_result where scorecard = $1 and ref = any($2)",
    [scorecard, refs],
  );
  return new Map(rows.map(({ ref, notes }) => [ref, notes ?? {}]));
}

export async function writeResults(sql: Sql, results: readonly ChangedResult[], change: bigint, at: Date): Promise<void> {
  if (results.length === 0) return;
  const rows = results.map(({ scorecard, ref, version, rank, result, stands }) => ({
    scorecard,
    ref,
    version,
    rank: rank ?? null,
    codes: result?.codes ?? null,
    notes: result && Object.keys(result.notes).length > 0 ? result.notes : null,
    stands,
  }));
  await sql.query(
    `insert into standards.scorecard_result as r (scorecard, ref, change, version, rank, codes, notes, first_at, since)
     select w.scorecard, w.ref, $2, w.version, w.rank, w.codes, w.notes, $3, $3
     from json_to_recordset($1::json) as w(scorecard text, ref text, version int, rank smallint, codes text, notes json, stands boolean)
     on conflict (scorecard, ref) do update set change = excluded.change, version = excluded.version, rank = excluded.rank,
       codes = excluded.codes, notes = excluded.notes,
       first_at = case when r.codes is null then excluded.first_at else r.first_at end,
       since = case when r.rank is distinct from excluded.rank or r.codes is null then excluded.since else r.since end`,
    [JSON.stringify(rows), change.toString(), at],
  );
}

export async function writeHistory(sql: Sql, rows: readonly HistoryRow[], at: Date): Promise<void> {
  if (rows.length === 0) return;
  await sql.query(
    `insert into standards.scorecard_history (scorecard, ref, at, version, before_rank, after_rank, before_level, after_level, changes, cause, gone)
     select w.scorecard, w.ref, $2, w.version, w."beforeRank", w."afterRank", w."beforeLevel", w."afterLevel", w.changes, w.cause, w.gone
     from json_to_recordset($1::json) as w(scorecard text, ref text, version int, "beforeRank" smallint, "afterRank" smallint,
       "beforeLevel" text, "afterLevel" text, changes json, cause text, gone boolean)`,
    [JSON.stringify(rows), at],
  );
}

/** Rows of what is long gone: whoever followed has seen them. */
export async function forgetGone(sql: Sql, before: Date): Promise<void> {
  await sql.query("delete from standards.scorecard_result where codes is null and since < $1", [before]);
}
