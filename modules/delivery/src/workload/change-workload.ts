import { restartWorkload, stopWorkload, workloadCommanded } from "@roadbed/contracts/delivery";
import { ConflictError, handle, NotFoundError, type Handler } from "@roadbed/core";

import type { DeliveryDeps } from "../deps.ts";
import { findEnvironment } from "../environment/environment-store.ts";
import { findWorkload, setDesired, toWorkload, type WorkloadRecord } from "./workload-store.ts";

/** What is wanted is stored with an event; the process is stopped or restarted when the event is delivered, and again at a start if that was missed. */
export function makeWorkloadChanges({ routerUrl }: DeliveryDeps): Handler[] {
  return [
    handle(restartWorkload, async (ctx, { entityRef, environment }) => {
      const before = known(await findWorkload(ctx.sql, entityRef, environment), entityRef, environment);
      if (before.commit === undefined) {
        throw new ConflictError(`${entityRef} was never deployed well in ${environment}.`, { mend: "Push a commit that can be deployed." });
      }
      const record = known(await setDesired(ctx.sql, entityRef, environment, "running"), entityRef, environment);
      ctx.emit(workloadCommanded, entityRef, { entityRef, environment, command: "restart" });
      return toWorkload(record, routerUrl);
    }),
    handle(stopWorkload, async (ctx, { entityRef, environment }) => {
      if ((await findEnvironment(ctx.sql, environment))?.runtime === "kubernetes") {
        throw new ConflictError(`What runs in ${environment} is what Git says, and the cluster would bring it back.`, {
          mend: "Release it with no replicas, or end the environment.",
        });
      }
      const record = known(await setDesired(ctx.sql, entityRef, environment, "stopped"), entityRef, environment);
      ctx.emit(workloadCommanded, entityRef, { entityRef, environment, command: "stop" });
      return toWorkload(record, routerUrl);
    }),
  ];
}

export function known(record: WorkloadRecord | undefined, entityRef: string, environment: string): WorkloadRecord {
  if (record !== undefined) return record;
  throw new NotFoundError("workload", `${entityRef} in ${environment}`);
}
