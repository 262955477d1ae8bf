import { promotionRequested } from "@roadbed/contracts/delivery/promotions";
import { ConflictError, formatActor, newId, type Actor, type Ctx } from "@roadbed/core";

import type { DeliveryDeps } from "../deps.ts";
import type { EnvironmentRecord } from "../environment/environment-store.ts";
import type { ReleaseRow } from "../release/release-store.ts";
import { approversOfAll } from "./approvals.ts";
import { aboutOf, advancePromotion, desiredIn, readPromotion, readPromotions, type PromotionRow } from "./promotion-store.ts";

export interface PromotionWish {
  readonly release: ReleaseRow;
  readonly environment: EnvironmentRecord;
  readonly automatic: boolean;
  readonly hotfix?: boolean;
  readonly reason?: string | undefined;
  readonly batch?: string;
  /** Who is behind it where that is not who calls. */
  readonly requester?: Actor;
}

/**
 * Writes down that a release is to go to an environment. The same release again is the same promotion; one that still waits with another
 * release is superseded. Throws `ConflictError` for what the environment has already.
 */
export async function requestPromotion(deps: Pick<DeliveryDeps, "approvers">, ctx: Ctx, wish: PromotionWish): Promise<PromotionRow> {
  const { release, environment, automatic } = wish;
  const entityRef = release.entity_ref;
  await lockPlace(ctx, entityRef, environment.name);
  const open = await readPromotions(ctx.sql, "p.entity_ref = $1 and p.environment = $2 and p.ended_at is null order by p.id", [
    entityRef,
    environment.name,
  ]);
  const same = open.find(({ release_id, kind }) => release_id === release.id && kind === "promote");
  if (same !== undefined) return same;
  const has = await desiredIn(ctx.sql, entityRef, environment.name);
  if (has === release.id && open.every(({ state }) => state === "waiting")) {
    throw new ConflictError(`${environment.name} has release ${release.number} of ${entityRef} already.`, {
      mend: "Choose another release.",
    });
  }
  for (const { id, state } of open) {
    if (state === "waiting") await advancePromotion(ctx, id, "supersede", { error: `Release ${release.number} came after it.` });
  }
  const row = await insertPromotion(ctx, { ...wish, kind: "promote", state: "waiting", from: has });
  ctx.emit(promotionRequested, entityRef, {
    ...aboutOf(row),
    title: release.title,
    automatic,
    requestedBy: row.requested_by,
    approvers: await approversOfAll(deps, ctx, environment, entityRef),
  });
  return row;
}

/** Who promotes or rolls back the same thing in the same place comes one after the other. */
export async function lockPlace(ctx: Ctx, entityRef: string, environment: string): Promise<void> {
  await ctx.sql.query("select pg_advisory_xact_lock(hashtext('delivery.promotion'), hashtext($1))", [`${entityRef} ${environment}`]);
}

export async function insertPromotion(
  ctx: Ctx,
  o: PromotionWish & { readonly kind: PromotionRow["kind"]; readonly state: PromotionRow["state"]; readonly from: string | undefined },
): Promise<PromotionRow> {
  const id = newId("prm", ctx.now().getTime());
  const requester = o.requester ?? ctx.actor;
  await ctx.sql.query(
    `insert into delivery.promotion (id, entity_ref, environment, release_id, from_release_id, kind, state, automatic, hotfix, batch, reason,
       requested_by, requester, look_at, created_at, admitted_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
    [
      id,
      o.release.entity_ref,
      o.environment.name,
      o.release.id,
      o.from ?? null,
      o.kind,
      o.state,
      o.automatic,
      o.hotfix ?? false,
      o.batch ?? null,
      o.reason ?? null,
      formatActor(requester),
      JSON.stringify(requester),
      o.state === "waiting" ? ctx.now() : null,
      ctx.now(),
      o.state === "waiting" ? null : ctx.now(),
    ],
  );
  return readPromotion(ctx.sql, id);
}
