import { promotionAdmitted, promotionMoved, type Gate } from "@roadbed/contracts/delivery/promotions";
import type { Ctx } from "@roadbed/core";

import type { DeliveryDeps } from "../deps.ts";
import { findEnvironment } from "../environment/environment-store.ts";
import { evaluateGates, letsThrough, nextLook } from "../gate/evaluate-gates.ts";
import { movePromotion } from "../internal-operations.ts";
import { standingOf } from "../release/read-releases.ts";
import { readRelease } from "../release/release-store.ts";
import { aboutOf, advancePromotion, desiredIn, readPromotion, type PromotionRow } from "./promotion-store.ts";
import { lockPlace } from "./request-promotion.ts";

const AT_ONCE = 500;
/** Side by side; each may ask addresses. */
const ABREAST = 8;
/** Another server that looks at the same time takes others. */
const CLAIM = "60 seconds";

export interface PromotionWatch {
  /** Something may have changed: what is due is looked at soon. */
  poke(): void;
  /** Looks at everything that is due; answers when it is done. */
  look(): Promise<void>;
  start(): void;
  stop(): Promise<void>;
}

/** Looks at promotions that wait, whenever something changed and from time to time. The rows say what is due, so a restart loses nothing. */
export function createPromotionWatch(deps: DeliveryDeps, everyMs: number): PromotionWatch {
  let timer: NodeJS.Timeout | undefined;
  let soon: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let again = false;
  let stopped = true;

  async function lookOnce(): Promise<void> {
    for (;;) {
      const { rows } = await deps.db.query<{ id: string; batch: string | null }>(
        `update delivery.promotion set look_at = now() + interval '${CLAIM}' where id in
           (select id from delivery.promotion where state = 'waiting' and look_at <= now() order by look_at, id limit ${AT_ONCE} for update skip locked)
         returning id, batch`,
      );
      // What was asked for together goes through together, and so stands in one commit.
      const groups = Map.groupBy(rows, ({ id, batch }) => batch ?? id);
      for (const group of groups.values()) await lookSafely(group.map(({ id }) => id));
      if (rows.length < AT_ONCE) return;
    }
  }

  async function lookSafely(ids: readonly string[]): Promise<void> {
    try {
      await lookAt(deps, ids);
    } catch (error) {
      deps.log.error("promotions could not be looked at", { promotions: ids.slice(0, 5), error: String(error) });
    }
  }

  function look(): Promise<void> {
    again = running !== undefined;
    running ??= (async () => {
      do {
        again = false;
        await lookOnce();
      } while (again);
    })().finally(() => (running = undefined));
    return running;
  }

  const watch: PromotionWatch = {
    look,
    poke() {
      // Who pokes is still in its transaction.
      if (stopped || soon !== undefined) return;
      soon = setTimeout(() => {
        soon = undefined;
        look().catch((error: unknown) => deps.log.error("promotions could not be looked at", { error: String(error) }));
      }, 50);
    },
    start() {
      stopped = false;
      timer = setInterval(() => watch.poke(), everyMs);
      timer.unref();
      watch.poke();
    },
    async stop() {
      stopped = true;
      clearInterval(timer);
      clearTimeout(soon);
      await running?.catch(() => {});
    },
  };
  return watch;
}

/** Evaluates the gates of promotions and lets those through whose gates all do. Twice at once each goes through once. */
export async function lookAt(deps: DeliveryDeps, ids: readonly string[]): Promise<void> {
  const found: Looked[] = [];
  for (let n = 0; n < ids.length; n += ABREAST) {
    found.push(...(await Promise.all(ids.slice(n, n + ABREAST).map((id) => evaluate(deps, id)))).flatMap((one) => one ?? []));
  }
  if (found.length === 0) return;
  const call = deps.runtime.system("delivery.promotion");
  // In one order, so that two who look at the same time wait for each other and not in a circle.
  const sorted = found.toSorted((a, b) => (a.promotion.id < b.promotion.id ? -1 : 1));
  await deps.runtime.write(call, movePromotion, { id: sorted.map(({ promotion }) => promotion.id).join(" ") }, undefined, async (ctx) => {
    for (const { promotion, gates } of sorted) await settle(ctx, promotion, gates);
  });
}

interface Looked {
  readonly promotion: PromotionRow;
  /** Undefined: the environment has ended. */
  readonly gates: readonly Gate[] | undefined;
}

async function evaluate(deps: DeliveryDeps, id: string): Promise<Looked | undefined> {
  const subject = await deps.runtime.read(deps.runtime.system("delivery.promotion"), async ({ sql, now }) => {
    const promotion = await readPromotion(sql, id);
    const [environment, release] = [await findEnvironment(sql, promotion.environment), await readRelease(sql, promotion.release_id, [])];
    return { promotion, environment, release, now: now() };
  });
  const { promotion, environment, release } = subject;
  if (promotion.state !== "waiting") return undefined;
  if (environment === undefined) return { promotion, gates: undefined };
  const gates = await evaluateGates(deps, { ...subject, environment }, (ctx) =>
    Promise.all(release.parts.map((part) => standingOf(deps, ctx, part))),
  );
  return { promotion, gates };
}

async function settle(ctx: Ctx, seen: PromotionRow, gates: readonly Gate[] | undefined): Promise<void> {
  await lockPlace(ctx, seen.entity_ref, seen.environment);
  const row = await readPromotion(ctx.sql, seen.id, [], true);
  if (row.state !== "waiting") return;
  if (gates === undefined) {
    await advancePromotion(ctx, row.id, "cancel", { error: `The environment ${row.environment} has ended.` });
    return;
  }
  // Somebody let it pass a gate meanwhile: what was found is old.
  const isOld = row.overrides.length !== seen.overrides.length;
  const isFree = (await underWay(ctx, row)) === 0;
  const goes = !isOld && isFree && letsThrough(gates);
  const now = ctx.now();
  await ctx.sql.query("update delivery.promotion set gates = $2, looked_at = $3, look_at = $4, from_release_id = $5 where id = $1", [
    row.id,
    JSON.stringify(gates),
    now,
    isOld ? now : nextLook(gates, now),
    (await desiredIn(ctx.sql, row.entity_ref, row.environment)) ?? null,
  ]);
  if (goes) {
    const admitted = await advancePromotion(ctx, row.id, "admit");
    if (admitted !== undefined) ctx.emit(promotionAdmitted, row.entity_ref, { ...aboutOf(row), kind: row.kind });
  } else if (wordsOf(gates) !== wordsOf(row.gates)) ctx.emit(promotionMoved, row.entity_ref, aboutOf(row));
}

async function underWay(ctx: Ctx, { entity_ref, environment }: PromotionRow): Promise<number> {
  const { rowCount } = await ctx.sql.query(
    "select 1 from delivery.promotion where entity_ref = $1 and environment = $2 and state in ('writing', 'deploying', 'held')",
    [entity_ref, environment],
  );
  return rowCount;
}

/** What people would see as different. */
function wordsOf(gates: readonly Gate[]): string {
  return JSON.stringify(gates.map(({ name, verdict, why, overridden }) => [name, verdict, why, overridden?.at]));
}
