import { workloadCommanded } from "@roadbed/contracts/delivery";
import type { Ctx } from "@roadbed/core";

import type { DeliveryDeps } from "../deps.ts";
import { requestDeployment } from "../deployment/request-deployment.ts";
import { setDesired } from "../workload/workload-store.ts";
import type { Place } from "./compare-places.ts";

/** Makes what runs what Git says, as far as it is different. Answers why it cannot where it cannot. */
export async function bringBack(
  deps: DeliveryDeps,
  ctx: Ctx,
  { inCluster, entityRef, environment, repository, wanted, differences }: Place,
): Promise<string | undefined> {
  if (inCluster) {
    // Its engine is told to apply what Git says once more: nobody else writes there.
    ctx.emit(workloadCommanded, entityRef, { entityRef, environment, command: "heal" });
    return undefined;
  }
  const fields = differences.map(({ field }) => field);
  const needsDeployment = fields.some((field) => field !== "runs" && !field.startsWith("variable."));
  if (needsDeployment) {
    const [commit] = await deps.repositories.log(repository, { ref: wanted.commit, limit: 1 });
    if (commit === undefined) return `The commit ${wanted.commit.slice(0, 8)} is not in ${repository} any more.`;
    await requestDeployment(ctx, { entityRef, environment, repository, commit });
    if (!wanted.suspended) return undefined;
  }
  await setDesired(ctx.sql, entityRef, environment, wanted.suspended ? "stopped" : "running");
  ctx.emit(workloadCommanded, entityRef, { entityRef, environment, command: wanted.suspended ? "stop" : "restart" });
  return undefined;
}
