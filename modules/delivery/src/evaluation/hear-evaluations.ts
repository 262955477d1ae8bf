import { evaluationRecorded, evaluationRequested } from "@roadbed/contracts/delivery/evaluations";
import { releaseMade } from "@roadbed/contracts/delivery/releases";
import { DomainError, type Ctx, type DomainEvent, type EventType, type Subscription } from "@roadbed/core";
import type { Flow } from "@roadbed/workflows";

import type { DeliveryDeps } from "../deps.ts";
import type { PromotionWatch } from "../promotion/watch-promotions.ts";
import { findReleases } from "../release/release-store.ts";
import { beginEvaluation, evaluationTextOf, type EvaluateInput } from "./evaluate-flow.ts";

/** A release that says how it is evaluated is, by itself; and what waits for scores is looked at when they are there. */
export function hearEvaluations(deps: DeliveryDeps, flow: Flow<EvaluateInput, string>, watch: PromotionWatch): Subscription[] {
  return [
    hear("delivery.evaluate-release", releaseMade, async (ctx, { payload: { releaseId } }) => {
      const release = (await findReleases(ctx.sql, [releaseId])).get(releaseId);
      if (release === undefined || evaluationTextOf(release) === undefined) return;
      try {
        await beginEvaluation(deps, ctx, release);
      } catch (error) {
        if (!(error instanceof DomainError)) throw error;
        deps.log.warn("a release could not be evaluated", { release: releaseId, error: error.message });
      }
    }),
    hear("delivery.begin-evaluation", evaluationRequested, async (_ctx, { payload: { evaluationId } }) => {
      await deps.workflows.start(flow, { evaluationId }, { id: evaluationId });
    }),
    hear("delivery.look-after-evaluation", evaluationRecorded, async (ctx, { payload: { entityRef } }) => {
      const { rowCount } = await ctx.sql.query(
        "update delivery.promotion set look_at = now() where state = 'waiting' and entity_ref = $1",
        [entityRef],
      );
      if (rowCount > 0) watch.poke();
    }),
  ];
}

function hear<P>(name: string, type: EventType<P>, receive: (ctx: Ctx, event: DomainEvent<P>) => Promise<void>): Subscription {
  return { name, events: [type.name], receive: (ctx, event) => receive(ctx, event as DomainEvent<P>) };
}
