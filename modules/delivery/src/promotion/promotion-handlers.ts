import {
  approvePromotion,
  cancelPromotion,
  createPromotion,
  holdChanged,
  liftHold,
  overrideGate,
  promoteMany,
  promotionMoved,
  refusePromotion,
} from "@roadbed/contracts/delivery/promotions";
import {
  ConflictError,
  formatActor,
  handle,
  InvalidError,
  newId,
  NotFoundError,
  type Ctx,
  type Handler,
  type Operation,
} from "@roadbed/core";

import type { DeliveryDeps } from "../deps.ts";
import { findEnvironment, type EnvironmentRecord } from "../environment/environment-store.ts";
import { findReleases, readRelease } from "../release/release-store.ts";
import { requireApprover } from "./approvals.ts";
import { aboutOf, advancePromotion, readPromotion, toPromotion, type PromotionRow } from "./promotion-store.ts";
import { hiddenFrom, showPromotion } from "./read-promotions.ts";
import { requestPromotion, requestPromotions, type PromotionWish } from "./request-promotion.ts";
import { makeRollBack } from "./roll-back.ts";
import { voteOn } from "./vote.ts";

export function makePromotionHandlers(deps: DeliveryDeps): Handler[] {
  return [
    handle(createPromotion, async (ctx, { release: given, environment: place, hotfix, reason }) => {
      const release = await readRelease(ctx.sql, given, await hiddenFrom(deps, ctx));
      const environment = await theEnvironment(ctx, place);
      await deps.runtime.may(ctx, createPromotion, { kind: "entity", id: release.entity_ref });
      if (hotfix && reason === undefined) {
        throw new InvalidError("A hotfix says why it is one.", {
          problems: [{ at: "reason", reason: "is needed of a hotfix" }],
          mend: "Say in a sentence what it mends: everybody sees it.",
        });
      }
      return toPromotion(await requestPromotion(deps, ctx, { release, environment, automatic: false, hotfix, reason }));
    }),
    handle(promoteMany, (ctx, input) => many(deps, ctx, input)),
    handle(approvePromotion, async (ctx, { id, reason }) => {
      const { row, role } = await toDecide(deps, ctx, id);
      await voteOn(ctx, row, "granted", role, reason);
      return showPromotion(deps, ctx, await lookSoon(ctx, row));
    }),
    handle(refusePromotion, async (ctx, { id, reason }) => {
      const { row, role } = await toDecide(deps, ctx, id);
      await voteOn(ctx, row, "refused", role, reason);
      const name = "name" in ctx.actor ? ctx.actor.name : formatActor(ctx.actor);
      const ended = await advancePromotion(ctx, id, "refuse", { error: `${name} refused it: ${reason}` });
      return showPromotion(deps, ctx, ended ?? row);
    }),
    handle(overrideGate, async (ctx, { id, gate, reason }) => {
      const row = await open(deps, ctx, overrideGate, id);
      const found = row.gates.find(({ name }) => name === gate);
      if (found === undefined) {
        throw new NotFoundError("gate", gate, `It has ${row.gates.map(({ name }) => name).join(", ") || "not been looked at yet"}.`);
      }
      if (gate === "turn")
        throw new ConflictError("Two releases of one thing are never under way at once.", { mend: "Wait, or roll back." });
      const said = { gate, by: formatActor(ctx.actor), at: ctx.now().toISOString(), reason };
      await ctx.sql.query("update delivery.promotion set overrides = overrides || $2::jsonb where id = $1", [id, JSON.stringify([said])]);
      return showPromotion(deps, ctx, await lookSoon(ctx, row));
    }),
    handle(cancelPromotion, async (ctx, { id, reason }) => {
      const row = await open(deps, ctx, cancelPromotion, id);
      const ended = await advancePromotion(ctx, id, "cancel", reason === undefined || reason === "" ? {} : { error: reason });
      return toPromotion(ended ?? row);
    }),
    handle(liftHold, async (ctx, { entityRef, environment, reason }) => {
      if ((await hiddenFrom(deps, ctx)).includes(entityRef)) throw new NotFoundError("hold", `${entityRef} in ${environment}`);
      const { rowCount } = await ctx.sql.query("delete from delivery.hold where entity_ref = $1 and environment = $2", [
        entityRef,
        environment,
      ]);
      if (rowCount > 0) ctx.emit(holdChanged, entityRef, { entityRef, environment, held: false, why: reason });
      return { lifted: rowCount > 0 };
    }),
    makeRollBack(deps),
  ];
}

