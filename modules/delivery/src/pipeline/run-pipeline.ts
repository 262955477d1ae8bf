import { mkdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

import type { PipelineStep, TestCounts } from "@roadbed/contracts/delivery/pipelines";
import { CancelledError, type Ctx } from "@roadbed/core";
import type { Sealer } from "@roadbed/postgres";

import type { DeliveryDeps } from "../deps.ts";
import { advancePipeline } from "../internal-operations.ts";
import { findRepository } from "../repository/repository-store.ts";
import { openLogFile, type LogFile } from "../runtime/log-file.ts";
import type { ProcessLedger } from "../runtime/process-ledger.ts";
import type { Toolchain } from "../runtime/toolchain.ts";
import type { Pipeline, StepText } from "./describe-pipeline.ts";
import { secretsOf } from "./pipeline-secrets.ts";
import { findRun, finishRun, readSteps, type RunRow } from "./pipeline-store.ts";
import { addReports } from "./read-junit.ts";
import { runStep, type StepEnd, type StepJob } from "./run-step.ts";
import { foldersOf, type Folders } from "./pipeline-folders.ts";

export interface PipelineParts {
  readonly toolchain: Toolchain;
  readonly ledger: ProcessLedger;
  readonly sealer: Sealer;
  readonly graceMs: number;
  /** Resolves when what an earlier server left running has ended: nothing may begin beside it. */
  ready(): Promise<void>;
}

/** How many steps of one run work at once. */
const SIDE_BY_SIDE = 4;
/** A step's output in files that rotate: the end of what is too much is kept. */
const LOG = { maxFileBytes: 2 * 2 ** 20, maxFiles: 4 };

/**
 * Runs what a run still has to do. The rows of its steps are the truth: called again after a crash, steps that ended are kept with what they
 * left in the work tree, and those that were cut off begin again.
 */
export async function runPipeline(deps: DeliveryDeps, parts: PipelineParts, runId: string, signal: AbortSignal): Promise<string> {
  await parts.ready();
  const run = await begin(deps, runId);
  if (run === undefined) return (await findRun(deps.db, runId))?.state ?? "superseded";
  const folders = foldersOf(deps.dataDir, run.repository, runId);
  const definition = run.definition!;
  const repository = await findRepository(deps.db, run.repository);
  const secrets = await secretsOf(deps.db, parts.sealer, run.repository);
  const hidden = [...secrets.values(), ...(await passwordsIn(parts.toolchain))].flatMap(partsOf);
  const redact = (message: string): string => hidden.reduce((text, secret) => text.replaceAll(secret, "***"), message);
  await prepareTree(deps, run, folders);
  const jobOf = (step: StepText, log: LogFile): StepJob => ({
    step,
    runId,
    repository: run.repository,
    commit: run.commit,
    branch: run.branch,
    env: definition.env,
    secrets: Object.fromEntries(secrets),
    cache: {
      sql: deps.db,
      dir: folders.cache,
      repository: run.repository,
      branch: run.branch,
      defaultBranch: repository?.defaultBranch ?? "main",
      tree: folders.tree,
      home: folders.home,
    },
    artefactsTo: folders.artefacts,
    log,
    ledger: parts.ledger,
    toolchain: parts.toolchain,
    graceMs: parts.graceMs,
    signal,
  });
  const states = await work(
    deps,
    run,
    definition,
    async (step, begun) => {
      const log = (await openLogFile({ dir: join(folders.log, step.name), redact, ...LOG })).part();
      if (begun > 1) log.write("roadbed", "the server was restarted while the step ran: it begins again");
      const end = await runStep(jobOf(step, log));
      const outcome = end.state === "succeeded" ? "succeeded" : (end.error?.split("\n")[0] ?? end.state);
      log.write("roadbed", redact(outcome));
      await log.flushed();
      return { ...end, ...(end.error === undefined ? {} : { error: redact(end.error) }) };
    },
    signal,
  );
  // Not an outcome: it was ended by somebody who has written that down, or the server stops and its successor goes on.
  if (signal.aborted) {
    const state = (await findRun(deps.db, runId))?.state;
    if (state !== "running") await rm(folders.work, { recursive: true, force: true });
    throw new CancelledError("The run was ended.");
  }
  const state = await conclude(deps, run, states);
  await rm(folders.work, { recursive: true, force: true });
  return state;
}

async function begin(deps: DeliveryDeps, runId: string): Promise<RunRow | undefined> {
  const { rows } = await deps.db.query<RunRow>(
    `update delivery.pipeline_run set state = 'running', started_at = coalesce(started_at, now())
     where id = $1 and state in ('queued', 'running') and definition is not null returning *`,
    [runId],
  );
  return rows[0];
}

/** The commit's files, once: what steps before a crash left there is still wanted. */
async function prepareTree({ repositories, db }: DeliveryDeps, run: RunRow, folders: Folders): Promise<void> {
  const mark = join(folders.work, "exported");
  const there = await stat(mark).then(
    () => true,
    () => false,
  );
  if (there) return;
  await rm(folders.work, { recursive: true, force: true });
  await mkdir(folders.home, { recursive: true });
  await repositories.exportTree(run.repository, run.commit, folders.tree, { symlinks: true });
  // Without the tree that they left, steps that ended are worth nothing.
  await db.query("update delivery.pipeline_step set state = 'waiting', ended_at = null where run_id = $1 and state = 'succeeded'", [
    run.id,
  ]);
  await mkdir(mark);
}

type States = ReadonlyMap<string, PipelineStep>;

/** Begins each step when those that it needs succeeded; answers how all of them ended. */
async function work(
  deps: DeliveryDeps,
  run: RunRow,
  { steps }: Pipeline,
  begin: (step: StepText, begun: number) => Promise<StepEnd>,
  signal: AbortSignal,
): Promise<States> {
  const states = new Map((await readSteps(deps.db, run.id)).map((step) => [step.name, step.state]));
  const over = (name: string): boolean => !["waiting", "running"].includes(states.get(name)!);
  const going = new Map<string, Promise<void>>();
  const start = async (step: StepText): Promise<void> => {
    const end = await begin(step, await markBegun(deps, run.id, step.name));
    // One that was cut off begins again after the restart; one that was cancelled was written down by who did it.
    if (!signal.aborted) await markEnded(deps, run, step.name, end);
    states.set(step.name, end.state);
    going.delete(step.name);
  };
  for (;;) {
    for (const step of steps.filter(({ name }) => !over(name) && !going.has(name))) {
      if (step.needs.some((need) => over(need) && states.get(need) !== "succeeded")) {
        states.set(step.name, "skipped");
        await deps.db.query("update delivery.pipeline_step set state = 'skipped', ended_at = now() where run_id = $1 and name = $2", [
          run.id,
          step.name,
        ]);
      } else if (!signal.aborted && going.size < SIDE_BY_SIDE && step.needs.every((need) => states.get(need) === "succeeded")) {
        going.set(step.name, start(step));
      }
    }
    if (going.size > 0) await Promise.race(going.values());
    else if (signal.aborted || steps.every(({ name }) => over(name))) break;
  }
  return new Map((await readSteps(deps.db, run.id)).map((step) => [step.name, step]));
}

async function markBegun({ db }: DeliveryDeps, runId: string, name: string): Promise<number> {
  const { rows } = await db.query<{ begun: number }>(
    `update delivery.pipeline_step set state = 'running', begun = begun + 1, started_at = now(), ended_at = null, error = null
     where run_id = $1 and name = $2 and state in ('waiting', 'running') returning begun`,
    [runId, name],
  );
  return rows[0]?.begun ?? 1;
}

async function markEnded({ db }: DeliveryDeps, run: RunRow, name: string, end: StepEnd): Promise<void> {
  await db.transaction(async (sql) => {
    await sql.query(
      `update delivery.pipeline_step set state = $3, error = $4, exit_code = $5, ended_at = now(), cache = $6, tests = $7, failed_tests = $8
       where run_id = $1 and name = $2 and state = 'running'`,
      [
        run.id,
        name,
        end.state,
        end.error ?? null,
        end.exitCode ?? null,
        end.cache ?? null,
        end.tests === undefined ? null : JSON.stringify(end.tests),
        JSON.stringify(end.failures),
      ],
    );
    for (const { path, bytes, digest } of end.artefacts) {
      await sql.query(
        `insert into delivery.pipeline_artefact (run_id, path, step, bytes, digest) values ($1, $2, $3, $4, $5)
         on conflict (run_id, path) do update set step = excluded.step, bytes = excluded.bytes, digest = excluded.digest`,
        [run.id, path, name, bytes, digest],
      );
    }
  });
}

async function conclude(deps: DeliveryDeps, run: RunRow, steps: States): Promise<string> {
  const all = [...steps.values()];
  const bad = all.find(({ state }) => state === "failed" || state === "timed-out");
  const tests = addReports(all.flatMap(({ tests: counts }): TestCounts[] => (counts === undefined ? [] : [counts])));
  const state = bad === undefined ? "succeeded" : "failed";
  const error = bad === undefined ? undefined : `Step ${bad.name}: ${bad.error ?? bad.state}`;
  const call = { ...deps.runtime.system("delivery.pipeline"), idempotencyKey: `${run.id}:${run.started_at?.getTime() ?? 0}:end` };
  await deps.runtime.write(call, advancePipeline, { id: run.id, state }, resourceOf(run), (ctx: Ctx) =>
    finishRun(ctx, run.id, state, { error, tests }),
  );
  return state;
}

export function resourceOf({ entity_ref: ref, repository }: Pick<RunRow, "entity_ref" | "repository">): { kind: string; id: string } {
  return ref === null ? { kind: "repository", id: repository } : { kind: "entity", id: ref };
}

/** A secret of several lines is printed line by line. */
function partsOf(secret: string): string[] {
  return [secret, ...secret.split("\n").map((line) => line.trim())].filter((text) => text.length >= 4).sort((a, b) => b.length - a.length);
}

/** Of addresses of proxies and registries that the machine is set up with. */
async function passwordsIn(toolchain: Toolchain): Promise<string[]> {
  const values = Object.values(await toolchain.buildVariables());
  return values.flatMap((value) => /\/\/[^/@:\s]*:([^/@\s]+)@/.exec(value)?.[1] ?? []);
}
