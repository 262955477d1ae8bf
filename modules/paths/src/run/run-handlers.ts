import { cancelRun, getRun, getRunLogs, listRuns, retryRun, runFinished, runRequested } from "@roadbed/contracts/paths";
import { ConflictError, decodeCursor, encodeCursor, formatActor, handle, InvalidError, type Ctx, type Handler } from "@roadbed/core";
import { formatRef, parseRef } from "@roadbed/contracts/catalog";
import { z } from "zod";

import type { PathsDeps } from "../deps.ts";
import { assertRunnable } from "./step-context.ts";
import type { Actions } from "../action/actions.ts";
import { endUnapproved, showApprovals, waitsForApproval, wasNotApproved } from "../approval/decide-approval.ts";
import { resourcesOfRun } from "../resource/resources-of-run.ts";
import { requireUndoer } from "../undo/request-undo.ts";
import { appendLog, readLog, wakeReaders, type LogBell } from "./run-log.ts";
import { figuresOf, noteRetry, peoplesParts } from "./peoples-part.ts";
import { findRuns, isFinal, readRun, readSteps, toRun, type RunRow } from "./run-store.ts";
import { readSeenRun, runViewerOf } from "./run-viewer.ts";
import type { Run } from "@roadbed/contracts/paths";

export interface RunHandlerDeps extends Pick<PathsDeps, "db" | "catalog" | "people"> {
  readonly bell: LogBell;
  readonly actions: Actions;
}

export function makeRunHandlers(deps: RunHandlerDeps): Handler[] {
  return [
    makeListRuns(deps),
    handle(getRun, async (ctx, { id }) => ({
      ...toRun(await readSeenRun(deps.catalog, ctx, id), await readSteps(ctx.sql, [id])),
      made: await madeBy(ctx, id),
      ...(await resourcesOfRun(ctx, id, (await deps.catalog.hiddenFrom?.(ctx)) ?? [])),
      approvals: await showApprovals(deps, ctx, id),
      ...(await peoplesPartOf(ctx, await readRun(ctx.sql, id))),
      ...(await undoOf(ctx, id)),
    })),
    makeGetLogs(deps),
    makeCancel(deps),
    makeRetry(deps),
  ];
}

const Cursor = z.string();

function makeListRuns({ catalog }: RunHandlerDeps): Handler {
  return handle(listRuns, async (ctx, { limit, cursor, status, path, mine, entityRef }) => {
    const before = cursor === undefined ? undefined : decodeCursor(Cursor, cursor);
    if (cursor !== undefined && before === undefined)
      throw new InvalidError("The cursor is not one of ours.", { problems: [{ at: "cursor", reason: "is not one of ours" }] });
    const rows = await findRuns(ctx.sql, {
      status,
      path: path === undefined ? undefined : formatRef(parseRef(path, { kind: "template" })),
      actor: mine === true ? formatActor(ctx.actor) : undefined,
      entityRef: entityRef?.toLowerCase(),
      before,
      viewer: await runViewerOf(catalog, ctx),
      limit: limit + 1,
    });
    const shown = rows.slice(0, limit);
    const steps = await readSteps(
      ctx.sql,
      shown.map(({ id }) => id),
    );
    const last = rows.length > limit ? shown.at(-1) : undefined;
    const parts = await peoplesParts(ctx.sql, shown, ctx.now());
    const items = shown.map((row) => ({ ...toRun(row, steps), ...figuresOf(parts.get(row.id)) }));
    return { items, ...(last === undefined ? {} : { nextCursor: encodeCursor(last.id) }) };
  });
}

function makeGetLogs({ bell, catalog }: RunHandlerDeps): Handler {
  return handle(getRunLogs, async (ctx, { id, after, waitMs }) => {
    const until = Date.now() + waitMs;
    for (;;) {
      // Listening begins before looking, so that a line in between is not slept through.
      const looked = new AbortController();
      const news = bell.wait(id, Math.max(0, until - Date.now()), AbortSignal.any([ctx.signal, looked.signal]));
      const { status } = await readSeenRun(catalog, ctx, id);
      const rows = await readLog(ctx.sql, id, after);
      const done = isFinal(status) && rows.length < 1_000;
      if (rows.length > 0 || done || Date.now() >= until || ctx.signal.aborted) {
        looked.abort();
        return {
          items: rows.map(({ seq, at, step_id, level, message }) => ({
            seq: Number(seq),
            at: at.toISOString(),
            ...(step_id === null ? {} : { stepId: step_id }),
            level,
            message,
          })),
          next: Number(rows.at(-1)?.seq ?? after),
          done,
        };
      }
      await news;
    }
  });
}

