import { changeProposed } from "@roadbed/contracts/catalog/changes";
import { changeClosed, changeMerged, changeMoved, changeOpened } from "@roadbed/contracts/delivery/changes";
import { promotionMoved } from "@roadbed/contracts/delivery/promotions";
import type { EventType, Handler, Subscription } from "@roadbed/core";

import type { DeliveryDeps } from "../deps.ts";
import { hear } from "../hear.ts";
import { findMirror } from "../mirror/mirror-store.ts";
import { createPokedWork, type PokedWork } from "../poked-work.ts";
import { followRequests, settleInto, whereRequestsGo } from "./follow-requests.ts";
import { actsOf } from "./settle-request.ts";

export interface RequestWatch extends Pick<PokedWork, "poke" | "start" | "stop"> {
  /** What was merged into a branch there is decided. Throws where the host does not answer. */
  settleInto(target: string): Promise<void>;
  readonly subscriptions: readonly Subscription[];
}

/** Follows requests at the mirror's host: by what changes here, by its webhooks, and by asking from time to time where none come. */
export function createRequestWatch(deps: DeliveryDeps, handlers: readonly Handler[], everyMs: number): RequestWatch {
  const acts = actsOf(handlers);
  const work = createPokedWork({
    work: () => followRequests(deps, acts, everyMs),
    soonMs: 100,
    everyMs: Math.min(5_000, everyMs),
    log: deps.log,
    fails: "requests at other hosts could not be looked at",
  });

  /** Those that wait for a host that fails keep their pauses. */
  async function lookNow(where: string, values: readonly unknown[]): Promise<void> {
    const { rowCount } = await deps.db.query(
      `update delivery.host_request set look_at = now() where state in ('opening', 'open') and failures = 0 and ${where}`,
      [...values],
    );
    if (rowCount > 0) work.poke();
  }

  return {
    ...work,
    settleInto: (target) => settleInto(deps, acts, target),
    subscriptions: [
      ...[changeOpened, changeMoved, changeMerged, changeClosed].map((type) =>
        hear(`delivery.requests-after-${type.name}`, type as EventType<{ changeId: string }>, async (_ctx, { payload }) => {
          await lookNow("change_id = $1", [payload.changeId]);
          // One that is new has no request yet.
          work.poke();
        }),
      ),
      hear("delivery.requests-after-gates", promotionMoved, (_ctx, { payload }) =>
        lookNow("change_id = (select change_id from delivery.promotion where id = $1)", [payload.promotionId]),
      ),
      hear("delivery.requests-told-by-host", changeProposed, async (ctx, { payload: { host, repository, number } }) => {
        const mirror = await findMirror(ctx.sql);
        if (mirror === undefined || !mirror.requests) return;
        const place = await whereRequestsGo(deps, mirror.remote);
        if ("because" in place || place.host !== host || place.repository.toLowerCase() !== repository.toLowerCase()) return;
        await lookNow("number = $1", [number]);
      }),
    ],
  };
}
