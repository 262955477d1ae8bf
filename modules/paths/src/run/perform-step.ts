import { runProgressed } from "@roadbed/contracts/paths";
import { stopsTheAct } from "@roadbed/contracts/standards";
import { CancelledError, DeniedError, DomainError, type Call, type Problem, type Sql } from "@roadbed/core";
import { isConnectionLost, type Database, type PostgresRuntime, type Sealer } from "@roadbed/postgres";

import type { ActionContext, Output } from "../action/action.ts";
import type { Actions } from "../action/actions.ts";
import { isFileError, runAction } from "../action/run-action.ts";
import type { Catalog, Standards } from "../deps.ts";
import type { Sources } from "../ledger/source-store.ts";
import { rememberMade } from "../ledger/remember-made.ts";
import type { Renderer } from "../render/renderer.ts";
import { collectResources } from "../workspace/collect-resources.ts";
import type { Snapshots } from "../workspace/snapshots.ts";
import { advanceRun, judgeRun, makeThing } from "./internal-operations.ts";
import { once, readNote } from "./once.ts";
import type { Redactor } from "./redact.ts";
import { appendLog, wakeReaders } from "./run-log.ts";
import { isFinal, readRun, readSteps, type RunRow, type StepRow, type StepState } from "./run-store.ts";
import { openSealed, outputsOf, partOutput, redactorOf, type Sealed } from "./sealed.ts";
import { gatherOutputs, planStep, type Plan, type Scope } from "./step-context.ts";

export interface StepDeps {
  readonly db: Database;
  readonly runtime: PostgresRuntime;
  readonly actions: Actions;
  readonly renderer: Renderer;
  readonly standards: Standards;
  readonly snapshots: Snapshots;
  readonly sealer: Sealer;
  readonly sources: Sources;
  readonly catalog: Catalog;
  readonly dataDir: string;
  readonly pollMs?: number;
}

/** How a step came out; written into the workflow's own record, so small and without secrets. */
export interface StepOutcome {
  readonly status: StepState;
}

/** What is known when a step begins. */
export interface Work {
  readonly run: RunRow;
  readonly step: StepRow;
  readonly scope: Scope;
  readonly sealed: Sealed;
  /** Where the path's files are: the version that was kept when the run began, whatever became of the path since. */
  readonly home: { readonly folder: string | undefined; readonly root: string | undefined };
  readonly redactor: Redactor;
  readonly failed: boolean;
  readonly call: Call;
}

/**
 * Does step `n` of a run, or finds that it was done. May be called again for the same step after a crash at any place: the
 * workspace is the one the step was given, and what it makes outside is made under the same key. Throws only when the
 * database is away; every other failure is the step's outcome.
 */
export async function performStep(
  deps: StepDeps,
  runId: string,
  n: number,
  attempt: number,
  signal: () => AbortSignal,
): Promise<StepOutcome> {
  const work = await load(deps, runId, n);
  if (work.run.attempt !== attempt || isFinal(work.run.status)) return { status: work.step.status };
  if (work.step.status === "completed" || work.step.status === "failed" || work.step.status === "skipped")
    return { status: work.step.status };
  if (work.run.cancel_requested) return end(deps, work, { status: "cancelled" });
  if (work.step.status === "processing") await say(deps, work, "warn", "Interrupted; the step begins again.");
  try {
    return await doStep(deps, work, signal);
  } catch (error) {
    if (isAway(error)) throw error;
    if (error instanceof CancelledError) {
      if ((await readRun(deps.db, runId)).cancel_requested) return end(deps, work, { status: "cancelled" });
      throw error;
    }
    return end(deps, work, { status: "failed", error: describe(error) });
  }
}

async function doStep(deps: StepDeps, work: Work, signal: () => AbortSignal): Promise<StepOutcome> {
  const spec = work.run.path.steps[work.step.n];
  if (!spec) throw new Error(`the run has no step ${work.step.n}`);
  const plan = await planStep(spec, work.scope, work.failed, deps.actions, deps.renderer);
  work.redactor.add(plan.derived);
  for (const warning of plan.warnings) await say(deps, work, "warn", warning);
  if (!plan.run) {
    await say(deps, work, "info", `Skipping step ${work.step.name}`);
    return end(deps, work, { status: "skipped" });
  }
  await begin(deps, work, plan.action.waits === true);
  await say(deps, work, "info", `Beginning step ${work.step.name}`);

  const base = await openWorkspace(deps, work);
  if (plan.action.reach === "outside" || plan.action.id === "roadbed:policy") await judge(deps, work, base);
  const writes = plan.action.reach === "local" && plan.action.writesWorkspace !== false;
  const folder = writes ? await deps.snapshots.draft(work.run.id, work.run.workspace) : base;
  const output = await runTurns(deps, work, plan, folder, signal);
  const next = writes ? work.run.workspace + 1 : work.run.workspace;
  if (writes) await deps.snapshots.keep(work.run.id, next);
  await say(deps, work, "info", `Finished step ${work.step.name}`);
  const outcome = await end(deps, work, { status: "completed", output, secretOutput: plan.action.secretOutput, workspace: next });
  await deps.snapshots.forgetBefore(work.run.id, next);
  return outcome;
}