/** Everything that one environment has and the next has not. What stands in the way of one does not stand in the way of the others. */
async function many(
  deps: DeliveryDeps,
  ctx: Ctx,
  { from, to, entityRefs, reason }: { from: string; to: string; entityRefs?: string[] | undefined; reason?: string | undefined },
): Promise<{ batch: string; items: ReturnType<typeof toPromotion>[]; skipped: { entityRef: string; why: string }[] }> {
  const [source, target] = [await theEnvironment(ctx, from), await theEnvironment(ctx, to)];
  if (!target.upstream.includes(source.name)) {
    throw new InvalidError(`Releases do not go from ${from} to ${to}.`, {
      problems: [{ at: "from", reason: `is not one of ${target.upstream.join(", ") || "none"}` }],
      mend: "See roadbed environment list.",
    });
  }
  const hidden = await hiddenFrom(deps, ctx);
  const { rows } = await ctx.sql.query<{ entity_ref: string; release_id: string; same: boolean }>(
    `select d.entity_ref, d.release_id, t.release_id is not distinct from d.release_id as same
     from delivery.desired d left join delivery.desired t on t.entity_ref = d.entity_ref and t.environment = $2
     where d.environment = $1 and ($3::text[] is null or d.entity_ref = any($3)) and d.entity_ref <> all($4::text[]) order by d.entity_ref limit 2000`,
    [from, to, entityRefs ?? null, hidden],
  );
  const releases = await findReleases(
    ctx.sql,
    rows.map(({ release_id }) => release_id),
  );
  const batch = newId("batch", ctx.now().getTime());
  const wishes: PromotionWish[] = [];
  const skipped = (entityRefs ?? [])
    .filter((ref) => !rows.some(({ entity_ref }) => entity_ref === ref))
    .map((entityRef) => ({ entityRef, why: `${from} has no release of it.` }));
  for (const { entity_ref, release_id, same } of rows) {
    if (same && entityRefs === undefined) continue;
    if (same) {
      skipped.push({ entityRef: entity_ref, why: `${to} has the same release.` });
      continue;
    }
    try {
      await deps.runtime.may(ctx, promoteMany, { kind: "entity", id: entity_ref });
    } catch (error) {
      skipped.push({ entityRef: entity_ref, why: error instanceof Error ? error.message : String(error) });
      continue;
    }
    wishes.push({ release: releases.get(release_id)!, environment: target, automatic: false, reason, batch });
  }
  const items = await requestPromotions(deps, ctx, wishes);
  return { batch, items: items.map(toPromotion), skipped };
}

export async function theEnvironment(ctx: Ctx, name: string): Promise<EnvironmentRecord> {
  const environment = await findEnvironment(ctx.sql, name);
  if (environment !== undefined) return environment;
  throw new NotFoundError("environment", name, "See roadbed environment list.");
}

/** A promotion that waits and the role in which the caller may decide it. */
async function toDecide(deps: DeliveryDeps, ctx: Ctx, id: string): Promise<{ readonly row: PromotionRow; readonly role: string }> {
  const row = await readPromotion(ctx.sql, id, await hiddenFrom(deps, ctx), true);
  if (row.state !== "waiting") throw new ConflictError(`The promotion is ${row.state} already.`, { mend: "See what came of it." });
  return { row, role: await requireApprover(deps, ctx, await theEnvironment(ctx, row.environment), row) };
}

async function open(deps: DeliveryDeps, ctx: Ctx, operation: Operation, id: string): Promise<PromotionRow> {
  const row = await readPromotion(ctx.sql, id, await hiddenFrom(deps, ctx), true);
  await deps.runtime.may(ctx, operation, { kind: "entity", id: row.entity_ref });
  if (row.state === "waiting") return row;
  throw new ConflictError(`The promotion is ${row.state} already.`, { mend: "See roadbed promotion get." });
}

/** Something was said: it is looked at when the event of it is heard. */
async function lookSoon(ctx: Ctx, row: PromotionRow): Promise<PromotionRow> {
  await ctx.sql.query("update delivery.promotion set look_at = $2 where id = $1", [row.id, ctx.now()]);
  ctx.emit(promotionMoved, row.entity_ref, aboutOf(row));
  return readPromotion(ctx.sql, row.id);
}
