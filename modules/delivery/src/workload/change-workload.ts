import { restartWorkload, stopWorkload, workloadCommanded } from "@roadbed/contracts/delivery";
import { ConflictError, formatActor, handle, NotFoundError, type Ctx, type Handler } from "@roadbed/core";

import type { DeliveryDeps } from "../deps.ts";
import { acceptedIn, putAccepted } from "../drift/accepted-store.ts";
import { findEnvironment } from "../environment/environment-store.ts";
import { desiredIn } from "../promotion/promotion-store.ts";
import { lockPlace } from "../promotion/request-promotion.ts";
import { findWorkload, setDesired, toWorkload, type WorkloadRecord } from "./workload-store.ts";

/** What is wanted is stored with an event; the process is stopped or restarted when the event is delivered, and again at a start if that was missed. */
export function makeWorkloadChanges({ routerUrl }: DeliveryDeps): Handler[] {
  return [
    handle(restartWorkload, async (ctx, { entityRef, environment }) => {
      const before = known(await findWorkload(ctx.sql, entityRef, environment), entityRef, environment);
      // What stands still in a cluster stands still in Git: it is brought back there.
      if ((await inCluster(ctx, environment)) && before.desired === "stopped") await say(ctx, entityRef, environment, false);
      else if (before.commit === undefined) {
        throw new ConflictError(`${entityRef} was never deployed well in ${environment}.`, { mend: "Push a commit that can be deployed." });
      }
      const record = known(await setDesired(ctx.sql, entityRef, environment, "running"), entityRef, environment);
      ctx.emit(workloadCommanded, entityRef, { entityRef, environment, command: "restart" });
      return toWorkload(record, routerUrl);
    }),
    handle(stopWorkload, async (ctx, { entityRef, environment }) => {
      if (await inCluster(ctx, environment)) await say(ctx, entityRef, environment, true);
      const record = known(await setDesired(ctx.sql, entityRef, environment, "stopped"), entityRef, environment);
      ctx.emit(workloadCommanded, entityRef, { entityRef, environment, command: "stop" });
      return toWorkload(record, routerUrl);
    }),
  ];
}

async function inCluster(ctx: Ctx, environment: string): Promise<boolean> {
  return (await findEnvironment(ctx.sql, environment))?.runtime === "kubernetes";
}

/** A cluster brings back whatever Git says, so Git says it: no replicas, by a forward commit, until it is started again. Later releases stand still, too. */
async function say(ctx: Ctx, entityRef: string, environment: string, suspended: boolean): Promise<void> {
  await lockPlace(ctx, entityRef, environment);
  const releaseId = await desiredIn(ctx.sql, entityRef, environment);
  if (releaseId === undefined) {
    throw new ConflictError(`Git says nothing of ${entityRef} in ${environment}.`, { mend: "Promote a release of it there first." });
  }
  const before = (await acceptedIn(ctx.sql, environment, [entityRef])).get(entityRef);
  const { suspended: _before, ...changes } = before?.release_id === releaseId ? before.changes : {};
  const { suspended: _intent, ...intent } = before?.intent ?? {};
  const state = suspended ? { suspended } : {};
  await putAccepted(ctx, {
    entityRef,
    environment,
    releaseId,
    changes: { ...changes, ...state },
    intent: { ...intent, ...state },
    by: formatActor(ctx.actor),
    why: ctx.reason ?? (suspended ? "It was stopped." : "It was started again."),
  });
}

export function known(record: WorkloadRecord | undefined, entityRef: string, environment: string): WorkloadRecord {
  if (record !== undefined) return record;
  throw new NotFoundError("workload", `${entityRef} in ${environment}`);
}
