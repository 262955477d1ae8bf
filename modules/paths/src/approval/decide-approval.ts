import type { Approval } from "@roadbed/contracts/paths";
import { runFinished, runRequested } from "@roadbed/contracts/paths";
import { approvalDecided, grantApproval, refuseApproval } from "@roadbed/contracts/paths/approvals";
import { ConflictError, formatActor, handle, type Ctx, type Handler } from "@roadbed/core";

import { appendLog, wakeReaders } from "../run/run-log.ts";
import { readRun, type RunRow } from "../run/run-store.ts";
import { approvalsOfRun, lockApproval, readApproval, settleApprovals, toApproval, votesOf, type ApprovalOfRun } from "./approval-store.ts";
import { tellOf } from "./ask-approvals.ts";
import { countingVotes, mayDecide, requireApprover, type DecideDeps } from "./may-decide.ts";

export interface DecideParts extends DecideDeps {
  /** Told of an approval that was granted, in the same transaction. */
  readonly granted?: (ctx: Ctx, approval: ApprovalOfRun, role: string) => Promise<void>;
}

/** Grant or refuse. Two at once come one after the other, and one person counts once. */
export function makeDecideApproval(deps: DecideParts): Handler[] {
  return [
    handle(grantApproval, async (ctx, { id, reason, digest }) => {
      const approval = await take(deps, ctx, id);
      const mine = (await votesOf(ctx.sql, [id])).find(({ account }) => account === accountOf(ctx));
      // The same person again, from another tab or token: it was said already.
      if (mine?.verdict === "granted" && (approval.state === "granted" || approval.state === "waiting")) return show(deps, ctx, id);
      refuseDecided(ctx, approval);
      const role = await requireApprover(deps, ctx, approval);
      if (digest !== undefined && digest !== approval.digest) {
        throw new ConflictError("What you looked at is not what this run would do.", { mend: "Look at the run again, then decide." });
      }
      await vote(ctx, approval, "granted", role, reason);
      const granted = (await countingVotes(deps, ctx, approval, await votesOf(ctx.sql, [id]))).length;
      await appendLog(ctx.sql, approval.run_id, {
        level: "info",
        message: `${nameOf(ctx)} approves ${approval.rule} (${granted} of ${approval.needed})${reason === undefined || reason === "" ? "." : `: ${reason}`}`,
      });
      if (granted < approval.needed) return show(deps, ctx, id);
      await settleApprovals(ctx.sql, [id], "granted", ctx.now());
      await tellDecided(deps, ctx, approval, "granted", reason);
      await deps.granted?.(ctx, approval, role);
      await beginWhenGranted(ctx, approval.run_id);
      return show(deps, ctx, id);
    }),
    handle(refuseApproval, async (ctx, { id, reason }) => {
      const approval = await take(deps, ctx, id);
      refuseDecided(ctx, approval);
      const role = await requireApprover(deps, ctx, approval);
      await vote(ctx, approval, "refused", role, reason);
      await settleApprovals(ctx.sql, [id], "refused", ctx.now());
      await tellDecided(deps, ctx, approval, "refused", reason);
      await endUnapproved(
        ctx,
        await readRun(ctx.sql, approval.run_id, true),
        `${nameOf(ctx)} refused the approval ${approval.rule}: ${reason}`,
      );
      return show(deps, ctx, id);
    }),
  ];
}

/** Ends a run that waits: nothing was made. What else it waits for is withdrawn. */
export async function endUnapproved(ctx: Ctx, run: RunRow, why: string): Promise<void> {
  await withdrawApprovals(ctx, run.id);
  await ctx.sql.query("update paths.run set status = 'cancelled', ended_at = $2, error = $3 where id = $1", [run.id, ctx.now(), why]);
  await ctx.sql.query("update paths.run_step set status = 'cancelled' where run_id = $1 and status = 'open'", [run.id]);
  await appendLog(ctx.sql, run.id, { level: "warn", message: `${why} Nothing was made.` });
  ctx.emit(runFinished, run.id, { runId: run.id, path: run.path_ref, status: "cancelled", about: [...run.about] });
  await wakeReaders(ctx.sql, run.id);
}

export async function withdrawApprovals(ctx: Ctx, runId: string): Promise<void> {
  await ctx.sql.query("update paths.approval set state = 'withdrawn', decided_at = $2 where run_id = $1 and state = 'waiting'", [
    runId,
    ctx.now(),
  ]);
}