function makeCancel(deps: RunHandlerDeps): Handler {
  return handle(cancelRun, async (ctx, { id, undo, reason }) => {
    const run = await readSeenRun(deps.catalog, ctx, id, true);
    if (undo === true) await requireUndoer(deps, ctx, run);
    if (isFinal(run.status)) throw new ConflictError(`The run ${run.status} already.`, { mend: "There is nothing left to stop." });
    if (run.status === "waiting" && (await waitsForApproval(ctx, id))) {
      await endUnapproved(ctx, run, `Cancelled by ${formatActor(ctx.actor)} before it was approved.`);
      return show(ctx, id);
    }
    if (run.status === "queued") {
      await ctx.sql.query("update paths.run set status = 'cancelled', ended_at = now(), cancel_requested = true where id = $1", [id]);
      await ctx.sql.query("update paths.run_step set status = 'cancelled' where run_id = $1 and status = 'open'", [id]);
      ctx.emit(runFinished, id, { runId: id, path: run.path_ref, status: "cancelled", about: [...run.about] });
    } else {
      await ctx.sql.query(
        "update paths.run set cancel_requested = true, undo_state = case when $2 then 'requested' else undo_state end, undo_why = coalesce($3, undo_why) where id = $1",
        [id, undo === true, undo === true ? (reason ?? `Cancelled by ${formatActor(ctx.actor)}.`) : null],
      );
    }
    await appendLog(ctx.sql, id, {
      level: "warn",
      message: `Cancelled by ${formatActor(ctx.actor)}; the step that runs now is finished first.`,
    });
    return show(ctx, id);
  });
}

function makeRetry({ actions, catalog }: RunHandlerDeps): Handler {
  return handle(retryRun, async (ctx, { id }) => {
    const run = await readSeenRun(catalog, ctx, id, true);
    if (run.status !== "failed" && run.status !== "cancelled") {
      throw new ConflictError(`The run is ${run.status}: only one that failed or was cancelled can go on.`, { mend: "Wait for its end." });
    }
    if (await wasNotApproved(ctx, id)) {
      throw new ConflictError("The run was not approved: it cannot go on.", {
        mend: "Follow the path again with these answers; approvals are asked for anew.",
      });
    }
    if (run.undo_state !== null) {
      throw new ConflictError("What the run made is taken back: it cannot go on.", { mend: `Follow it anew: roadbed run again ${id}` });
    }
    assertRunnable(run.path, actions);
    await noteRetry(ctx, run);
    await ctx.sql.query(
      "update paths.run set status = 'queued', attempt = attempt + 1, cancel_requested = false, error = null, ended_at = null where id = $1",
      [id],
    );
    await ctx.sql.query(
      "update paths.run_step set status = 'open', error = null, started_at = null, ended_at = null where run_id = $1 and status <> 'completed'",
      [id],
    );
    ctx.emit(runRequested, id, { runId: id, path: run.path_ref, about: [...run.about] });
    await wakeReaders(ctx.sql, id);
    return show(ctx, id);
  });
}

async function show(ctx: Ctx, id: string): Promise<Run> {
  return toRun(await readRun(ctx.sql, id), await readSteps(ctx.sql, [id]));
}

async function peoplesPartOf(ctx: Ctx, run: RunRow): Promise<Pick<Run, "humanMinutes" | "handOffs" | "waits">> {
  return (await peoplesParts(ctx.sql, [run], ctx.now())).get(run.id) ?? {};
}

/** What was taken back and what remains. */
async function undoOf(ctx: Ctx, id: string): Promise<Pick<Run, "undo">> {
  const { undo_state: state, undo_why: why } = await readRun(ctx.sql, id);
  if (state === null) return {};
  const { rows } = await ctx.sql.query<{ step: string; state: "done" | "remains" | "failed"; words: string; at: Date }>(
    `select s.id as step, u.state, u.words, u.at from paths.run_undo u join paths.run_step s on s.run_id = u.run_id and s.n = u.n
     where u.run_id = $1 order by u.n desc`,
    [id],
  );
  return { undo: { state, ...(why === null ? {} : { why }), items: rows.map((row) => ({ ...row, at: row.at.toISOString() })) } };
}

/** With the commit that the run made: what a thing was upgraded to since is not its work. */
async function madeBy(ctx: Ctx, id: string): Promise<NonNullable<Run["made"]>> {
  const { rows } = await ctx.sql.query<{ thing: string; repository: string; commit: string }>(
    "select id as thing, repository, coalesce(first_commit, base_commit) as commit from paths.made where run_id = $1 order by id limit 100",
    [id],
  );
  return rows;
}
