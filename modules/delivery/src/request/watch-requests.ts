import { changeProposed } from "@roadbed/contracts/catalog/changes";
import { changeClosed, changeMerged, changeMoved, changeOpened } from "@roadbed/contracts/delivery/changes";
import { promotionMoved } from "@roadbed/contracts/delivery/promotions";
import type { EventType, Handler, Subscription } from "@roadbed/core";

import type { DeliveryDeps } from "../deps.ts";
import { hear } from "../hear.ts";
import { findMirror } from "../mirror/mirror-store.ts";
import { followRequests, settleInto, whereRequestsGo } from "./follow-requests.ts";
import { actsOf } from "./settle-request.ts";

export interface RequestWatch {
  /** Something may be different: what is open is looked at now. */
  poke(): void;
  /** What was merged into a branch there is decided. Throws where the host does not answer. */
  settleInto(target: string): Promise<void>;
  readonly subscriptions: readonly Subscription[];
  start(): void;
  stop(): Promise<void>;
}

/** Follows requests at the mirror's host: by what changes here, by its webhooks, and by asking from time to time where none come. */
export function createRequestWatch(deps: DeliveryDeps, handlers: readonly Handler[], everyMs: number): RequestWatch {
  const acts = actsOf(handlers);
  let timer: NodeJS.Timeout | undefined;
  let soon: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let again = false;
  let stopped = true;

  function run(): void {
    again = running !== undefined;
    running ??= (async () => {
      do {
        again = false;
        await followRequests(deps, acts, everyMs);
      } while (again && !stopped);
    })()
      .catch((error: unknown) => deps.log.error("requests at other hosts could not be looked at", { error: String(error) }))
      .finally(() => (running = undefined));
  }

  /** Those that wait for a host that fails keep their pauses. */
  async function lookNow(where: string, values: readonly unknown[]): Promise<void> {
    const { rowCount } = await deps.db.query(
      `update delivery.host_request set look_at = now() where state in ('opening', 'open') and failures = 0 and ${where}`,
      [...values],
    );
    if (rowCount > 0) watch.poke();
  }

  const watch: RequestWatch = {
    poke() {
      if (stopped || soon !== undefined) return;
      // Who pokes is still in its transaction.
      soon = setTimeout(() => {
        soon = undefined;
        run();
      }, 100);
      soon.unref();
    },
    settleInto: (target) => settleInto(deps, acts, target),
    subscriptions: [
      ...[changeOpened, changeMoved, changeMerged, changeClosed].map((type) =>
        hear(`delivery.requests-after-${type.name}`, type as EventType<{ changeId: string }>, async (_ctx, { payload }) => {
          await lookNow("change_id = $1", [payload.changeId]);
          // One that is new has no request yet.
          watch.poke();
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
    start() {
      stopped = false;
      timer = setInterval(() => watch.poke(), Math.min(5_000, everyMs));
      timer.unref();
      watch.poke();
    },
    async stop() {
      stopped = true;
      clearInterval(timer);
      clearTimeout(soon);
      await running;
    },
  };
  return watch;
}
