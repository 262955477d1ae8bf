import type { Ctx, Sql } from "@roadbed/core";

import type { Accepted } from "./differences.ts";

export interface AcceptedRow extends Record<string, unknown> {
  readonly entity_ref: string;
  readonly environment: string;
  readonly release_id: string;
  readonly changes: Accepted;
  readonly accepted_by: string;
  readonly why: string;
  readonly at: Date;
}

/** What was accepted in an environment, by component; of a release that is not there any more it does not count. */
export async function acceptedIn(sql: Sql, environment: string, refs: readonly string[]): Promise<Map<string, AcceptedRow>> {
  const { rows } = await sql.query<AcceptedRow>("select * from delivery.accepted where environment = $1 and entity_ref = any($2)", [
    environment,
    refs,
  ]);
  return new Map(rows.map((row) => [row.entity_ref, row]));
}

/** What was accepted of a commit where it is to be deployed. */
export async function acceptedOfCommit(sql: Sql, entityRef: string, environment: string, commit: string): Promise<Accepted> {
  const { rows } = await sql.query<AcceptedRow>(
    `select a.* from delivery.accepted a join delivery.release r on r.id = a.release_id
     where a.entity_ref = $1 and a.environment = $2 and r.commit = $3`,
    [entityRef, environment, commit],
  );
  return rows[0]?.changes ?? {};
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
  },
): Promise<void> {
  await ctx.sql.query(
    `insert into delivery.accepted (entity_ref, environment, release_id, changes, accepted_by, why, at) values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (entity_ref, environment) do update set release_id = $3, changes = $4, accepted_by = $5, why = $6, at = $7`,
    [o.entityRef, o.environment, o.releaseId, JSON.stringify(o.changes), o.by, o.why, ctx.now()],
  );
  await ctx.sql.query("update delivery.desired set rewrite = $3 where entity_ref = $1 and environment = $2", [
    o.entityRef,
    o.environment,
    JSON.stringify({ by: o.by, why: o.why }),
  ]);
}
