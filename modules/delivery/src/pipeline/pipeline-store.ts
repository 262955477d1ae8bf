import {
  pipelineFinished,
  type FailedTest,
  type PipelineArtefact,
  type PipelineRun,
  type PipelineStep,
  type TestCounts,
} from "@roadbed/contracts/delivery/pipelines";
import { NotFoundError, type Ctx, type Sql } from "@roadbed/core";

import type { Pipeline } from "./describe-pipeline.ts";
import { shownCommands } from "./describe-pipeline.ts";

export interface RunRow extends Record<string, unknown> {
  readonly id: string;
  readonly host: PipelineRun["host"];
  readonly repository: string;
  readonly entity_ref: string | null;
  readonly name: string;
  readonly branch: string;
  readonly commit: string;
  readonly message: string;
  readonly author: string;
  readonly trigger: PipelineRun["trigger"];
  readonly change_id: string | null;
  readonly state: PipelineRun["state"];
  readonly flaky: boolean;
  readonly error: string | null;
  readonly definition: Pipeline | null;
  readonly asked_by: string;
  readonly created_at: Date;
  readonly started_at: Date | null;
  readonly ended_at: Date | null;
  readonly tests: TestCounts | null;
  readonly address: string | null;
  readonly swept_at: Date | null;
}

interface StepRow extends Record<string, unknown> {
  readonly name: string;
  readonly needs: readonly string[];
  readonly commands: readonly string[];
  readonly state: PipelineStep["state"];
  readonly error: string | null;
  readonly exit_code: number | null;
  readonly started_at: Date | null;
  readonly ended_at: Date | null;
  readonly begun: number;
  readonly cache: PipelineStep["cache"] | null;
  readonly tests: TestCounts | null;
  readonly failed_tests: readonly FailedTest[];
  readonly address: string | null;
}

/** A commit that failed once and succeeded another time is told apart from one that is broken. */
const RUN = `
  select r.*, r.state in ('failed', 'succeeded') and exists (
    select 1 from delivery.pipeline_run o where o.repository = r.repository and o.commit = r.commit and o.host = r.host and o.name = r.name
      and o.state = case r.state when 'failed' then 'succeeded' else 'failed' end) as flaky
  from delivery.pipeline_run r`;

export type NewRun = Pick<
  RunRow,
  | "id"
  | "repository"
  | "entity_ref"
  | "branch"
  | "commit"
  | "message"
  | "author"
  | "trigger"
  | "change_id"
  | "state"
  | "error"
  | "definition"
  | "asked_by"
  | "created_at"
>;

export async function insertRun(sql: Sql, run: NewRun): Promise<void> {
  await sql.query(
    `insert into delivery.pipeline_run
       (id, host, repository, entity_ref, name, branch, commit, message, author, trigger, change_id, state, error, definition, asked_by, created_at, ended_at)
     values ($1, 'roadbed', $2, $3, 'pipeline', $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, case when $10 = 'failed' then $14::timestamptz end)`,
    [
      run.id,
      run.repository,
      run.entity_ref,
      run.branch,
      run.commit,
      run.message.slice(0, 2_000),
      run.author,
      run.trigger,
      run.change_id,
      run.state,
      run.error,
      run.definition === null ? null : JSON.stringify(run.definition),
      run.asked_by,
      run.created_at,
    ],
  );
  for (const [n, step] of (run.definition?.steps ?? []).entries()) {
    await sql.query("insert into delivery.pipeline_step (run_id, n, name, needs, commands, state) values ($1, $2, $3, $4, $5, 'waiting')", [
      run.id,
      n,
      step.name,
      step.needs,
      shownCommands(step),
    ]);
  }
}

export async function findRun(sql: Sql, id: string): Promise<RunRow | undefined> {
  const { rows } = await sql.query<RunRow>(`${RUN} where r.id = $1`, [id]);
  return rows[0];
}

/** Throws `NotFoundError`, also for what may not be seen. */
export async function readRun(sql: Sql, id: string, hidden: readonly string[]): Promise<RunRow> {
  const run = await findRun(sql, id);
  if (run !== undefined && !hidden.includes(run.entity_ref ?? "")) return run;
  throw new NotFoundError("run of a pipeline", id, "See roadbed pipeline list.");
}

/** The newest runs of a commit, one for each workflow; what was overtaken before it began says nothing of it. */
export async function runsOfCommit(sql: Sql, repository: string, commit: string): Promise<RunRow[]> {
  const { rows } = await sql.query<RunRow>(
    `select distinct on (host, name) * from (${RUN} where r.repository = $1 and r.commit = $2 and r.state <> 'superseded') s
     order by host, name, id desc`,
    [repository, commit],
  );
  return rows;
}

export interface RunFilter {
  readonly repository?: string | undefined;
  readonly entityRef?: string | undefined;
  readonly branch?: string | undefined;
  readonly commit?: string | undefined;
  readonly state?: string | undefined;
  readonly host?: string | undefined;
  readonly text?: string | undefined;
  readonly only?: "troubled" | "latest" | undefined;
  readonly before?: string | undefined;
  readonly hidden: readonly string[];
  readonly limit: number;
}

