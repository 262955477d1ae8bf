import type { DeliveryRecord } from "@roadbed/contracts/product";
import { newId, type Ctx, type Sql } from "@roadbed/core";

import type { Records } from "../delivery/records.ts";

export type Outcome = "made" | "changed" | "unchanged";

/** The columns of each kind: what is told of it, by the field that tells it. */
const COLUMNS = {
  deployment: {
    entity_ref: "entityRef",
    environment: "environment",
    commit: "commit",
    carries: "carries",
    started_at: "startedAt",
    finished_at: "finishedAt",
    result: "result",
    rework: "rework",
    rollback: "rollback",
  },
  change: {
    entity_ref: "entityRef",
    commit: "commit",
    first_commit_at: "firstCommitAt",
    opened_at: "openedAt",
    first_review_at: "firstReviewAt",
    merged_at: "mergedAt",
    bot: "bot",
  },
  incident: {
    entity_ref: "entityRef",
    title: "title",
    opened_at: "openedAt",
    resolved_at: "resolvedAt",
    user_facing: "userFacing",
    caused_by: "causedBy",
  },
} as const;
const PREFIX = { deployment: "dpl", change: "chg", incident: "inc" } as const;

/**
 * Takes in one record. What was told before stays where nothing new is said, so that records come in any order and as often as they like: an
 * incident may be resolved before it is found.
 */
export async function saveRecord(
  ctx: Ctx,
  record: DeliveryRecord,
  o: { readonly source: string; readonly sample: boolean },
): Promise<Outcome> {
  const given = Object.entries(COLUMNS[record.kind]).flatMap(([column, field]) => {
    const value = (record as Readonly<Record<string, unknown>>)[field];
    return value === undefined ? [] : [[column, value] as const];
  });
  const fixed = [newId(PREFIX[record.kind], ctx.now().getTime()), o.source, record.key, o.sample, ctx.now()];
  const columns = given.map(([column]) => column);
  const places = given.map((_, at) => `$${fixed.length + at + 1}`);
  const differs = columns.map((column) => `mine.${column} is distinct from excluded.${column}`).join(" or ");
  // `xmax` is 0 in a row that was inserted; of one that would not be different nothing comes back.
  const { rows } = await ctx.sql.query<{ made: boolean }>(
    `insert into product.${record.kind} as mine (id, source, key, sample, told_at, ${columns.join(", ")})
     values ($1, $2, $3, $4, $5, ${places.join(", ")})
     on conflict (source, key) do update set ${columns.map((column) => `${column} = excluded.${column}`).join(", ")}, told_at = excluded.told_at,
       sample = mine.sample or excluded.sample
     where ${differs}
     returning (xmax = 0) as made`,
    [...fixed, ...given.map(([, value]) => value)],
  );
  const [row] = rows;
  if (row === undefined) return "unchanged";
  return row.made ? "made" : "changed";
}

export async function forgetSample(sql: Sql): Promise<void> {
  for (const kind of ["deployment", "change", "incident", "usage"]) await sql.query(`delete from product.${kind} where sample`);
}

/** What was told of these components that is complete and not older; incidents that are about nothing come with `strays`. */
export async function readRecords(
  sql: Sql,
  o: { readonly refs: readonly string[]; readonly strays: boolean; readonly since: Date },
): Promise<Records> {
  const [deployments, changes, incidents] = await Promise.all([
    sql.query<DeploymentRow>(
      `select id, source, key, entity_ref, environment, commit, carries, started_at, finished_at, result, rework, rollback from product.deployment
       where entity_ref = any($1) and finished_at >= $2 and result is not null order by finished_at`,
      [o.refs, o.since],
    ),
    sql.query<ChangeRow>(
      `select id, source, key, entity_ref, commit, first_commit_at, opened_at, first_review_at, merged_at, bot from product.change
       where entity_ref = any($1) and merged_at >= $2 order by merged_at`,
      [o.refs, o.since],
    ),
    sql.query<IncidentRow>(
      `select id, source, key, entity_ref, opened_at, resolved_at, user_facing, caused_by from product.incident
       where (entity_ref = any($1) or ($3 and entity_ref is null)) and opened_at >= $2 order by opened_at`,
      [o.refs, o.since, o.strays],
    ),
  ]);
  return {
    deployments: deployments.rows.map((row) => ({
      ...toldOf(row),
      entityRef: row.entity_ref,
      environment: row.environment,
      commit: row.commit ?? undefined,
      carries: row.carries ?? undefined,
      startedAt: row.started_at?.getTime(),
      finishedAt: row.finished_at.getTime(),
      result: row.result,
      rework: row.rework ?? undefined,
      rollback: row.rollback ?? undefined,
    })),
    changes: changes.rows.map((row) => ({
      ...toldOf(row),
      entityRef: row.entity_ref,
      commit: row.commit ?? undefined,
      firstCommitAt: row.first_commit_at?.getTime(),
      openedAt: row.opened_at?.getTime(),
      firstReviewAt: row.first_review_at?.getTime(),
      mergedAt: row.merged_at.getTime(),
      bot: row.bot,
    })),
    incidents: incidents.rows.map((row) => ({
      ...toldOf(row),
      entityRef: row.entity_ref ?? undefined,
      openedAt: row.opened_at.getTime(),
      resolvedAt: row.resolved_at?.getTime(),
      userFacing: row.user_facing,
      causedBy: row.caused_by ?? undefined,
    })),
  };
}

interface Told extends Record<string, unknown> {
  readonly id: string;
  readonly source: string;
  readonly key: string;
}
interface DeploymentRow extends Told {
  readonly entity_ref: string;
  readonly environment: string;
  readonly commit: string | null;
  readonly carries: string[] | null;
  readonly started_at: Date | null;
  readonly finished_at: Date;
  readonly result: "success" | "failure" | "rolled-back";
  readonly rework: boolean | null;
  readonly rollback: boolean | null;
}
interface ChangeRow extends Told {
  readonly entity_ref: string;
  readonly commit: string | null;
  readonly first_commit_at: Date | null;
  readonly opened_at: Date | null;
  readonly first_review_at: Date | null;
  readonly merged_at: Date;
  readonly bot: boolean;
}
interface IncidentRow extends Told {
  readonly entity_ref: string | null;
  readonly opened_at: Date;
  readonly resolved_at: Date | null;
  readonly user_facing: boolean;
  readonly caused_by: string | null;
}

function toldOf({ id, source, key }: Told): { readonly id: string; readonly source: string; readonly key: string } {
  return { id, source, key };
}