/** Whether a run stands before its first step because somebody must approve it. */
export async function waitsForApproval(ctx: Pick<Ctx, "sql">, runId: string): Promise<boolean> {
  return (await ctx.sql.query("select 1 from paths.approval where run_id = $1 and state = 'waiting' limit 1", [runId])).rowCount > 0;
}

/** Whether a run that ended had to be approved and was not. */
export async function wasNotApproved(ctx: Pick<Ctx, "sql">, runId: string): Promise<boolean> {
  return (await ctx.sql.query("select 1 from paths.approval where run_id = $1 and state <> 'granted' limit 1", [runId])).rowCount > 0;
}

export async function tellDecided(
  { people }: DecideDeps,
  ctx: Ctx,
  approval: ApprovalOfRun,
  state: Approval["state"],
  reason: string | undefined,
): Promise<void> {
  const { actor } = approval.actor_detail;
  const requester = actor.kind === "user" ? actor.id : await people?.behind?.(ctx, actor);
  ctx.emit(approvalDecided, approval.id, {
    ...tellOf(approval),
    state,
    ...(reason === undefined || reason === "" ? {} : { reason }),
    ...(requester === undefined ? {} : { requester }),
  });
}

async function take({ catalog }: DecideDeps, ctx: Ctx, id: string): Promise<ApprovalOfRun> {
  const hidden = (await catalog.hiddenFrom?.(ctx)) ?? [];
  const { run_id } = await readApproval(ctx.sql, id, hidden);
  // The run first, then its approval: whoever decides, cancels or sweeps comes one after the other.
  await readRun(ctx.sql, run_id, true);
  await lockApproval(ctx.sql, id);
  return readApproval(ctx.sql, id, hidden);
}

function refuseDecided(ctx: Ctx, { state, expires_at }: ApprovalOfRun): void {
  if (state !== "waiting") throw new ConflictError(`The approval is ${state} already.`, { mend: "See the run for what came of it." });
  if (expires_at > ctx.now()) return;
  throw new ConflictError(`The approval could be given until ${expires_at.toISOString()}; that is over.`, {
    mend: "Have the path followed again.",
  });
}

/** The last approval starts the run, once. */
async function beginWhenGranted(ctx: Ctx, runId: string): Promise<void> {
  const { rowCount } = await ctx.sql.query("select 1 from paths.approval where run_id = $1 and state <> 'granted'", [runId]);
  if (rowCount > 0) return;
  const run = await readRun(ctx.sql, runId, true);
  if (run.status !== "waiting") return;
  await ctx.sql.query("update paths.run set status = 'queued' where id = $1", [runId]);
  ctx.emit(runRequested, runId, { runId, path: run.path_ref, about: [...run.about] });
  await wakeReaders(ctx.sql, runId);
}

async function vote(
  ctx: Ctx,
  { id }: ApprovalOfRun,
  verdict: "granted" | "refused",
  role: string,
  reason: string | undefined,
): Promise<void> {
  await ctx.sql.query(
    `insert into paths.approval_vote (approval_id, account, actor, name, verdict, role, reason, at) values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (approval_id, account) do update set verdict = excluded.verdict, role = excluded.role, reason = excluded.reason, at = excluded.at`,
    [id, accountOf(ctx), formatActor(ctx.actor), nameOf(ctx), verdict, role, reason === "" ? null : (reason ?? null), ctx.now()],
  );
}

function accountOf({ actor }: Ctx): string {
  return actor.kind === "user" ? actor.id : formatActor(actor);
}

function nameOf({ actor }: Ctx): string {
  return "name" in actor ? actor.name : formatActor(actor);
}

async function show(deps: DecideDeps, ctx: Ctx, id: string): Promise<Approval> {
  const row = await readApproval(ctx.sql, id, []);
  return toApproval(row, await votesOf(ctx.sql, [id]), await mayDecide(deps, ctx, row), ctx.now());
}

/** With who may approve as it stands now, and whether the caller does. */
export async function showApprovals(deps: DecideDeps, ctx: Ctx, runId: string): Promise<Approval[]> {
  const rows = await approvalsOfRun(ctx.sql, runId);
  const votes = await votesOf(
    ctx.sql,
    rows.map(({ id }) => id),
  );
  return Promise.all(rows.map(async (row) => toApproval(row, votes, await mayDecide(deps, ctx, row), ctx.now())));
}
