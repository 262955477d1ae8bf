import type { Ctx, Sql } from "@roadbed/core";

import { changesBy, intended, type Intent, type IntendedPromotion } from "../source/intent.ts";
import { MANIFEST_FILE } from "../workload/manifest.ts";
import type { Accepted } from "./differences.ts";

export interface AcceptedRow extends Record<string, unknown> {
  readonly entity_ref: string;
  readonly environment: string;
  readonly release_id: string;
  readonly changes: Accepted;
  readonly accepted_by: string;
  readonly why: string;
  readonly at: Date;
  /** Somebody wants it so, whichever release it is: it stays with later ones. */
  readonly intent: Intent | null;
}

/** What was accepted in an environment, by component; of a release that is not there any more it does not count. */
export async function acceptedIn(sql: Sql, environment: string, refs: readonly string[]): Promise<Map<string, AcceptedRow>> {
  const { rows } = await sql.query<AcceptedRow>("select * from delivery.accepted where environment = $1 and entity_ref = any($2)", [
    environment,
    refs,
  ]);
  return new Map(rows.map((row) => [row.entity_ref, row]));
}

/** What was accepted of a commit where it is to be deployed; of another commit what is wanted whichever it is. */
export async function acceptedOfCommit(
  sql: Sql,
  {
    entityRef,
    environment,
    commit,
    text,
  }: { readonly entityRef: string; readonly environment: string; readonly commit: string; readonly text: string },
): Promise<Accepted> {
  const { rows } = await sql.query<AcceptedRow & { readonly same: boolean }>(
    `select a.*, r.commit is not distinct from $3 as same from delivery.accepted a left join delivery.release r on r.id = a.release_id
     where a.entity_ref = $1 and a.environment = $2`,
    [entityRef, environment, commit],
  );
  const [row] = rows;
  if (row === undefined) return {};
  if (row.same) return row.changes;
  return row.intent === null ? {} : changesBy(row.intent, { [MANIFEST_FILE]: text });
}

/** What promotions want beside their releases counts from the moment at which they are written to Git; of one that wants nothing, nothing does. */
export async function putIntents(
  ctx: Ctx,
  rows: readonly (IntendedPromotion & { readonly kind: string; readonly release_id: string; readonly reason: string | null })[],
  releases: ReadonlyMap<string, { readonly id: string; readonly config: Readonly<Record<string, string>> }>,
): Promise<void> {
  const said = rows.filter(({ kind, intent }) => kind === "promote" && intent !== null);
  if (said.length === 0) return;
  const wanted = said.flatMap((row) => {
    const accepted = intended(row, releases.get(row.release_id)!);
    return accepted === undefined ? [] : [{ ...accepted, why: row.reason ?? accepted.why, at: ctx.now() }];
  });
  await ctx.sql.query("delete from delivery.accepted where (environment, entity_ref) in (select * from unnest($1::text[], $2::text[]))", [
    said.map(({ environment }) => environment),
    said.map(({ entity_ref }) => entity_ref),
  ]);
  await insertAccepted(ctx, wanted);
}

export async function insertAccepted(ctx: Ctx, rows: readonly object[]): Promise<void> {
  await ctx.sql.query(
    `insert into delivery.accepted (entity_ref, environment, release_id, changes, accepted_by, why, at, intent)
     select entity_ref, environment, release_id, changes, accepted_by, why, at, intent from jsonb_to_recordset($1::jsonb)
       as r(entity_ref text, environment text, release_id text, changes jsonb, accepted_by text, why text, at timestamptz, intent jsonb)`,
    [JSON.stringify(rows)],
  );
}

export async function putAccepted(
  ctx: Ctx,
  o: {
    readonly entityRef: string;
    readonly environment: string;
    readonly releaseId: string;
    readonly changes: Accepted;
    readonly by: string;
    readonly why: string;
    /** Absent: what was wanted whichever release it is stays so. */
    readonly intent?: Intent;
  },
): Promise<void> {
  await ctx.sql.query(
    `insert into delivery.accepted as accepted (entity_ref, environment, release_id, changes, accepted_by, why, at, intent) values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (entity_ref, environment) do update set release_id = $3, changes = $4, accepted_by = $5, why = $6, at = $7, intent = coalesce($8, accepted.intent)`,
    [
      o.entityRef,
      o.environment,
      o.releaseId,
      JSON.stringify(o.changes),
      o.by,
      o.why,
      ctx.now(),
      o.intent === undefined ? null : JSON.stringify(o.intent),
    ],
  );
  await ctx.sql.query("update delivery.desired set rewrite = $3 where entity_ref = $1 and environment = $2", [
    o.entityRef,
    o.environment,
    JSON.stringify({ by: o.by, why: o.why }),
  ]);
}