/** Each turn of `each`, one after the other. A cancel ends an action that only waits. */
async function runTurns(deps: StepDeps, work: Work, plan: Plan, folder: string, signal: () => AbortSignal): Promise<Output> {
  const cancel = new AbortController();
  const watch = plan.action.waits === true ? setInterval(() => void abortIfCancelled(deps, work, cancel), deps.pollMs ?? 1_000) : undefined;
  const signals = plan.action.waits === true ? AbortSignal.any([cancel.signal, signal()]) : cancel.signal;
  try {
    const outputs: Output[] = [];
    for (const [turn, input] of plan.inputs.entries()) {
      outputs.push(await runAction(plan.action, contextFor(deps, work, folder, turn, signals), input));
    }
    return gatherOutputs(outputs, plan.repeated);
  } finally {
    clearInterval(watch);
  }
}

async function abortIfCancelled(deps: StepDeps, work: Work, cancel: AbortController): Promise<void> {
  const run = await readRun(deps.db, work.run.id).catch(() => undefined);
  if (run?.cancel_requested === true) cancel.abort();
}

/** What an action gets of a step of a run. */
export function contextFor(deps: StepDeps, work: Work, workspace: string, turn: number, signal: AbortSignal): ActionContext {
  const { run, step, scope, call } = work;
  const key = `${run.id}:${step.id}${turn === 0 ? "" : `:${turn}`}`;
  return {
    workspace,
    template: { ref: run.path_ref, ...work.home },
    taskId: run.id,
    user: scope.user,
    key,
    signal,
    renderer: deps.renderer,
    call,
    log: (level, message) => say(deps, work, level, message),
    remember: (ctx, publication) => rememberMade(ctx, run, key, publication),
    once: (name, make) => once(deps.db, { runId: run.id, key, name }, make),
    noted: async (name) => (await readNote<never>(deps.db, key, name))?.value,
    read: (ask) => deps.runtime.read(call, ask),
    asStarter: { ...call, scopes: new Set(run.actor_detail.scopes ?? []) },
    write: (make) => deps.runtime.write(call, makeThing, { runId: run.id, step: step.id }, { kind: "run", id: run.id }, make),
  };
}

/** Asks the policies about a workspace that they have not seen, and stores what they said. Throws `DeniedError`. */
async function judge(deps: StepDeps, work: Work, workspace: string): Promise<void> {
  const { run, call } = work;
  if (run.judged_workspace === run.workspace) return;
  const { resources, unreadable } = await collectResources(workspace);
  for (const file of unreadable) await say(deps, work, "warn", `${file}: could not be read, policies were not asked about it.`);
  const verdict = await deps.runtime.write(call, judgeRun, { runId: run.id }, { kind: "run", id: run.id }, async (ctx) => {
    const judgement = await deps.standards.judge(ctx, { subject: `paths.path.run ${run.path.name}`, resources });
    await ctx.sql.query(
      "update paths.run set decision_id = $2, judged_workspace = case when $3 then null else workspace end where id = $1",
      [run.id, judgement.decisionId, stopsTheAct(judgement.verdict)],
    );
    return judgement;
  });
  for (const { severity, message, mend, resource } of verdict.findings) {
    await say(deps, work, severity === "deny" ? "error" : "warn", `${resource}: ${message} ${mend}`);
  }
  if (stopsTheAct(verdict.verdict)) throw deniedBy(verdict);
  await say(deps, work, "info", `Policies were asked about ${resources.length} things: ${verdict.verdict}.`);
}

/** One problem per failed rule. */
export function deniedBy({ findings, decisionId }: Awaited<ReturnType<Standards["judge"]>>): DeniedError {
  const denied = findings.filter(({ severity }) => severity === "deny");
  const problems: Problem[] = denied.map(({ resource, file, message, mend }) => ({ at: file ?? resource, reason: message, mend }));
  return new DeniedError(`Policy says no: ${[...new Set(denied.map(({ message }) => message))].join(" ")}`, { problems, decisionId });
}

/** What is known of a step of a run; secrets only while the run may still need them. */
export async function load(deps: StepDeps, runId: string, n: number): Promise<Work> {
  const run = await readRun(deps.db, runId);
  const steps = await readSteps(deps.db, [runId]);
  const step = steps[n];
  if (!step) throw new Error(`the run ${runId} has no step ${n}`);
  const sealed = await openSealed(deps.sealer, run);
  const call: Call = { ...deps.runtime.system("paths.run"), actor: run.actor_detail.actor, reason: `run ${runId} of ${run.path_ref}` };
  const home = run.source_digest === null ? run.path : await deps.sources.open(deps.db, run.source_digest);
  return {
    run,
    step,
    call,
    home: { folder: home.folder, root: home.root },
    failed: steps.some(({ status }) => status === "failed"),
    sealed,
    redactor: redactorOf(run, sealed),
    scope: {
      parameters: sealed.values,
      secrets: sealed.secrets,
      user: run.actor_detail.user,
      taskId: runId,
      path: run.path,
      steps: outputsOf(steps, sealed),
    },
  };
}

