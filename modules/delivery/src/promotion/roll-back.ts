import { promotionAdmitted, rollBack } from "@roadbed/contracts/delivery/promotions";
import { ConflictError, handle, NotFoundError, type Ctx, type Handler } from "@roadbed/core";

import type { DeliveryDeps } from "../deps.ts";
import { findEnvironment } from "../environment/environment-store.ts";
import { irreversibleBetween } from "../release/compare-releases.ts";
import { findReleases, readRelease, type ReleaseRow } from "../release/release-store.ts";
import { hold } from "./promote-flow.ts";
import { aboutOf, advancePromotion, desiredIn, readPromotions, toPromotion } from "./promotion-store.ts";
import { hiddenFrom } from "./read-promotions.ts";
import { insertPromotion, lockPlace } from "./request-promotion.ts";

/**
 * Back at once: no gate stands in the way of it. What waits or is under way there is overtaken, Git gets the earlier tree by a forward commit,
 * and nothing comes by itself until the hold is lifted.
 */
export function makeRollBack(deps: DeliveryDeps): Handler {
  return handle(rollBack, async (ctx, { entityRef, environment: place, to: number, reason, acceptIrreversible }) => {
    if ((await hiddenFrom(deps, ctx)).includes(entityRef)) throw new NotFoundError("entity", entityRef);
    const environment = await findEnvironment(ctx.sql, place);
    if (environment === undefined) throw new NotFoundError("environment", place, "See roadbed environment list.");
    await lockPlace(ctx, entityRef, place);
    const has = await desiredIn(ctx.sql, entityRef, place);
    const target =
      number === undefined ? await releaseBefore(ctx, entityRef, place, has) : await readRelease(ctx.sql, `${entityRef}#${number}`, []);
    if (target.id === has && (await underWay(ctx, entityRef, place)).length === 0) {
      throw new ConflictError(`${place} has release ${target.number} of ${entityRef} already.`, {
        mend: "Name another release with --to.",
      });
    }
    const current = has === undefined ? undefined : (await findReleases(ctx.sql, [has])).get(has);
    await refuseIrreversible(ctx, current, target, acceptIrreversible);
    for (const { id } of await underWay(ctx, entityRef, place))
      await advancePromotion(ctx, id, "supersede", { error: `Rolled back: ${reason}` });
    await hold(ctx, { entity_ref: entityRef, environment: place }, `Rolled back to release ${target.number}: ${reason}`);
    const row = await insertPromotion(ctx, {
      release: target,
      environment,
      automatic: false,
      reason,
      kind: "rollback",
      state: "writing",
      from: has,
    });
    ctx.emit(promotionAdmitted, entityRef, { ...aboutOf(row), kind: "rollback" });
    return toPromotion(row);
  });
}

/** The one that was there, and healthy, before what is there now. */
async function releaseBefore(ctx: Ctx, entityRef: string, environment: string, has: string | undefined): Promise<ReleaseRow> {
  const [before] = await readPromotions(
    ctx.sql,
    `p.entity_ref = $1 and p.environment = $2 and p.state = 'promoted' and ($3::text is null or p.release_id <> $3)
     and ($3::text is null or r.number < (select number from delivery.release where id = $3)) order by p.id desc limit 1`,
    [entityRef, environment, has ?? null],
  );
  const release = before && (await findReleases(ctx.sql, [before.release_id])).get(before.release_id);
  if (release !== undefined) return release;
  throw new NotFoundError(
    "earlier release",
    `of ${entityRef} in ${environment}`,
    "Nothing else was ever promoted there: promote a release that is well.",
  );
}

async function refuseIrreversible(ctx: Ctx, current: ReleaseRow | undefined, target: ReleaseRow, accepted: boolean): Promise<void> {
  if (current === undefined || current.number <= target.number || accepted) return;
  const declared = await irreversibleBetween(ctx, target, current);
  if (declared.length === 0) return;
  throw new ConflictError(
    `What was done to its data cannot be taken back: ${declared.map(({ number, why }) => `release ${number}: ${why}`).join("; ")}.`,
    { mend: "If the older release can live with the data as it is now, say so with --accept-irreversible." },
  );
}

function underWay(ctx: Ctx, entityRef: string, environment: string): ReturnType<typeof readPromotions> {
  return readPromotions(ctx.sql, "p.entity_ref = $1 and p.environment = $2 and p.ended_at is null order by p.id for update of p", [
    entityRef,
    environment,
  ]);
}
