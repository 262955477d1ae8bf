import { getWorkloadLogs, listWorkloads, type Workload } from "@roadbed/contracts/delivery";
import type { Execution } from "@roadbed/contracts/delivery/executions";
import { encodeCursor, handle, readCursor, type Handler } from "@roadbed/core";
import { z } from "zod";

import type { DeliveryDeps } from "../deps.ts";
import { findEnvironment } from "../environment/environment-store.ts";
import type { ClusterRuntime } from "../kubernetes/cluster/cluster-runtime.ts";
import type { LocalRuntime } from "../runtime/local-runtime.ts";
import { lastExecutions } from "../job/execution-store.ts";
import type { Scheduler } from "../job/scheduler.ts";
import { known } from "./change-workload.ts";
import { findWorkload, listWorkloadRecords, toWorkload, type WorkloadRecord } from "./workload-store.ts";

const Position = z.tuple([z.string(), z.string()]);

export function makeWorkloadReaders(
  { routerUrl }: DeliveryDeps,
  local: LocalRuntime,
  cluster: Pick<ClusterRuntime, "logs">,
  scheduler: Pick<Scheduler, "nextOf">,
): Handler[] {
  return [
    handle(listWorkloads, async (ctx, { limit, cursor, entityRef, environment }) => {
      const after = readCursor(Position, cursor);
      const records = await listWorkloadRecords(ctx.sql, { entityRef: entityRef?.toLowerCase(), environment, after, limit: limit + 1 });
      const page = records.slice(0, limit);
      const before = await lastExecutions(ctx.sql, jobsOf(page));
      const items = page.map((record) => withTimes(toWorkload(record, routerUrl), scheduler.nextOf(record.key), before));
      const last = items.at(-1);
      return { items, ...(records.length > limit && last ? { nextCursor: encodeCursor([last.entityRef, last.environment]) } : {}) };
    }),
    handle(getWorkloadLogs, async (ctx, { entityRef, environment, after, waitMs, limit }) => {
      const record = known(await findWorkload(ctx.sql, entityRef, environment), entityRef, environment);
      if ((await findEnvironment(ctx.sql, environment))?.runtime === "kubernetes") {
        return { ...(await cluster.logs(record.key, { after, limit, waitMs, signal: ctx.signal })), done: false };
      }
      const ended = record.desired === "stopped" && record.health === "stopped";
      const log = await local.logOf(record.key);
      const { items, next } = await log.read({ after, limit, waitMs: ended ? 0 : waitMs, signal: ctx.signal });
      return { items, next, done: ended && items.length === 0 };
    }),
  ];
}

function jobsOf(records: readonly WorkloadRecord[]): string[] {
  return records.filter(({ kind }) => kind === "job").map(({ key }) => key.entityRef);
}

/** What its schedule says, with the time it ran last and runs next. */
function withTimes(workload: Workload, next: Date | undefined, before: ReadonlyMap<string, Execution>): Workload {
  if (workload.schedule === undefined) return workload;
  const last = before.get(`${workload.entityRef} ${workload.environment}`);
  const times = { ...(next === undefined ? {} : { next: next.toISOString() }), ...(last === undefined ? {} : { last }) };
  return { ...workload, schedule: { ...workload.schedule, ...times } };
}
