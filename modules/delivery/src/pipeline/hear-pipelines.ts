import { buildTold } from "@roadbed/contracts/catalog/builds";
import { repositoryPushed } from "@roadbed/contracts/delivery";
import { changeMoved, changeOpened } from "@roadbed/contracts/delivery/changes";
import { pipelineFinished, pipelineRequested } from "@roadbed/contracts/delivery/pipelines";
import { releaseMade } from "@roadbed/contracts/delivery/releases";
import { NotFoundError, type Ctx, type Subscription } from "@roadbed/core";
import type { Flow } from "@roadbed/workflows";

import { attestRelease, attestRun, type Signer } from "../attestation/attest-commit.ts";
import { readChange } from "../change/change-store.ts";
import type { DeployInput } from "../deployment/deploy-flow.ts";
import type { DeliveryDeps } from "../deps.ts";
import { findReleases } from "../release/release-store.ts";
import { findRepository } from "../repository/repository-store.ts";
import { hear } from "../hear.ts";
import { releaseWaiting } from "./await-pipeline.ts";
import type { Pipelines } from "./pipeline-flow.ts";
import { findRun } from "./pipeline-store.ts";
import { takeTold } from "./take-told.ts";
import { pipelineAt, requestRunOnce, type RunRequest } from "./request-run.ts";

/** What begins runs, and what is done when they end. */
export function hearPipelines(deps: DeliveryDeps, pipelines: Pipelines, deploy: Flow<DeployInput, string>, signer: Signer): Subscription[] {
  return [
    hear("delivery.run-pipeline-on-push", repositoryPushed, (ctx, { payload: { repository, branch, after } }) =>
      requestOf(deps, ctx, { repository, branch, commit: after, trigger: "push" }),
    ),
    ...[changeOpened, changeMoved].map((event) =>
      hear(`delivery.run-pipeline-on-${event.name.split(".").at(-1)!}-change`, event, async (ctx, { payload: { changeId } }) => {
        const change = await readChange(ctx.sql, changeId).catch(() => undefined);
        if (change?.status !== "open") return;
        const { repository, branch, head } = change;
        await requestOf(deps, ctx, { repository, branch, commit: head, trigger: "change", changeId });
      }),
    ),
    hear("delivery.take-told-build", buildTold, (ctx, { payload }) => takeTold(deps, ctx, payload)),
    hear("delivery.begin-pipeline", pipelineRequested, async (_ctx, { payload: { runId } }) => {
      await deps.workflows.start(pipelines.flow, { runId }, { id: runId });
    }),
    hear("delivery.attest-run", pipelineFinished, async (ctx, { payload: { runId, state, host } }) => {
      const run = state === "succeeded" && host === "roadbed" ? await findRun(ctx.sql, runId) : undefined;
      if (run !== undefined) await attestRun(deps, signer, ctx, run);
    }),
    hear("delivery.attest-release", releaseMade, async (ctx, { payload: { releaseId } }) => {
      const release = (await findReleases(ctx.sql, [releaseId])).get(releaseId);
      if (release !== undefined) await attestRelease(deps, signer, ctx, release);
    }),
    hear("delivery.follow-pipeline", pipelineFinished, async (ctx, { payload: { runId, state, host } }) => {
      // What was ended by somebody, or overtaken, may still be at work.
      if (host === "roadbed" && (state === "cancelled" || state === "superseded")) await deps.workflows.cancel(runId);
      for (const deploymentId of await releaseWaiting(deps, ctx, runId))
        await deps.workflows.start(deploy, { deploymentId }, { id: deploymentId });
    }),
  ];
}

async function requestOf(
  deps: DeliveryDeps,
  ctx: Ctx,
  {
    repository: name,
    commit: hash,
    ...rest
  }: Omit<RunRequest, "repository" | "commit"> & { readonly repository: string; readonly commit: string },
): Promise<void> {
  const repository = await findRepository(ctx.sql, name);
  if (repository === undefined || /^0+$/.test(hash)) return;
  // Most commits of most repositories describe none: nothing more is read of them, nor of what is gone meanwhile.
  const text = await pipelineAt(deps, name, hash).catch((error: unknown) => {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  });
  if (text === undefined) return;
  const [commit] = await deps.repositories.log(name, { ref: hash, limit: 1 });
  if (commit !== undefined) await requestRunOnce(deps, ctx, { ...rest, repository, commit });
}
