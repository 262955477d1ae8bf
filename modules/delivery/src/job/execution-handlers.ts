import { executionRequested, getExecution, listExecutions, startExecution } from "@roadbed/contracts/delivery/executions";
import { ConflictError, encodeCursor, formatActor, handle, newId, NotFoundError, readCursor, type Ctx, type Handler } from "@roadbed/core";
import { z } from "zod";

import type { DeliveryDeps } from "../deps.ts";
import { known } from "../workload/change-workload.ts";
import { findWorkload } from "../workload/workload-store.ts";
import { findExecution, insertExecution, listExecutionRecords } from "./execution-store.ts";

/** Reading when a job ran, and asking it to run now: what is asked is stored with an event, and begins when that is delivered. */
export function makeExecutionHandlers({ entities }: DeliveryDeps): Handler[] {
  const hidden = async (ctx: Ctx): Promise<ReadonlySet<string>> => new Set((await entities.hiddenFrom?.(ctx)) ?? []);
  return [
    handle(listExecutions, async (ctx, { limit, cursor, entityRef, environment }) => {
      const unseen = await hidden(ctx);
      const ref = entityRef?.toLowerCase();
      if (ref !== undefined && unseen.has(ref)) return { items: [] };
      const before = readCursor(z.string(), cursor);
      const found = await listExecutionRecords(ctx.sql, { entityRef: ref, environment, before, limit: limit + 1, hidden: [...unseen] });
      const items = found.slice(0, limit);
      return { items, ...(found.length > limit ? { nextCursor: encodeCursor(items.at(-1)!.id) } : {}) };
    }),
    handle(getExecution, async (ctx, { id }) => {
      const execution = await findExecution(ctx.sql, id);
      if (execution === undefined || (await hidden(ctx)).has(execution.entityRef)) throw new NotFoundError("execution", id);
      return execution;
    }),
    handle(startExecution, async (ctx, { entityRef, environment }) => {
      if ((await hidden(ctx)).has(entityRef)) throw new NotFoundError("workload", `${entityRef} in ${environment}`);
      const { kind, desired, commit } = known(await findWorkload(ctx.sql, entityRef, environment), entityRef, environment);
      if (kind !== "job") {
        throw new ConflictError(`${entityRef} is a ${kind}, which runs all the time.`, {
          mend: "Restart it instead: roadbed workload restart.",
        });
      }
      if (desired === "stopped" || commit === undefined) {
        throw new ConflictError(`${entityRef} ${commit === undefined ? "was never deployed well" : "is stopped"} in ${environment}.`, {
          mend: commit === undefined ? "Push a commit that can be deployed." : "Start it first: roadbed workload restart.",
        });
      }
      const now = ctx.now();
      const id = newId("exe", now.getTime());
      await insertExecution(ctx.sql, {
        id,
        entityRef,
        environment,
        trigger: "hand",
        status: "queued",
        dueAt: now,
        askedBy: formatActor(ctx.actor),
      });
      ctx.emit(executionRequested, entityRef, { executionId: id, entityRef, environment });
      return (await findExecution(ctx.sql, id))!;
    }),
  ];
}
