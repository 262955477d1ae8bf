import type { LedgerState } from "@roadbed/contracts/paths/ledger";
import { NotFoundError, type Sql } from "@roadbed/core";

import type { Drift, MadeFile } from "./compare-files.ts";

/** A made thing as its table keeps it. */
export interface MadeRow extends Record<string, unknown> {
  readonly id: string;
  readonly key: string;
  readonly run_id: string;
  readonly path_ref: string;
  readonly path_title: string;
  readonly version: string | null;
  readonly source_digest: string | null;
  readonly repository: string;
  readonly branch: string;
  readonly entity_ref: string | null;
  readonly answers: Record<string, unknown>;
  readonly base_commit: string;
  readonly made_at: Date;
  readonly checked_commit: string | null;
  readonly checked_at: Date | null;
  readonly gone_at: Date | null;
}

/** With how it stands, which the state of its path has a say in. */
export interface StandingRow extends MadeRow {
  readonly state: LedgerState;
  readonly older: boolean;
  readonly current_version: string | null;
  readonly drifted: number;
  readonly deviating: number;
  readonly files: number;
}

export interface DriftRow extends Record<string, unknown> {
  readonly path: string;
  readonly change: Drift["change"];
  readonly renamed_to: string | null;
  readonly commit: string | null;
  readonly author: string | null;
  readonly at: Date | null;
  readonly message: string | null;
  readonly deviation_id: string | null;
}

/** The version that a path is at now. */
export interface Current {
  readonly ref: string;
  readonly digest: string | undefined;
  readonly version: string | undefined;
}

export interface NewMade {
  readonly id: string;
  readonly key: string;
  readonly runId: string;
  readonly pathRef: string;
  readonly pathTitle: string;
  readonly version: string | undefined;
  readonly sourceDigest: string | undefined;
  readonly repository: string;
  readonly branch: string;
  readonly entityRef: string | undefined;
  readonly answers: Record<string, unknown>;
  readonly commit: string;
  readonly files: readonly MadeFile[];
  readonly at: Date;
}

/** Writes a made thing down; one of the same key is there already and stays. */
export async function insertMade(sql: Sql, made: NewMade): Promise<void> {
  const { rowCount } = await sql.query(
    `insert into paths.made (id, key, run_id, path_ref, path_title, version, source_digest, repository, branch, entity_ref, answers,
       base_commit, made_at, checked_commit, checked_at, first_commit)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $12, $13, $12) on conflict (key) do nothing`,
    [
      made.id,
      made.key,
      made.runId,
      made.pathRef,
      made.pathTitle,
      made.version ?? null,
      made.sourceDigest ?? null,
      made.repository,
      made.branch,
      made.entityRef ?? null,
      JSON.stringify(made.answers),
      made.commit,
      made.at,
    ],
  );
  if (rowCount > 0) await replaceFiles(sql, made.id, made.files);
}

/** What the version of a thing made, anew. */
export async function replaceFiles(sql: Sql, madeId: string, files: readonly MadeFile[]): Promise<void> {
  await sql.query("delete from paths.made_file where made_id = $1", [madeId]);
  await sql.query(
    `insert into paths.made_file (made_id, path, hash, executable, managed)
     select $1, * from unnest($2::text[], $3::text[], $4::boolean[], $5::boolean[])`,
    [
      madeId,
      files.map(({ path }) => path),
      files.map(({ hash }) => hash),
      files.map(({ executable }) => executable),
      files.map(({ managed }) => managed),
    ],
  );
}

export async function readMadeFiles(sql: Sql, madeId: string): Promise<MadeFile[]> {
  const { rows } = await sql.query<{ path: string; hash: string; executable: boolean; managed: boolean }>(
    "select path, hash, executable, managed from paths.made_file where made_id = $1 order by path",
    [madeId],
  );
  return rows;
}

/** Holds the row until the transaction ends, so that two looks at one thing come one after the other. */
export async function lockMade(sql: Sql, id: string): Promise<MadeRow | undefined> {
  const { rows } = await sql.query<MadeRow>("select * from paths.made where id = $1 for update", [id]);
  return rows[0];
}

export async function findMadeOf(sql: Sql, repository: string, branch: string): Promise<string[]> {
  const { rows } = await sql.query<{ id: string }>("select id from paths.made where repository = $1 and branch = $2 order by id", [
    repository,
    branch,
  ]);
  return rows.map(({ id }) => id);
}

/** The repositories that golden paths made for an entity and that are there. */
export async function repositoriesOf({ sql }: { readonly sql: Sql }, entityRef: string): Promise<string[]> {
  const { rows } = await sql.query<{ repository: string }>(
    "select distinct repository from paths.made where entity_ref = lower($1) and gone_at is null order by repository",
    [entityRef],
  );
  return rows.map(({ repository }) => repository);
}

