import { approvalReminded } from "@roadbed/contracts/paths/approvals";
import type { Ctx } from "@roadbed/core";
import type { Database, PostgresRuntime } from "@roadbed/postgres";
import type { Flow, Workflows } from "@roadbed/workflows";

import type { PathsDeps } from "../deps.ts";
import { watchApprovals } from "../run/internal-operations.ts";
import { readRun } from "../run/run-store.ts";
import { lockApproval, readApproval, settleApprovals } from "./approval-store.ts";
import { saidOf, tellOf } from "./ask-approvals.ts";
import { endUnapproved, tellDecided } from "./decide-approval.ts";

const AT_ONCE = 200;

/** Looks every minute for approvals that are over, and for those whom somebody should be reminded of. What is over is refused without this too. */
export function defineApprovalWatch(
  workflows: Workflows,
  deps: Pick<PathsDeps, "catalog" | "people"> & { readonly db: Database; readonly runtime: PostgresRuntime },
): Flow<Date, void> {
  return workflows.define<Date, void>("paths.watch-approvals", async (c) => {
    await c.step("look", async () => {
      const { rows } = await deps.db.query<{ id: string }>(
        "select id from paths.approval where state = 'waiting' and expires_at <= now() order by expires_at limit $1",
        [AT_ONCE],
      );
      // One by one: each ends its run in a transaction of its own.
      for (const { id } of rows) {
        await deps.runtime.write(deps.runtime.system("paths.approvals"), watchApprovals, {}, undefined, (ctx) =>
          expireApproval(deps, ctx, id),
        );
      }
      await deps.runtime.write(deps.runtime.system("paths.approvals"), watchApprovals, {}, undefined, remind);
    });
  });
}

/** Ends the run of an approval that nobody gave in time. Doing it twice is doing it once. */
export async function expireApproval(deps: Pick<PathsDeps, "catalog" | "people">, ctx: Ctx, id: string): Promise<void> {
  const before = await readApproval(ctx.sql, id, []);
  const run = await readRun(ctx.sql, before.run_id, true);
  const { state, expires_at } = await lockApproval(ctx.sql, id);
  if (state !== "waiting" || expires_at > ctx.now()) return;
  await settleApprovals(ctx.sql, [id], "expired", ctx.now());
  await tellDecided(deps, ctx, before, "expired", undefined);
  await endUnapproved(
    ctx,
    run,
    `Nobody of ${saidOf(before.approver_refs)} gave the approval ${before.rule} until ${expires_at.toISOString()}.`,
  );
}

/** Tells approvers again, each time the path's interval is over. */
export async function remind(ctx: Ctx): Promise<void> {
  const { rows } = await ctx.sql.query<{ id: string }>(
    `update paths.approval set reminded_at = $1 where id in (select id from paths.approval where state = 'waiting' and expires_at > $1
       and reminded_at + remind_every_ms * interval '1 millisecond' <= $1 order by reminded_at limit ${AT_ONCE} for update skip locked)
     returning id`,
    [ctx.now()],
  );
  for (const { id } of rows) {
    const row = await readApproval(ctx.sql, id, []);
    ctx.emit(approvalReminded, id, { ...tellOf(row), expiresAt: row.expires_at.toISOString() });
  }
}
