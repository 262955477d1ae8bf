import type { Ctx } from "@roadbed/core";

import { freezesAt, type FrozenTime } from "../calendar/freeze-store.ts";
import { listEnvironmentRecords } from "../environment/environment-store.ts";
import type { Subject, UnderWay, Verified } from "../gate/gate.ts";
import { findReleases } from "../release/release-store.ts";
import { readPromotions } from "./promotion-store.ts";

/** What a gate looks at, of an environment that may have ended. */
export type OpenSubject = Omit<Subject, "environment"> & { readonly environment: Subject["environment"] | undefined };

/** Everything that gates read of the tables, for many promotions at once. What does not wait any more is left out. */
export async function readSubjects(ctx: Ctx, ids: readonly string[]): Promise<OpenSubject[]> {
  const now = ctx.now();
  const promotions = await readPromotions(ctx.sql, "p.id = any($1) and p.state = 'waiting' order by p.id", [ids]);
  const environments = new Map((await listEnvironmentRecords(ctx.sql)).map((environment) => [environment.name, environment]));
  const releaseIds = promotions.map(({ release_id }) => release_id);
  const releases = await findReleases(ctx.sql, releaseIds);
  const { rows: verified } = await ctx.sql.query<Verified & { release_id: string }>(
    `select distinct on (p.release_id, p.environment) p.release_id, p.environment, p.ended_at as at, p.id as promotion, w.health,
       d.release_id is not distinct from p.release_id as is_there, n.ended_at as left_at, coalesce(n.kind = 'rollback', false) as rolled_back
     from delivery.promotion p left join delivery.desired d on d.entity_ref = p.entity_ref and d.environment = p.environment
     left join delivery.workload w on w.entity_ref = p.entity_ref and w.environment = p.environment
     left join lateral (select n.ended_at, n.kind from delivery.promotion n where n.entity_ref = p.entity_ref and n.environment = p.environment
       and n.state = 'promoted' and n.ended_at > p.ended_at and n.release_id <> p.release_id order by n.ended_at limit 1) n on true
     where p.release_id = any($1) and p.state = 'promoted' order by p.release_id, p.environment, p.ended_at desc`,
    [releaseIds],
  );
  const { rows: underWay } = await ctx.sql.query<UnderWay & { asker: string }>(
    `select a.id as asker, p.id, p.state, r.number from delivery.promotion a join delivery.promotion p using (entity_ref, environment)
     join delivery.release r on r.id = p.release_id where a.id = any($1) and p.id <> a.id and p.state in ('writing', 'deploying', 'held')`,
    [promotions.map(({ id }) => id)],
  );
  const frozen = new Map<string, FrozenTime[]>();
  for (const name of new Set(promotions.map(({ environment }) => environment))) frozen.set(name, await freezesAt(ctx.sql, name, now));
  const [byRelease, byAsker] = [Map.groupBy(verified, ({ release_id }) => release_id), Map.groupBy(underWay, ({ asker }) => asker)];
  return promotions.map((promotion) => ({
    promotion,
    release: releases.get(promotion.release_id)!,
    environment: environments.get(promotion.environment),
    now,
    verified: byRelease.get(promotion.release_id) ?? [],
    underWay: byAsker.get(promotion.id) ?? [],
    frozen: frozen.get(promotion.environment) ?? [],
  }));
}
