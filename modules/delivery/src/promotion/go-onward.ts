import { promotionAdmitted } from "@roadbed/contracts/delivery/promotions";
import type { Actor, Ctx } from "@roadbed/core";

import type { DeliveryDeps } from "../deps.ts";
import { listEnvironmentRecords } from "../environment/environment-store.ts";
import { findReleases, readRelease } from "../release/release-store.ts";
import { aboutOf, advancePromotion, desiredIn, readPromotions } from "./promotion-store.ts";
import { insertPromotion, lockPlace, requestPromotion } from "./request-promotion.ts";

const ITSELF: Actor = { kind: "system", job: "delivery.promotion" };

/** A push that is healthy already is written to Git as what its first environment has. */
export async function writeDown(ctx: Ctx, releaseId: string): Promise<void> {
  const release = await readRelease(ctx.sql, releaseId, []);
  const first = (await listEnvironmentRecords(ctx.sql)).filter(
    ({ upstream, expiresAt }) => upstream.length === 0 && expiresAt === undefined,
  );
  for (const environment of first) {
    const { rowCount } = await ctx.sql.query("select 1 from delivery.workload where entity_ref = $1 and environment = $2 and commit = $3", [
      release.entity_ref,
      environment.name,
      release.commit,
    ]);
    if (rowCount === 0) continue;
    await lockPlace(ctx, release.entity_ref, environment.name);
    const known = await readPromotions(ctx.sql, "p.release_id = $1 and p.environment = $2 and p.state <> 'superseded' limit 1", [
      release.id,
      environment.name,
    ]);
    if (known.length > 0) continue;
    const open = await readPromotions(ctx.sql, "p.entity_ref = $1 and p.environment = $2 and p.ended_at is null", [
      release.entity_ref,
      environment.name,
    ]);
    for (const { id } of open) await advancePromotion(ctx, id, "supersede", { error: `Release ${release.number} came after it.` });
    const from = await desiredIn(ctx.sql, release.entity_ref, environment.name);
    const row = await insertPromotion(ctx, {
      release,
      environment,
      automatic: true,
      requester: ITSELF,
      kind: "promote",
      state: "writing",
      from,
    });
    ctx.emit(promotionAdmitted, release.entity_ref, { ...aboutOf(row), kind: "promote" });
  }
}

/** From an environment in which it is well, a release goes by itself where releases come by themselves, unless that is held. */
export async function goOnward(
  deps: DeliveryDeps,
  ctx: Ctx,
  { releaseId, environment: from }: { readonly releaseId: string; readonly environment: string },
): Promise<void> {
  const release = (await findReleases(ctx.sql, [releaseId])).get(releaseId);
  if (release === undefined) return;
  const next = (await listEnvironmentRecords(ctx.sql)).filter(({ automatic, upstream }) => automatic && upstream.includes(from));
  for (const environment of next) {
    const { rows } = await ctx.sql.query<{ held: boolean; ahead: boolean }>(
      `select exists (select 1 from delivery.hold where entity_ref = $1 and environment = $2) as held,
         exists (select 1 from delivery.promotion p join delivery.release r on r.id = p.release_id
           where p.entity_ref = $1 and p.environment = $2 and r.number >= $3 and p.kind = 'promote' and p.state not in ('superseded', 'cancelled')) as ahead`,
      [release.entity_ref, environment.name, release.number],
    );
    if (rows[0]?.held === true || rows[0]?.ahead === true) continue;
    await requestPromotion(deps, ctx, { release, environment, automatic: true, requester: ITSELF });
  }
}
