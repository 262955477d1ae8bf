import { promotionFinished, type Gate, type Promotion, type PromotionState } from "@roadbed/contracts/delivery/promotions";
import { NotFoundError, type Actor, type Ctx, type Sql } from "@roadbed/core";

import type { Intent } from "../source/intent.ts";
import { after, hasEnded, type PromotionEvent } from "./machine.ts";

export interface Override {
  readonly gate: string;
  readonly by: string;
  readonly at: string;
  readonly reason: string;
}

export interface PromotionRow extends Record<string, unknown> {
  readonly id: string;
  readonly entity_ref: string;
  readonly environment: string;
  readonly release_id: string;
  readonly number: number;
  readonly title: string;
  readonly from_release_id: string | null;
  readonly from_number: number | null;
  readonly from_title: string | null;
  readonly kind: Promotion["kind"];
  readonly state: PromotionState;
  readonly automatic: boolean;
  readonly hotfix: boolean;
  readonly batch: string | null;
  readonly reason: string | null;
  readonly requested_by: string;
  readonly requester: Actor;
  readonly gates: readonly Gate[];
  readonly overrides: readonly Override[];
  readonly looked_at: Date | null;
  readonly look_at: Date | null;
  readonly deployment_id: string | null;
  readonly git_commit: string | null;
  readonly change_id: string | null;
  readonly error: string | null;
  /** What it wants to be different there beside the release; null where nobody said anything of that, {} where nothing is to be. */
  readonly intent: Intent | null;
  readonly created_at: Date;
  readonly admitted_at: Date | null;
  readonly ended_at: Date | null;
}

const WITH_RELEASE = `select p.*, r.number, r.title, f.number as from_number, f.title as from_title
  from delivery.promotion p join delivery.release r on r.id = p.release_id left join delivery.release f on f.id = p.from_release_id`;

/** Held until the transaction ends when `lock`. Throws `NotFoundError`, also for what may not be seen. */
export async function readPromotion(sql: Sql, id: string, hidden: readonly string[] = [], lock = false): Promise<PromotionRow> {
  const { rows } = await sql.query<PromotionRow>(`${WITH_RELEASE} where p.id = $1${lock ? " for update of p" : ""}`, [id]);
  if (rows[0] !== undefined && !hidden.includes(rows[0].entity_ref)) return rows[0];
  throw new NotFoundError("promotion", id, "See roadbed promotion list.");
}

export async function readPromotions(sql: Sql, where: string, values: readonly unknown[]): Promise<PromotionRow[]> {
  return (await sql.query<PromotionRow>(`${WITH_RELEASE} where ${where}`, values)).rows;
}

export interface PromotionFilter {
  readonly entityRef: string | undefined;
  readonly environment: string | undefined;
  readonly state: PromotionState | undefined;
  readonly open: boolean;
  readonly hidden: readonly string[];
  readonly before: string | undefined;
  readonly limit: number;
}

export function listPromotionRows(sql: Sql, o: PromotionFilter): Promise<PromotionRow[]> {
  return readPromotions(
    sql,
    `($1::text is null or p.entity_ref = $1) and ($2::text is null or p.environment = $2) and ($3::text is null or p.state = $3)
     and (not $4 or p.ended_at is null) and p.entity_ref <> all($5::text[]) and ($6::text is null or p.id < $6) order by p.id desc limit $7`,
    [o.entityRef ?? null, o.environment ?? null, o.state ?? null, o.open, o.hidden, o.before ?? null, o.limit],
  );
}

/**
 * Moves a promotion by what happened to it; undefined when nothing follows from that in its state. Its end is told in the same transaction.
 */
export async function advancePromotion(
  ctx: Ctx,
  id: string,
  event: PromotionEvent,
  o: { readonly error?: string; readonly deploymentId?: string } = {},
): Promise<PromotionRow | undefined> {
  const before = await readPromotion(ctx.sql, id, [], true);
  const state = after(before.state, event);
  if (state === undefined) return undefined;
  const ended = hasEnded(state);
  await ctx.sql.query(
    `update delivery.promotion set state = $2, error = coalesce($3, error), deployment_id = coalesce($4, deployment_id),
       admitted_at = case when $2 = 'writing' then $5 else admitted_at end, ended_at = case when $6 then $5 end, look_at = null where id = $1`,
    [id, state, o.error ?? null, o.deploymentId ?? null, ctx.now(), ended],
  );
  const row = await readPromotion(ctx.sql, id);
  if (ended) {
    ctx.emit(promotionFinished, row.entity_ref, {
      ...aboutOf(row),
      kind: row.kind,
      state,
      ...(row.error === null ? {} : { error: row.error }),
    });
  }
  return row;
}

/** What events say of a promotion. */
export function aboutOf(row: Pick<PromotionRow, "id" | "entity_ref" | "environment" | "release_id" | "number">): {
  promotionId: string;
  entityRef: string;
  environment: string;
  releaseId: string;
  number: number;
} {
  return { promotionId: row.id, entityRef: row.entity_ref, environment: row.environment, releaseId: row.release_id, number: row.number };
}

export function toPromotion(row: PromotionRow): Promotion {
  return {
    id: row.id,
    entityRef: row.entity_ref,
    environment: row.environment,
    release: { id: row.release_id, number: row.number, title: row.title },
    ...(row.from_release_id === null
      ? {}
      : { from: { id: row.from_release_id, number: row.from_number ?? 0, title: row.from_title ?? "" } }),
    kind: row.kind,
    state: row.state,
    automatic: row.automatic,
    hotfix: row.hotfix,
    ...(row.reason === null ? {} : { reason: row.reason }),
    requestedBy: row.requested_by,
    gates: [...row.gates],
    ...(row.error === null ? {} : { error: row.error }),
    ...(row.deployment_id === null ? {} : { deploymentId: row.deployment_id }),
    ...(row.git_commit === null ? {} : { gitCommit: row.git_commit }),
    ...(row.change_id === null ? {} : { changeId: row.change_id }),
    ...(row.batch === null ? {} : { batch: row.batch }),
    createdAt: row.created_at.toISOString(),
    ...(row.admitted_at === null ? {} : { admittedAt: row.admitted_at.toISOString() }),
    ...(row.ended_at === null ? {} : { endedAt: row.ended_at.toISOString() }),
  };
}

/** What Git says an environment is to have of a component. */
export async function desiredIn(sql: Sql, entityRef: string, environment: string): Promise<string | undefined> {
  const { rows } = await sql.query<{ release_id: string }>(
    "select release_id from delivery.desired where entity_ref = $1 and environment = $2",
    [entityRef, environment],
  );
  return rows[0]?.release_id;
}
