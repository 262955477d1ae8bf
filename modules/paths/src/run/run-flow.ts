import { runFinished } from "@roadbed/contracts/paths";
import { ConflictError, type Ctx } from "@roadbed/core";
import type { Flow, Workflows } from "@roadbed/workflows";

import { beginLifetime } from "../lifetime/begin-lifetime.ts";
import { requestUndo } from "../undo/request-undo.ts";
import { advanceRun } from "./internal-operations.ts";
import { renderOutputs } from "./outputs.ts";
import { performStep, type StepDeps } from "./perform-step.ts";
import { openSealed, outputsOf, redactorOf } from "./sealed.ts";
import { differsFromApproved } from "../approval/check-approved.ts";
import { appendLog, wakeReaders } from "./run-log.ts";
import { isFinal, readRun, readSteps, type Status } from "./run-store.ts";

export interface RunFlowInput {
  readonly runId: string;
  readonly attempt: number;
}

/** The workflow of one attempt: `run id`, and for retries `run id.2` and so on. */
export function workflowIdOf(runId: string, attempt: number): string {
  return attempt === 1 ? runId : `${runId}.${attempt}`;
}

/**
 * A run as a durable workflow: one durable step for its beginning, for each step of the path and for its end. Our own tables
 * say how far it is; a durable step that is done again finds that there.
 */
export function defineRunFlow(workflows: Workflows, deps: StepDeps): Flow<RunFlowInput, void> {
  return workflows.define<RunFlowInput, void>("paths.run", async (c, { runId, attempt }) => {
    const steps = await c.step("begin", () => beginRun(deps, runId, attempt), PATIENT);
    try {
      for (let n = 0; n < steps; n++) {
        const { status } = await c.step(`step ${n + 1}`, (s) => performStep(deps, runId, n, attempt, () => s.signal), PATIENT);
        if (status === "cancelled") break;
      }
      await c.step("end", () => endRun(deps, runId, attempt), PATIENT);
    } catch (error) {
      // What the run was given cannot be read here: nothing can be done with it, but nobody is to wait for it for ever.
      if (!(error instanceof ConflictError)) throw error;
      const { message, mend } = error;
      await c.step("give up", () => giveUp(deps, runId, attempt, mend === undefined ? message : `${message} ${mend}`), PATIENT);
    }
  });
}

/** Only an absent database makes these fail, and it comes back. */
const PATIENT = { attempts: 1_000, firstDelayMs: 250 };

/** Answers how many steps there are; none for a run that was cancelled or taken over by a later attempt. */
export async function beginRun(deps: StepDeps, runId: string, attempt: number): Promise<number> {
  const run = await readRun(deps.db, runId);
  if (run.attempt !== attempt || isFinal(run.status)) return 0;
  const differs = run.status === "queued" && attempt === 1 ? await differsFromApproved(deps, run) : undefined;
  if (differs !== undefined) {
    await giveUp(deps, runId, attempt, differs);
    return 0;
  }
  await deps.db.query(
    "update paths.run set status = 'running', started_at = coalesce(started_at, now()) where id = $1 and status = 'queued'",
    [runId],
  );
  if (run.status === "queued") {
    await appendLog(deps.db, runId, {
      level: "info",
      message: `${attempt === 1 ? "Run" : `Attempt ${attempt} of the run`} ${runId} of ${run.path_ref}, for ${run.user_ref}`,
    });
  }
  return run.path.steps.length;
}

/** Ends a run that cannot go on as failed, with the reason at the step it was in, and without outputs. */
async function giveUp(deps: StepDeps, runId: string, attempt: number, reason: string): Promise<void> {
  const run = await readRun(deps.db, runId);
  if (run.attempt !== attempt || isFinal(run.status)) return;
  await appendLog(deps.db, runId, { level: "error", message: reason });
  const call = { ...deps.runtime.system("paths.run"), actor: run.actor_detail.actor };
  await deps.runtime.write(call, advanceRun, { runId }, { kind: "run", id: runId }, async (ctx) => {
    await ctx.sql.query("update paths.run set status = 'failed', ended_at = now() where id = $1", [runId]);
    await ctx.sql.query(
      `update paths.run_step set status = 'failed', error = $2, ended_at = now()
       where run_id = $1 and n = (select min(n) from paths.run_step where run_id = $1 and status in ('open', 'processing'))`,
      [runId, reason],
    );
    await ctx.sql.query("update paths.run_step set status = 'cancelled' where run_id = $1 and status in ('open', 'processing')", [runId]);
    ctx.emit(runFinished, runId, { runId, path: run.path_ref, status: "failed" });
    await settle(ctx, runId, "failed", undefined);
    await wakeReaders(ctx.sql, runId);
  });
}

/** What follows from a run's end: it is taken back where that was asked for, else what it made begins to live. */
async function settle(ctx: Ctx, runId: string, status: Status, entityRef: string | undefined): Promise<void> {
  const run = await readRun(ctx.sql, runId, true);
  if (run.undo_state === "requested") await requestUndo(ctx, run, run.undo_why ?? "It was cancelled.");
  else if (status === "succeeded") await beginLifetime(ctx, run, entityRef);
}

/** Writes down how the run came out and what it made. */
export async function endRun(deps: StepDeps, runId: string, attempt: number): Promise<void> {
  const run = await readRun(deps.db, runId);
  if (run.attempt !== attempt || isFinal(run.status)) return;
  const steps = await readSteps(deps.db, [runId]);
  const status: Status = steps.some((step) => step.status === "failed")
    ? "failed"
    : steps.some((step) => step.status === "cancelled")
      ? "cancelled"
      : "succeeded";
  const sealed = await openSealed(deps.sealer, run);
  const { values, secrets } = sealed;
  const call = { ...deps.runtime.system("paths.run"), actor: run.actor_detail.actor };
  const scope = {
    parameters: values,
    secrets,
    user: run.actor_detail.user,
    taskId: runId,
    path: run.path,
    steps: outputsOf(steps, sealed),
  };
  const made = await renderOutputs(run.path, scope, deps.renderer);
  const redactor = redactorOf(run, sealed);
  for (const warning of made.warnings) await appendLog(deps.db, runId, { level: "warn", message: redactor.text(warning) });
  const outputs = redactor.value(made.outputs);
  const entityRef = typeof outputs["entityRef"] === "string" ? outputs["entityRef"] : undefined;
  const about = [...new Set([...run.about, ...(entityRef === undefined ? [] : [entityRef.toLowerCase()])])];
  await appendLog(deps.db, runId, { level: status === "failed" ? "error" : "info", message: `The run ${status}.` });
  await deps.runtime.write(call, advanceRun, { runId }, { kind: "run", id: runId }, async (ctx) => {
    await ctx.sql.query(
      `update paths.run set status = $2, outputs = $3, links = $4, entity_ref = $5, ended_at = now(), about = $6,
         sealed = case when $2 = 'succeeded' then null else sealed end
       where id = $1`,
      [runId, status, JSON.stringify(outputs), JSON.stringify(redactor.value(made.links)), entityRef ?? null, about],
    );
    await ctx.sql.query("update paths.run_step set status = 'cancelled' where run_id = $1 and status in ('open', 'processing')", [runId]);
    ctx.emit(runFinished, runId, { runId, path: run.path_ref, status, about, ...(entityRef === undefined ? {} : { entityRef }) });
    await settle(ctx, runId, status, entityRef);
    await wakeReaders(ctx.sql, runId);
  });
  if (status === "succeeded") await deps.snapshots.forget(runId);
}
