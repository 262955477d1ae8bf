import { workloadCommanded } from "@roadbed/contracts/delivery";
import { environmentChanged } from "@roadbed/contracts/delivery/environments";
import type { Ctx } from "@roadbed/core";
import type { Flow, Workflows } from "@roadbed/workflows";

import type { DeliveryDeps } from "../deps.ts";
import { watchEnvironments } from "../internal-operations.ts";
import { setDesired } from "../workload/workload-store.ts";
import { findEnvironment, type EnvironmentRecord } from "./environment-store.ts";

/** Whoever made it is told this long before, at half time where it lives shorter. */
const WARN_BEFORE_MS = 24 * 3_600_000;
const AT_ONCE = 100;

/** Looks every minute for throw-away environments that end soon, which is told once, and for those that are over. */
export function defineEnvironmentWatch({
  workflows,
  db,
  runtime,
}: Pick<DeliveryDeps, "db" | "runtime"> & { workflows: Workflows }): Flow<Date, void> {
  const write = (work: (ctx: Ctx) => Promise<void>): Promise<void> =>
    runtime.write(runtime.system("delivery.environments"), watchEnvironments, {}, undefined, work);
  return workflows.define<Date, void>("delivery.watch-environments", async (c) => {
    await c.step("look", async () => {
      await write(warn);
      const { rows } = await db.query<{ name: string }>(
        "select name from delivery.environment where ended_at is null and expires_at <= now() order by expires_at limit $1",
        [AT_ONCE],
      );
      for (const { name } of rows) await write((ctx) => endWhenOver(ctx, name));
    });
  });
}

/** Each end is warned of once; an extension makes it another end. */
export async function warn(ctx: Ctx): Promise<void> {
  const { rows } = await ctx.sql.query<{ name: string }>(
    `update delivery.environment set warned_for = expires_at where ended_at is null and expires_at > $1 and warned_for is distinct from expires_at
       and expires_at - least($2 * interval '1 millisecond', (expires_at - created_at) / 2) <= $1 returning name`,
    [ctx.now(), WARN_BEFORE_MS],
  );
  for (const { name } of rows) tell(ctx, (await findEnvironment(ctx.sql, name))!, "ending", undefined);
}

/** Whoever extends it at the same moment comes before or after, not in between. Twice is once. */
export async function endWhenOver(ctx: Ctx, name: string): Promise<void> {
  await ctx.sql.query("select 1 from delivery.environment where name = $1 for update", [name]);
  const record = await findEnvironment(ctx.sql, name);
  if (record?.expiresAt === undefined || record.expiresAt > ctx.now()) return;
  await endNow(ctx, record, `Its time was over at ${record.expiresAt.toISOString()}.`);
}

/** Stops what runs there; what it was stays readable. */
export async function endNow(ctx: Ctx, record: EnvironmentRecord, reason: string): Promise<void> {
  const { rows } = await ctx.sql.query<{ entity_ref: string }>(
    "select entity_ref from delivery.workload where environment = $1 and desired = 'running' order by 1",
    [record.name],
  );
  for (const { entity_ref: entityRef } of rows) {
    await setDesired(ctx.sql, entityRef, record.name, "stopped");
    ctx.emit(workloadCommanded, entityRef, { entityRef, environment: record.name, command: "stop" });
  }
  await ctx.sql.query("update delivery.environment set ended_at = $2 where name = $1", [record.name, ctx.now()]);
  tell(ctx, record, "ended", reason);
}

function tell(
  ctx: Ctx,
  { name, title, owner, expiresAt }: EnvironmentRecord,
  change: "ending" | "ended",
  reason: string | undefined,
): void {
  ctx.emit(environmentChanged, name, {
    environment: name,
    title,
    change,
    ...(owner === undefined ? {} : { owner }),
    ...(expiresAt === undefined ? {} : { expiresAt: expiresAt.toISOString() }),
    ...(reason === undefined ? {} : { reason }),
  });
}