/** A drift counts as declared while an active deviation names its file. */
const COVERED = `(select v.id from paths.deviation v where v.made_id = d.made_id and v.status = 'active' and v.expires_at > $4
  and d.path = any(v.paths) order by v.id limit 1)`;

/** Every made thing with how it stands. `$1`…`$3`: the paths as they are now; `$4`: the instant; `$5`: what the caller may not see. */
const STANDING = `
  select s.*, case when s.gone_at is not null then 'gone' when s.drifted > 0 then 'drifted' when s.older then 'older'
    when s.deviating > 0 then 'deviates' else 'current' end as state
  from (
    select m.*, c.version as current_version,
      coalesce(c.digest is not null and m.source_digest is not null and c.digest <> m.source_digest, false) as older,
      (select count(*)::int from paths.made_drift d where d.made_id = m.id and ${COVERED} is null) as drifted,
      (select count(*)::int from paths.made_drift d where d.made_id = m.id and ${COVERED} is not null) as deviating,
      (select count(*)::int from paths.made_file f where f.made_id = m.id and f.managed) as files
    from paths.made m
    left join unnest($1::text[], $2::text[], $3::text[]) as c (ref, digest, version) on c.ref = m.path_ref
    where m.entity_ref is null or m.entity_ref <> all($5::text[])
  ) s`;

/** From where a list of made things is looked at. */
export interface View {
  readonly current: readonly Current[];
  readonly now: Date;
  readonly hidden: readonly string[];
}

function valuesOf({ current, now, hidden }: View): unknown[] {
  return [
    current.map(({ ref }) => ref),
    current.map(({ digest }) => digest ?? null),
    current.map(({ version }) => version ?? null),
    now,
    hidden,
  ];
}

export interface MadeFilter {
  readonly state?: LedgerState | undefined;
  readonly path?: string | undefined;
  readonly entityRef?: string | undefined;
  readonly q?: string | undefined;
  readonly before?: string | undefined;
  readonly limit: number;
}

const FITS = `($6::text is null or path_ref = $6) and ($7::text is null or entity_ref = $7)
  and ($8::text is null or repository ilike $8 or entity_ref ilike $8)`;

/** Newest first, with how many there are in each state whatever the filter's own. */
export async function listMade(
  sql: Sql,
  view: View,
  filter: MadeFilter,
): Promise<{ readonly rows: StandingRow[]; readonly counts: Record<LedgerState, number> }> {
  const like = filter.q === undefined ? null : `%${filter.q.replace(/[\\%_]/g, "\\$&")}%`;
  const values = [...valuesOf(view), filter.path ?? null, filter.entityRef ?? null, like];
  const { rows } = await sql.query<StandingRow>(
    `with s as (${STANDING}) select * from s where ${FITS} and ($9::text is null or state = $9) and ($10::text is null or id < $10)
     order by id desc limit $11`,
    [...values, filter.state ?? null, filter.before ?? null, filter.limit],
  );
  const counted = await sql.query<{ state: LedgerState; n: number }>(
    `with s as (${STANDING}) select state, count(*)::int n from s where ${FITS} group by state`,
    values,
  );
  const none = { drifted: 0, older: 0, deviates: 0, current: 0, gone: 0 };
  return { rows, counts: { ...none, ...Object.fromEntries(counted.rows.map(({ state, n }) => [state, n])) } };
}

/** By its id or the reference of its entity. Throws `NotFoundError` for what is not there or may not be seen. */
export async function readStanding(sql: Sql, view: View, thing: string): Promise<StandingRow> {
  const { rows } = await sql.query<StandingRow>(
    `with s as (${STANDING}) select * from s where id = $6 or entity_ref = lower($6) order by id desc limit 1`,
    [...valuesOf(view), thing],
  );
  if (rows[0] !== undefined) return rows[0];
  throw new NotFoundError("made thing", thing, "See roadbed ledger list.");
}

export async function readDrift(sql: Sql, madeId: string, now: Date): Promise<DriftRow[]> {
  const { rows } = await sql.query<DriftRow>(
    `select d.*, ${COVERED.replace("$4", "$2")} as deviation_id from paths.made_drift d where d.made_id = $1 order by d.path`,
    [madeId, now],
  );
  return rows;
}

/** How many things are on each kept version of a path. */
export async function countByVersion(sql: Sql, pathRef: string): Promise<Map<string, number>> {
  const { rows } = await sql.query<{ source_digest: string; n: number }>(
    "select source_digest, count(*)::int n from paths.made where path_ref = $1 and source_digest is not null group by 1",
    [pathRef],
  );
  return new Map(rows.map(({ source_digest, n }) => [source_digest, n]));
}
