import type { PipelineRun } from "@roadbed/contracts/delivery/pipelines";
import { ConflictError, type Ctx, type Sql } from "@roadbed/core";

import { finishDeployment } from "../deployment/deployment-store.ts";
import { requestDeployment } from "../deployment/request-deployment.ts";
import type { DeliveryDeps } from "../deps.ts";
import { findRepository } from "../repository/repository-store.ts";
import { PIPELINE_FILE } from "./describe-pipeline.ts";
import { findRun, runsOfCommit, type RunRow } from "./pipeline-store.ts";
import { pipelineAt } from "./request-run.ts";

/** Whether a deployment may begin: it waits for no run, or its run succeeded. One whose run did not is ended, and says why. */
export async function mayBegin(ctx: Ctx, deploymentId: string): Promise<boolean> {
  const { rows } = await ctx.sql.query<{ pipeline_run: string | null }>("select pipeline_run from delivery.deployment where id = $1", [
    deploymentId,
  ]);
  const waitsFor = rows[0]?.pipeline_run;
  const run = waitsFor == null ? undefined : await findRun(ctx.sql, waitsFor);
  if (run === undefined || run.state === "succeeded") return true;
  if (isOver(run)) await finishDeployment(ctx, deploymentId, "failed", refusal(run));
  return false;
}

/**
 * What waited for a run goes on, or ends with its reason. A run that succeeded where an earlier one of the same commit did not deploys it after
 * all, as long as it is what its branch holds. Answers the deployments that may begin.
 */
export async function releaseWaiting(deps: DeliveryDeps, ctx: Ctx, runId: string): Promise<string[]> {
  const run = await findRun(ctx.sql, runId);
  if (run === undefined || !isOver(run)) return [];
  const { rows } = await ctx.sql.query<{ id: string }>(
    "select id from delivery.deployment where pipeline_run = $1 and status = 'queued' order by id",
    [runId],
  );
  if (run.state !== "succeeded") {
    for (const { id } of rows) await finishDeployment(ctx, id, "failed", refusal(run));
    return [];
  }
  if (rows.length === 0) await deployAfterAll(deps, ctx, run);
  return rows.map(({ id }) => id);
}

async function deployAfterAll(deps: DeliveryDeps, ctx: Ctx, run: RunRow): Promise<void> {
  const repository = run.host === "roadbed" ? await findRepository(ctx.sql, run.repository) : undefined;
  if (repository === undefined || repository.defaultBranch !== run.branch || repository.head !== run.commit) return;
  const { rows } = await ctx.sql.query<{ environment: string; status: string; pipeline_run: string | null; started: boolean }>(
    `select distinct on (d.environment) d.environment, d.status, d.pipeline_run, r.state = 'succeeded' as started
     from delivery.deployment d left join delivery.pipeline_run r on r.id = d.pipeline_run
     where d.entity_ref = $1 and d.commit = $2 order by d.environment, d.id desc`,
    [repository.entityRef, run.commit],
  );
  // Only what was stopped by its pipeline: what failed otherwise would fail again.
  const stopped = rows.filter(({ status, pipeline_run, started }) => status === "failed" && pipeline_run !== null && !started);
  const [commit] = stopped.length === 0 ? [] : await deps.repositories.log(run.repository, { ref: run.commit, limit: 1 });
  for (const { environment } of commit === undefined ? [] : stopped) {
    await requestDeployment(ctx, {
      entityRef: repository.entityRef,
      environment,
      repository: repository.name,
      commit: commit!,
      pipelineRun: run.id,
    });
  }
}

/** What stands in the way of a merge: the pipeline of the commit that would come in. */
export async function requirePipeline(
  deps: DeliveryDeps,
  ctx: Ctx,
  change: { readonly repository: string; readonly head: string },
): Promise<void> {
  if ((await pipelineAt(deps, change.repository, change.head)) === undefined) return;
  const run = await runOf(ctx.sql, change.repository, change.head);
  if (run?.state === "succeeded") return;
  const again = `Mend it and push, or run it again: roadbed pipeline run ${change.repository} --commit ${change.head.slice(0, 12)}.`;
  if (run === undefined) throw new ConflictError(`${PIPELINE_FILE} has not run for this commit.`, { mend: again });
  const problems = [{ at: run.id, reason: run.error?.split("\n")[0] ?? `it is ${run.state}` }];
  if (!isOver(run))
    throw new ConflictError(`The pipeline of this commit is ${run.state}.`, {
      problems,
      mend: `Wait for it: roadbed pipeline show ${run.id}.`,
    });
  throw new ConflictError(refusal(run), { problems, mend: again });
}

/** The run by which a commit of the embedded host is judged: its newest. */
export async function runOf(sql: Sql, repository: string, commit: string): Promise<RunRow | undefined> {
  return (await runsOfCommit(sql, repository, commit)).find(({ host }) => host === "roadbed");
}

export function isOver({ state }: { readonly state: PipelineRun["state"] }): boolean {
  return state !== "queued" && state !== "running";
}

function refusal({ id, state, error }: RunRow): string {
  const words = { failed: "failed", cancelled: "was cancelled", superseded: "was overtaken by a newer push" }[state as "failed"] ?? state;
  return [`Its pipeline ${words} (${id}).`, ...(error === null ? [] : [error])].join(" ");
}
