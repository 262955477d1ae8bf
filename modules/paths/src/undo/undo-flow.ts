import { runUndone } from "@roadbed/contracts/paths/undo";
import { DomainError, type Call } from "@roadbed/core";
import type { Flow, Workflows } from "@roadbed/workflows";

import { advanceRun } from "../run/internal-operations.ts";
import type { StepDeps } from "../run/perform-step.ts";
import { appendLog, wakeReaders } from "../run/run-log.ts";
import { readRun, readSteps } from "../run/run-store.ts";
import { undoStep } from "./undo-step.ts";

export interface UndoInput {
  readonly runId: string;
  readonly attempt: number;
}

const PATIENT = { attempts: 1_000, firstDelayMs: 250 };
/** A host that is away is asked again for a while; then it is listed as what remains, and the rest goes on. */
const FOR_A_WHILE = { attempts: 4, firstDelayMs: 500 };

export function undoIdOf(runId: string, attempt: number): string {
  return `${runId}.undo-${attempt}`;
}

/**
 * Takes back what a run made, the last first, as a durable workflow: each step's undo is recorded before the next begins, so that after a
 * crash nothing is taken back twice and nothing is forgotten. What an action cannot take back is listed as what remains.
 */
export function defineUndoFlow(workflows: Workflows, deps: StepDeps): Flow<UndoInput, void> {
  return workflows.define<UndoInput, void>("paths.undo", async (c, { runId, attempt }) => {
    const steps = await c.step("begin", () => begin(deps, runId, attempt), PATIENT);
    for (const n of steps) {
      try {
        await c.step(`undo ${n + 1}`, () => undoOne(deps, runId, n), FOR_A_WHILE);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        await c.step(`list ${n + 1}`, () => note(deps, runId, n, "failed", why), PATIENT);
      }
    }
    await c.step("end", () => end(deps, runId, attempt), PATIENT);
  });
}

/** The steps that reached outside and are not taken back yet, the last first. */
async function begin(deps: StepDeps, runId: string, attempt: number): Promise<number[]> {
  const run = await readRun(deps.db, runId);
  if (run.undo_attempt !== attempt || run.undo_state === "done") return [];
  await deps.db.query("update paths.run set undo_state = 'running' where id = $1", [runId]);
  const { rows } = await deps.db.query<{ n: number }>("select n from paths.run_undo where run_id = $1 and state = 'done'", [runId]);
  const done = new Set(rows.map(({ n }) => n));
  await appendLog(deps.db, runId, { level: "warn", message: `Taking back what this run made: ${run.undo_why ?? ""}` });
  return (await readSteps(deps.db, [runId]))
    .filter(({ n, action, started_at, status }) => {
      const began = status === "completed" || (started_at !== null && status !== "skipped");
      return began && deps.actions.get(action)?.reach === "outside" && !done.has(n);
    })
    .map(({ n }) => n)
    .reverse();
}

async function undoOne(deps: StepDeps, runId: string, n: number): Promise<void> {
  const { rowCount } = await deps.db.query("select 1 from paths.run_undo where run_id = $1 and n = $2 and state = 'done'", [runId, n]);
  if (rowCount > 0) return;
  try {
    const { done, words } = await undoStep(deps, runId, n);
    await note(deps, runId, n, done ? "done" : "remains", words);
  } catch (error) {
    if (!(error instanceof DomainError) || error.code === "UNAVAILABLE" || error.code === "TOO_MANY" || error.code === "CANCELLED")
      throw error;
    await note(deps, runId, n, "failed", error.mend === undefined ? error.message : `${error.message} ${error.mend}`);
  }
}

async function note(deps: StepDeps, runId: string, n: number, state: "done" | "remains" | "failed", words: string): Promise<void> {
  await deps.db.query(
    `insert into paths.run_undo (run_id, n, state, words, at) values ($1, $2, $3, $4, now())
     on conflict (run_id, n) do update set state = excluded.state, words = excluded.words, at = excluded.at where paths.run_undo.state <> 'done'`,
    [runId, n, state, words],
  );
  const step = (await readSteps(deps.db, [runId]))[n];
  await appendLog(deps.db, runId, {
    stepId: step?.id,
    level: state === "done" ? "info" : "warn",
    message: state === "done" ? words : `Remains: ${words}`,
  });
}

async function end(deps: StepDeps, runId: string, attempt: number): Promise<void> {
  const run = await readRun(deps.db, runId);
  if (run.undo_attempt !== attempt || run.undo_state === "done" || run.undo_state === "partly") return;
  const { rows } = await deps.db.query<{ state: string }>("select state from paths.run_undo where run_id = $1", [runId]);
  const remaining = rows.filter(({ state }) => state !== "done").length;
  const state = remaining === 0 ? "done" : "partly";
  const call: Call = { ...deps.runtime.system("paths.undo"), reason: `run ${runId} is taken back` };
  await deps.runtime.write(call, advanceRun, { runId }, { kind: "run", id: runId }, async (ctx) => {
    await ctx.sql.query("update paths.run set undo_state = $2, sealed = null where id = $1", [runId, state]);
    await appendLog(ctx.sql, runId, {
      level: remaining === 0 ? "info" : "warn",
      message:
        remaining === 0
          ? "Everything that the run made is taken back."
          : `Taken back, but for ${remaining} of ${rows.length} steps: see what remains.`,
    });
    ctx.emit(runUndone, runId, {
      runId,
      path: run.path_ref,
      state,
      remaining,
      ...(run.entity_ref === null ? {} : { entityRef: run.entity_ref }),
    });
    await wakeReaders(ctx.sql, runId);
  });
}
