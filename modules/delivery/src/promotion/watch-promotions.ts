import { promotionAdmitted, promotionMoved, type Gate } from "@roadbed/contracts/delivery/promotions";
import type { Ctx } from "@roadbed/core";

import type { DeliveryDeps } from "../deps.ts";
import { evaluateGates, letsThrough, nextLook } from "../gate/evaluate-gates.ts";
import { writeEnvironment } from "../gitops/write-environment.ts";
import { movePromotion } from "../internal-operations.ts";
import { standingOf } from "../release/read-releases.ts";
import { after } from "./machine.ts";
import { aboutOf, advancePromotion, readPromotions, type PromotionRow } from "./promotion-store.ts";
import { proposePromotions } from "./propose-promotions.ts";
import { readSubjects, type OpenSubject } from "./read-subjects.ts";
import { lockPlaces } from "./request-promotion.ts";

const AT_ONCE = 500;
/** Side by side; each may ask addresses. */
const ABREAST = 8;
/** Another server that looks at the same time takes others; one that was killed has let go of its own after this. */
const CLAIM = "20 seconds";

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
  const call = deps.runtime.system("delivery.promotion");
  const subjects = await deps.runtime.read(call, (ctx) => readSubjects(ctx, ids));
  const found: Looked[] = [];
  for (let n = 0; n < subjects.length; n += ABREAST) {
    const some = subjects.slice(n, n + ABREAST);
    found.push(...(await Promise.all(some.map(async (one) => ({ promotion: one.promotion, gates: await gatesOf(deps, one) })))));
  }
  if (found.length === 0) return;
  const input = { id: found.map(({ promotion }) => promotion.id).join(" ") };
  const admitted = await deps.runtime.write(call, movePromotion, input, undefined, (ctx) => settle(ctx, found));
  // The workflows that the events begin do this, too; done now, all of them stand in one commit, at once.
  for (const environment of new Set(admitted)) {
    await writeEnvironment(deps, environment).catch((error: unknown) =>
      deps.log.warn("the branch of an environment could not be written yet", { environment, error: String(error) }),
    );
  }
  for (const environment of new Set(subjects.flatMap((one) => (one.environment?.by === "pull-request" ? [one.environment.name] : [])))) {
    await proposePromotions(deps, environment);
  }
}

interface Looked {
  readonly promotion: PromotionRow;
  /** Undefined: the environment has ended. */
  readonly gates: readonly Gate[] | undefined;
}

async function gatesOf(deps: DeliveryDeps, { environment, ...subject }: OpenSubject): Promise<readonly Gate[] | undefined> {
  if (environment === undefined) return undefined;
  return evaluateGates(deps, { ...subject, environment }, (ctx) =>
    Promise.all(subject.release.parts.map((part) => standingOf(deps, ctx, part))),
  );
}

/** What was found becomes what is; answers the environments of those that go through. In one transaction, with as many statements for one as for hundreds. */
async function settle(ctx: Ctx, looked: readonly Looked[]): Promise<string[]> {
  const seen = new Map(looked.map((one) => [one.promotion.id, one]));
  await lockPlaces(
    ctx,
    looked.map(({ promotion }) => promotion),
  );
  const rows = await readPromotions(ctx.sql, "p.id = any($1) and p.state = 'waiting' order by p.id for update of p", [[...seen.keys()]]);
  const { rows: places } = await ctx.sql.query<{ id: string; under_way: boolean; has: string | null }>(
    `select p.id, d.release_id as has, exists (select 1 from delivery.promotion o where o.entity_ref = p.entity_ref and o.environment = p.environment
       and o.state in ('writing', 'deploying', 'held')) as under_way
     from delivery.promotion p left join delivery.desired d using (entity_ref, environment) where p.id = any($1)`,
    [rows.map(({ id }) => id)],
  );
  const placeOf = new Map(places.map((place) => [place.id, place]));
  const now = ctx.now();
  const changes: { id: string; gates: readonly Gate[]; look_at: Date | null; from_release_id: string | null; state: string }[] = [];
  for (const row of rows) {
    const { promotion, gates } = seen.get(row.id)!;
    if (gates === undefined) {
      await advancePromotion(ctx, row.id, "cancel", { error: `The environment ${row.environment} has ended.` });
      continue;
    }
    // Somebody said something, or something moved, while it was looked at: what was found is old, and it is looked at once more.
    const isOld = row.overrides.length !== promotion.overrides.length || row.look_at?.getTime() !== promotion.look_at?.getTime();
    const place = placeOf.get(row.id);
    const goes = !isOld && place?.under_way === false && letsThrough(gates);
    const state = (goes ? after(row.state, "admit") : undefined) ?? row.state;
    const look_at = goes ? null : isOld ? now : nextLook(gates, now);
    changes.push({ id: row.id, gates, look_at, from_release_id: place?.has ?? null, state });
    if (goes) ctx.emit(promotionAdmitted, row.entity_ref, { ...aboutOf(row), kind: row.kind });
    else if (wordsOf(gates) !== wordsOf(row.gates)) ctx.emit(promotionMoved, row.entity_ref, aboutOf(row));
  }
  await ctx.sql.query(
    `update delivery.promotion p set gates = r.gates, looked_at = $2, look_at = r.look_at, from_release_id = r.from_release_id, state = r.state,
       admitted_at = case when r.state = 'writing' then $2 else p.admitted_at end
     from jsonb_to_recordset($1::jsonb) as r(id text, gates jsonb, look_at timestamptz, from_release_id text, state text) where p.id = r.id`,
    [JSON.stringify(changes), now],
  );
  const through = new Set(changes.filter(({ state }) => state === "writing").map(({ id }) => id));
  return rows.flatMap(({ id, environment }) => (through.has(id) ? [environment] : []));
}

/** What people would see as different. */
function wordsOf(gates: readonly Gate[]): string {
  return JSON.stringify(gates.map(({ name, verdict, why, overridden }) => [name, verdict, why, overridden?.at]));
}