/** The workspace as the step before left it; made again by its local steps where the folder was lost with a machine. */
async function openWorkspace(deps: StepDeps, work: Work): Promise<string> {
  const { run } = work;
  const found = await deps.snapshots.open(run.id, run.workspace);
  if (found !== undefined) return found;
  await say(deps, work, "warn", "The workspace is not on this machine; it is made again.");
  await deps.snapshots.open(run.id, 0);
  const draft = await deps.snapshots.draft(run.id, 0);
  const steps = await readSteps(deps.db, [run.id]);
  for (const done of steps.slice(0, work.step.n).filter(({ status }) => status === "completed")) {
    const spec = run.path.steps[done.n];
    const action = deps.actions.get(done.action);
    if (!spec || action?.reach !== "local" || action.writesWorkspace === false) continue;
    const plan = await planStep(spec, work.scope, false, deps.actions, deps.renderer);
    for (const input of plan.inputs)
      await runAction(action, { ...contextFor(deps, work, draft, 0, new AbortController().signal), log: async () => {} }, input);
  }
  await deps.snapshots.keep(run.id, run.workspace);
  return (await deps.snapshots.open(run.id, run.workspace)) ?? draft;
}

async function begin(deps: StepDeps, work: Work, waits: boolean): Promise<void> {
  await advance(deps, work, "processing", async (sql) => {
    await sql.query(
      "update paths.run_step set status = 'processing', started_at = coalesce(started_at, now()), error = null where run_id = $1 and n = $2",
      [work.run.id, work.step.n],
    );
    await sql.query("update paths.run set status = $2 where id = $1", [work.run.id, waits ? "waiting" : "running"]);
  });
}

interface Ending {
  readonly status: "completed" | "failed" | "skipped" | "cancelled";
  readonly error?: string;
  readonly output?: Output;
  readonly secretOutput?: readonly string[] | undefined;
  readonly workspace?: number;
}

async function end(deps: StepDeps, work: Work, ending: Ending): Promise<StepOutcome> {
  const error = ending.error === undefined ? undefined : work.redactor.text(ending.error);
  if (error !== undefined) await say(deps, work, "error", error);
  const { shown, hidden } = ending.output === undefined ? { shown: null, hidden: {} } : partOutput(ending.output, ending.secretOutput);
  const resealed = Object.keys(hidden).length === 0 ? null : await sealAlso(deps, work, hidden);
  await advance(deps, work, ending.status, async (sql) => {
    await sql.query("update paths.run_step set status = $3, ended_at = now(), error = $4, output = $5 where run_id = $1 and n = $2", [
      work.run.id,
      work.step.n,
      ending.status,
      error ?? null,
      JSON.stringify(shown),
    ]);
    await sql.query(
      `update paths.run set status = 'running', workspace = coalesce($2, workspace), error = coalesce(error, $3),
         about = case when $4::text is null or $4 = any(about) then about else about || $4 end, sealed = coalesce($5, sealed)
       where id = $1`,
      [work.run.id, ending.workspace ?? null, error ?? null, madeRef(ending.output), resealed],
    );
  });
  return { status: ending.status };
}

/** What was sealed of the run, with what this step made. */
function sealAlso(deps: StepDeps, { run, step, sealed }: Work, made: Output): Promise<Buffer> {
  return deps.sealer.seal({ ...sealed, outputs: { ...sealed.outputs, [step.id]: made } }, run.id);
}

/** The entity that a step put into the catalogue. */
function madeRef(output: Output | undefined): string | null {
  const ref = output?.["entityRef"];
  return typeof ref === "string" ? ref.toLowerCase() : null;
}

async function advance(deps: StepDeps, { run, step }: Work, status: StepState, change: (sql: Sql) => Promise<void>): Promise<void> {
  await deps.runtime.write(
    deps.runtime.system("paths.run"),
    advanceRun,
    { runId: run.id, step: step.id },
    { kind: "run", id: run.id },
    async (ctx) => {
      await change(ctx.sql);
      ctx.emit(runProgressed, run.id, { runId: run.id, stepId: step.id, status });
      await wakeReaders(ctx.sql, run.id);
    },
  );
}

async function say(deps: StepDeps, { run, step, redactor }: Work, level: "info" | "warn" | "error", message: string): Promise<void> {
  await appendLog(deps.db, run.id, { stepId: step.id, level, message: redactor.text(message) });
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof DomainError && error.mend !== undefined) return `${error.message} ${error.mend}`;
  return error.message;
}

/** Nothing is known to be wrong with the step: it is tried again. */
function isAway(error: unknown): boolean {
  return (
    (isConnectionLost(error) && !isFileError(error)) ||
    (error instanceof DomainError && isConnectionLost(error.cause) && !isFileError(error.cause))
  );
}
