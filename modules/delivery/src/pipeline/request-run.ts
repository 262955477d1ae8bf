import { pipelineRequested, type PipelineRun } from "@roadbed/contracts/delivery/pipelines";
import { formatActor, InvalidError, newId, type Ctx } from "@roadbed/core";
import type { Commit } from "@roadbed/git";

import type { DeliveryDeps } from "../deps.ts";
import type { RepositoryRecord } from "../repository/repository-store.ts";
import { parsePipeline, PIPELINE_FILE, type Pipeline } from "./describe-pipeline.ts";
import { finishRun, insertRun, subjectOf, tellFinished, findRun, type RunRow } from "./pipeline-store.ts";

export interface RunRequest {
  readonly repository: RepositoryRecord;
  readonly branch: string;
  readonly commit: Commit;
  readonly trigger: PipelineRun["trigger"];
  readonly changeId?: string | undefined;
}

/**
 * The run of a commit that arrived: undefined where the commit describes no pipeline. A commit has one such run, by whatever ways it is heard of.
 * What still waits for its turn on the branch is overtaken.
 */
export async function requestRunOnce(deps: DeliveryDeps, ctx: Ctx, request: RunRequest): Promise<RunRow | undefined> {
  const text = await pipelineAt(deps, request.repository.name, request.commit.hash);
  if (text === undefined) return undefined;
  await ctx.sql.query("select pg_advisory_xact_lock(hashtext('delivery.pipeline'), hashtext($1))", [request.repository.name]);
  const { name } = request.repository;
  const known = await newestOf(ctx, name, request.commit.hash);
  // What was overtaken and is what the branch holds again was not built after all.
  const again = known?.state === "superseded" && (await deps.repositories.head(name, request.branch)) === request.commit.hash;
  return known === undefined || again ? insert(ctx, request, text) : known;
}

/** A run by somebody's wish, whatever was run before. Throws `InvalidError` where the commit describes none. */
export async function requestRunAgain(deps: DeliveryDeps, ctx: Ctx, request: RunRequest): Promise<RunRow> {
  const text = await pipelineAt(deps, request.repository.name, request.commit.hash);
  if (text !== undefined) return insert(ctx, request, text);
  throw new InvalidError(`${request.repository.name} has no ${PIPELINE_FILE} at ${request.commit.hash.slice(0, 7)}.`, {
    mend: `Add a ${PIPELINE_FILE} that says how it is built and tested, and push.`,
  });
}

/** The description of the pipeline in a commit. */
export async function pipelineAt(
  { repositories }: Pick<DeliveryDeps, "repositories">,
  repository: string,
  commit: string,
): Promise<string | undefined> {
  const content = await repositories.readFile(repository, commit, PIPELINE_FILE);
  return content === undefined ? undefined : Buffer.from(content).toString("utf8");
}

async function newestOf(ctx: Ctx, repository: string, commit: string): Promise<RunRow | undefined> {
  const { rows } = await ctx.sql.query<{ id: string }>(
    "select id from delivery.pipeline_run where repository = $1 and commit = $2 and host = 'roadbed' order by id desc limit 1",
    [repository, commit],
  );
  return rows[0] && findRun(ctx.sql, rows[0].id);
}

async function insert(ctx: Ctx, { repository, branch, commit, trigger, changeId }: RunRequest, text: string): Promise<RunRow> {
  const { pipeline, fault } = read(text);
  await supersede(ctx, repository.name, branch);
  const id = newId("pip", ctx.now().getTime());
  await insertRun(ctx.sql, {
    id,
    repository: repository.name,
    entity_ref: repository.entityRef,
    branch,
    commit: commit.hash,
    message: commit.message,
    author: commit.author.name,
    trigger,
    change_id: changeId ?? null,
    state: fault === undefined ? "queued" : "failed",
    error: fault ?? null,
    definition: pipeline ?? null,
    asked_by: formatActor(ctx.actor),
    created_at: ctx.now(),
  });
  const run = (await findRun(ctx.sql, id))!;
  if (fault === undefined) ctx.emit(pipelineRequested, repository.entityRef, subjectOf(run));
  else tellFinished(ctx, run);
  return run;
}

/** What cannot be read is a run that failed before it began: it says why, where people look. */
function read(text: string): { pipeline?: Pipeline; fault?: string } {
  try {
    return { pipeline: parsePipeline(text) };
  } catch (error) {
    if (error instanceof InvalidError) return { fault: error.message };
    throw error;
  }
}

async function supersede(ctx: Ctx, repository: string, branch: string): Promise<void> {
  const { rows } = await ctx.sql.query<{ id: string }>(
    "select id from delivery.pipeline_run where repository = $1 and branch = $2 and host = 'roadbed' and state = 'queued' for update",
    [repository, branch],
  );
  for (const { id } of rows) await finishRun(ctx, id, "superseded", { error: "A newer push came before it began." });
}
