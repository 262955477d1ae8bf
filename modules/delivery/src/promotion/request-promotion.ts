import { promotionRequested } from "@roadbed/contracts/delivery/promotions";
import { isDeepStrictEqual } from "node:util";

import { ConflictError, formatActor, newId, type Actor, type Ctx } from "@roadbed/core";

import type { DeliveryDeps } from "../deps.ts";
import type { EnvironmentRecord } from "../environment/environment-store.ts";
import type { ReleaseRow } from "../release/release-store.ts";
import type { Intent } from "../source/intent.ts";
import { approversOfAll } from "./approvals.ts";
import { aboutOf, advancePromotion, readPromotions, type PromotionRow } from "./promotion-store.ts";

export interface PromotionWish {
  readonly release: ReleaseRow;
  readonly environment: EnvironmentRecord;
  readonly automatic: boolean;
  readonly hotfix?: boolean;
  readonly reason?: string | undefined;
  readonly batch?: string;
  /** What is to be different there beside the release. Absent: what is so already. */
  readonly intent?: Intent;
  /** Who is behind it where that is not who calls. */
  readonly requester?: Actor;
}

/**
 * Writes down that a release is to go to an environment. The same release again is the same promotion; one that still waits with another
 * release is superseded. Throws `ConflictError` for what the environment has already.
 */
export async function requestPromotion(deps: Pick<DeliveryDeps, "approvers">, ctx: Ctx, wish: PromotionWish): Promise<PromotionRow> {
  const [row] = await requestPromotions(deps, ctx, [wish]);
  return row!;
}

/** The same for many, with as many statements as for one; of each component one. */
export async function requestPromotions(
  deps: Pick<DeliveryDeps, "approvers">,
  ctx: Ctx,
  wishes: readonly PromotionWish[],
): Promise<PromotionRow[]> {
  const places = wishes.map(({ release, environment }) => ({ entity_ref: release.entity_ref, environment: environment.name }));
  await lockPlaces(ctx, places);
  const [refs, names] = [places.map(({ entity_ref }) => entity_ref), places.map(({ environment }) => environment)];
  const here = "(p.entity_ref, p.environment) in (select * from unnest($1::text[], $2::text[]))";
  const open = Map.groupBy(await readPromotions(ctx.sql, `${here} and p.ended_at is null order by p.id`, [refs, names]), keyOf);
  const { rows: desired } = await ctx.sql.query<{ entity_ref: string; environment: string; release_id: string }>(
    `select * from delivery.desired p where ${here}`,
    [refs, names],
  );
  const has = new Map(desired.map((one) => [keyOf(one), one.release_id]));
  const known: PromotionRow[] = [];
  const fresh: (PromotionWish & { readonly from: string | undefined })[] = [];
  for (const wish of wishes) {
    const { release, environment } = wish;
    const key = keyOf({ entity_ref: release.entity_ref, environment: environment.name });
    const others = open.get(key) ?? [];
    const same = others.find(
      (one) =>
        one.release_id === release.id &&
        one.kind === "promote" &&
        (wish.intent === undefined || isDeepStrictEqual(one.intent, wish.intent)),
    );
    if (same !== undefined) {
      known.push(same);
      continue;
    }
    // The same release with something else that is different there is another promotion.
    if (wish.intent === undefined && has.get(key) === release.id && others.every(({ state }) => state === "waiting")) {
      throw new ConflictError(`${environment.name} has release ${release.number} of ${release.entity_ref} already.`, {
        mend: "Choose another release.",
      });
    }
    for (const { id, state } of others) {
      if (state === "waiting") await advancePromotion(ctx, id, "supersede", { error: `Release ${release.number} came after it.` });
    }
    fresh.push({ ...wish, from: has.get(key) });
  }
  const made = await insertPromotions(
    ctx,
    fresh.map((wish) => ({ ...wish, kind: "promote", state: "waiting" })),
  );
  const wishOf = new Map(fresh.map((wish) => [wish.release.id, wish]));
  for (const row of made) {
    const { environment, automatic } = wishOf.get(row.release_id)!;
    ctx.emit(promotionRequested, row.entity_ref, {
      ...aboutOf(row),
      title: row.title,
      automatic,
      requestedBy: row.requested_by,
      approvers: await approversOfAll(deps, ctx, environment, row.entity_ref),
    });
  }
  return [...known, ...made];
}

/** Who promotes or rolls back the same thing in the same place comes one after the other. */
export function lockPlace(ctx: Ctx, entityRef: string, environment: string): Promise<void> {
  return lockPlaces(ctx, [{ entity_ref: entityRef, environment }]);
}

/** In one order, so that two who lock many wait for each other and not in a circle. */
export async function lockPlaces(
  ctx: Ctx,
  places: readonly { readonly entity_ref: string; readonly environment: string }[],
): Promise<void> {
  await ctx.sql.query(
    `select pg_advisory_xact_lock(hashtext('delivery.promotion'), key)
     from (select distinct hashtext(place) as key from unnest($1::text[]) place order by 1) k`,
    [places.map(keyOf)],
  );
}

export async function insertPromotion(ctx: Ctx, o: NewPromotion): Promise<PromotionRow> {
  const [row] = await insertPromotions(ctx, [o]);
  return row!;
}

export type NewPromotion = PromotionWish & {
  readonly kind: PromotionRow["kind"];
  readonly state: PromotionRow["state"];
  readonly from: string | undefined;
};

async function insertPromotions(ctx: Ctx, all: readonly NewPromotion[]): Promise<PromotionRow[]> {
  const now = ctx.now();
  const rows = all.map((o) => {
    const requester = o.requester ?? ctx.actor;
    return {
      id: newId("prm", now.getTime()),
      entity_ref: o.release.entity_ref,
      environment: o.environment.name,
      release_id: o.release.id,
      from_release_id: o.from ?? null,
      kind: o.kind,
      state: o.state,
      automatic: o.automatic,
      hotfix: o.hotfix ?? false,
      batch: o.batch ?? null,
      reason: o.reason ?? null,
      requested_by: formatActor(requester),
      requester,
      intent: o.intent ?? null,
      carries: o.kind === "promote",
      look_at: o.state === "waiting" ? now : null,
      created_at: now,
      admitted_at: o.state === "waiting" ? null : now,
    };
  });
  await ctx.sql.query(
    `insert into delivery.promotion (id, entity_ref, environment, release_id, from_release_id, kind, state, automatic, hotfix, batch, reason,
       requested_by, requester, look_at, created_at, admitted_at, intent)
     select r.id, entity_ref, environment, r.release_id, r.from_release_id, r.kind, r.state, r.automatic, r.hotfix, r.batch, r.reason, r.requested_by, r.requester, r.look_at,
       r.created_at, r.admitted_at, coalesce(r.intent, case when r.carries then a.intent end)
     from jsonb_to_recordset($1::jsonb) as r(id text, entity_ref text, environment text, release_id text, from_release_id text, kind text, state text,
       automatic boolean, hotfix boolean, batch text, reason text, requested_by text, requester jsonb, look_at timestamptz, created_at timestamptz,
       admitted_at timestamptz, intent jsonb, carries boolean)
     left join delivery.accepted a using (entity_ref, environment)`,
    [JSON.stringify(rows)],
  );
  return readPromotions(ctx.sql, "p.id = any($1) order by p.entity_ref", [rows.map(({ id }) => id)]);
}

function keyOf({ entity_ref, environment }: { readonly entity_ref: string; readonly environment: string }): string {
  return `${entity_ref} ${environment}`;
}