/** Newest first: ids grow with time. */
export async function listRuns(sql: Sql, o: RunFilter): Promise<RunRow[]> {
  const text = o.text === undefined || o.text.trim() === "" ? null : `%${o.text.trim().replaceAll(/[\\%_]/g, "\\$&")}%`;
  const { rows } = await sql.query<RunRow>(
    `select * from (${RUN}) s where ($1::text is null or repository = $1) and ($2::text is null or entity_ref = $2)
       and ($3::text is null or branch = $3) and ($4::text is null or commit like $4) and ($5::text is null or state = $5)
       and ($6::text is null or host = $6) and ($7::text is null or concat_ws(' ', repository, branch, commit, message, author) ilike $7)
       and ($8::text is null or ($8 = 'troubled' and (state = 'failed' or flaky)) or ($8 = 'latest' and not exists (
         select 1 from delivery.pipeline_run n where n.repository = s.repository and n.branch = s.branch and n.name = s.name and n.id > s.id)))
       and ($9::text is null or id < $9) and (entity_ref is null or entity_ref <> all($10::text[]))
     order by id desc limit $11`,
    [
      o.repository ?? null,
      o.entityRef ?? null,
      o.branch ?? null,
      o.commit === undefined ? null : `${o.commit.replaceAll(/[^0-9a-f]/g, "")}%`,
      o.state ?? null,
      o.host ?? null,
      text,
      o.only ?? null,
      o.before ?? null,
      o.hidden,
      o.limit,
    ],
  );
  return rows;
}

export async function readSteps(sql: Sql, runId: string): Promise<PipelineStep[]> {
  const { rows } = await sql.query<StepRow>("select * from delivery.pipeline_step where run_id = $1 order by n", [runId]);
  return rows.map(toStep);
}

export async function readArtefacts(sql: Sql, runId: string): Promise<PipelineArtefact[]> {
  const { rows } = await sql.query<{ path: string; step: string; bytes: string; digest: string }>(
    "select path, step, bytes, digest from delivery.pipeline_artefact where run_id = $1 order by path",
    [runId],
  );
  return rows.map((row) => ({ ...row, bytes: Number(row.bytes) }));
}

/** The end of a run that has not ended; says so once. Steps that never began are left behind by it. */
export async function finishRun(
  ctx: Ctx,
  id: string,
  state: "succeeded" | "failed" | "cancelled" | "superseded",
  o: { readonly error?: string | undefined; readonly tests?: TestCounts | undefined } = {},
): Promise<boolean> {
  const { rows } = await ctx.sql.query<RunRow>(
    `update delivery.pipeline_run set state = $2, error = $3, tests = $4, ended_at = $5 where id = $1 and state in ('queued', 'running') returning *`,
    [id, state, o.error ?? null, o.tests === undefined ? null : JSON.stringify(o.tests), ctx.now()],
  );
  const [run] = rows;
  if (run === undefined) return false;
  await ctx.sql.query(
    `update delivery.pipeline_step set state = case state when 'waiting' then $2 else 'cancelled' end, ended_at = $3
     where run_id = $1 and state in ('waiting', 'running')`,
    [id, state === "cancelled" ? "cancelled" : "skipped", ctx.now()],
  );
  tellFinished(ctx, run);
  return true;
}

/** Told of a run that came to its end. */
export function tellFinished(ctx: Ctx, run: RunRow): void {
  ctx.emit(pipelineFinished, run.entity_ref ?? run.repository, {
    ...subjectOf(run),
    state: run.state,
    host: run.host,
    ...(run.error === null ? {} : { error: run.error.slice(0, 2_000) }),
  });
}

export function subjectOf(run: Pick<RunRow, "id" | "repository" | "entity_ref" | "branch" | "commit">): {
  runId: string;
  repository: string;
  entityRef?: string;
  branch: string;
  commit: string;
} {
  const { id, repository, entity_ref: entityRef, branch, commit } = run;
  return { runId: id, repository, ...(entityRef === null ? {} : { entityRef }), branch, commit };
}

export function toRun(row: RunRow): PipelineRun {
  const seconds = row.started_at && row.ended_at && (row.ended_at.getTime() - row.started_at.getTime()) / 1_000;
  return {
    id: row.id,
    host: row.host,
    repository: row.repository,
    ...(row.entity_ref === null ? {} : { entityRef: row.entity_ref }),
    name: row.name,
    branch: row.branch,
    commit: row.commit,
    message: row.message,
    author: row.author,
    trigger: row.trigger,
    ...(row.change_id === null ? {} : { changeId: row.change_id }),
    state: row.state,
    flaky: row.flaky,
    ...(row.error === null ? {} : { error: row.error }),
    askedBy: row.asked_by,
    createdAt: row.created_at.toISOString(),
    ...(row.started_at === null ? {} : { startedAt: row.started_at.toISOString() }),
    ...(row.ended_at === null ? {} : { endedAt: row.ended_at.toISOString() }),
    ...(seconds === null ? {} : { seconds }),
    ...(row.tests === null ? {} : { tests: row.tests }),
    ...(row.address === null ? {} : { address: row.address }),
    swept: row.swept_at !== null,
  };
}

function toStep(row: StepRow): PipelineStep {
  return {
    name: row.name,
    needs: [...row.needs],
    state: row.state,
    commands: [...row.commands],
    ...(row.error === null ? {} : { error: row.error }),
    ...(row.exit_code === null ? {} : { exitCode: row.exit_code }),
    ...(row.started_at === null ? {} : { startedAt: row.started_at.toISOString() }),
    ...(row.ended_at === null ? {} : { endedAt: row.ended_at.toISOString() }),
    begun: row.begun,
    ...(row.cache === null ? {} : { cache: row.cache }),
    ...(row.tests === null ? {} : { tests: row.tests }),
    failedTests: [...row.failed_tests],
    ...(row.address === null ? {} : { address: row.address }),
  };
}
