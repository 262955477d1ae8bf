import type { SourceEdit, SourceProblem } from "@roadbed/contracts/delivery/source";
import type { Ctx, Sql } from "@roadbed/core";

import type { Intent } from "./intent.ts";

/** A file on `main` as the platform wrote it, or took it of somebody. */
export interface SourceFile extends Record<string, unknown> {
  readonly path: string;
  readonly environment: string;
  readonly entity_ref: string | null;
  readonly stamp: string;
  readonly blob: string;
  readonly by_hand: boolean;
  readonly promotion_id: string | null;
}

export async function readSourceFiles(sql: Sql): Promise<Map<string, SourceFile>> {
  const { rows } = await sql.query<SourceFile>("select * from delivery.source_file order by path");
  return new Map(rows.map((row) => [row.path, row]));
}

export async function putSourceFiles(ctx: Ctx, files: readonly SourceFile[]): Promise<void> {
  if (files.length === 0) return;
  await ctx.sql.query(
    `insert into delivery.source_file (path, environment, entity_ref, stamp, blob, by_hand, promotion_id)
     select path, environment, entity_ref, stamp, blob, by_hand, promotion_id
     from jsonb_to_recordset($1::jsonb) as r(path text, environment text, entity_ref text, stamp text, blob text, by_hand boolean, promotion_id text)
     on conflict (path) do update set stamp = excluded.stamp, blob = excluded.blob, by_hand = excluded.by_hand, promotion_id = excluded.promotion_id`,
    [JSON.stringify(files)],
  );
}

export async function dropSourceFiles(ctx: Ctx, paths: readonly string[]): Promise<void> {
  if (paths.length > 0) await ctx.sql.query("delete from delivery.source_file where path = any($1)", [paths]);
}

/** What an environment is to have of a component, whose file is another one or not there yet. */
export interface StaleIntent extends Record<string, unknown> {
  readonly entity_ref: string;
  readonly environment: string;
  readonly number: number;
  readonly intent: Intent | null;
  readonly stamp: string;
}

/** Not asked for by the file itself: that stands as it was written until it is decided. */
const DECIDED = "not exists (select 1 from delivery.promotion p where p.id = s.promotion_id and p.ended_at is null)";

export async function staleIntents(sql: Sql, limit: number): Promise<StaleIntent[]> {
  const stamp = "d.release_id || ' ' || coalesce(md5(a.intent::text), '') || ' ' || coalesce(a.changes ->> 'suspended', '')";
  const { rows } = await sql.query<StaleIntent>(
    `select d.entity_ref, d.environment, r.number, ${stamp} as stamp,
       case when a.entity_ref is null then null
         else coalesce(a.intent, '{}') || jsonb_build_object('suspended', coalesce((a.changes ->> 'suspended')::boolean, false)) end as intent
     from delivery.desired d join delivery.environment e on e.name = d.environment and e.ended_at is null join delivery.release r on r.id = d.release_id
     left join delivery.accepted a on a.entity_ref = d.entity_ref and a.environment = d.environment and a.release_id = d.release_id
     left join delivery.source_file s on s.entity_ref = d.entity_ref and s.environment = d.environment
     where s.stamp is distinct from ${stamp} and ${DECIDED} order by d.environment, d.entity_ref limit $1`,
    [limit],
  );
  return rows;
}

/** Names of environments whose file is another one or not there yet, with what their file is to be of. */
export async function staleEnvironments(sql: Sql, limit: number): Promise<{ readonly name: string; readonly stamp: string }[]> {
  const stamp = "md5((to_jsonb(e) - 'warned_for' - 'created_at')::text)";
  const { rows } = await sql.query<{ name: string; stamp: string }>(
    `select e.name, ${stamp} as stamp from delivery.environment e
     left join delivery.source_file s on s.environment = e.name and s.entity_ref is null
     where e.ended_at is null and s.stamp is distinct from ${stamp} order by e.name limit $1`,
    [limit],
  );
  return rows;
}

/** Files of what is there no more. */
export async function goneFiles(sql: Sql): Promise<string[]> {
  const { rows } = await sql.query<{ path: string }>(
    `select s.path from delivery.source_file s
     where not exists (select 1 from delivery.environment e where e.name = s.environment and e.ended_at is null)
       or (s.entity_ref is not null and ${DECIDED}
         and not exists (select 1 from delivery.desired d where d.entity_ref = s.entity_ref and d.environment = s.environment))
     order by 1`,
  );
  return rows.map(({ path }) => path);
}

interface EditRow extends Record<string, unknown> {
  readonly id: string;
  readonly path: string;
  readonly commit: string;
  readonly message: string;
  readonly author: string;
  readonly pushed_by: string;
  readonly state: SourceEdit["state"];
  readonly outcome: string;
  readonly problems: SourceProblem[];
  readonly entity_ref: string | null;
  readonly environment: string | null;
  readonly promotion_id: string | null;
  readonly at: Date;
}

export async function insertEdit(ctx: Ctx, edit: Omit<SourceEdit, "at">): Promise<void> {
  await ctx.sql.query(
    `insert into delivery.source_edit (id, path, commit, message, author, pushed_by, state, outcome, problems, entity_ref, environment, promotion_id, at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
    [
      edit.id,
      edit.path,
      edit.commit,
      edit.message,
      edit.author,
      edit.pushedBy,
      edit.state,
      edit.outcome,
      JSON.stringify(edit.problems),
      edit.entityRef ?? null,
      edit.environment ?? null,
      edit.promotionId ?? null,
      ctx.now(),
    ],
  );
}

export async function listEdits(
  sql: Sql,
  o: {
    readonly state: SourceEdit["state"] | undefined;
    readonly environment: string | undefined;
    readonly hidden: readonly string[];
    readonly before: string | undefined;
    readonly limit: number;
  },
): Promise<SourceEdit[]> {
  const { rows } = await sql.query<EditRow>(
    `select * from delivery.source_edit where ($1::text is null or state = $1) and ($2::text is null or environment = $2)
       and (entity_ref is null or entity_ref <> all($3::text[])) and ($4::text is null or id < $4) order by id desc limit $5`,
    [o.state ?? null, o.environment ?? null, o.hidden, o.before ?? null, o.limit],
  );
  return rows.map((row) => ({
    id: row.id,
    path: row.path,
    commit: row.commit,
    message: row.message,
    author: row.author,
    pushedBy: row.pushed_by,
    state: row.state,
    outcome: row.outcome,
    problems: row.problems,
    ...(row.entity_ref === null ? {} : { entityRef: row.entity_ref }),
    ...(row.environment === null ? {} : { environment: row.environment }),
    ...(row.promotion_id === null ? {} : { promotionId: row.promotion_id }),
    at: row.at.toISOString(),
  }));
}
