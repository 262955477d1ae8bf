import { deployCommit, deploymentFinished, deploymentRequested, type Deployment } from "@roadbed/contracts/delivery";
import { ConflictError, handle, InvalidError, newId, NotFoundError, type Ctx, type Handler } from "@roadbed/core";
import type { Commit } from "@roadbed/git";

import type { DeliveryDeps } from "../deps.ts";
import { checkEnvironment, findEnvironment } from "../environment/environment-store.ts";
import { findRepositoryOf, type RepositoryRecord } from "../repository/repository-store.ts";
import { MANIFEST_FILE } from "../workload/manifest.ts";
import { insertDeployment, supersede } from "./deployment-store.ts";

export interface DeploymentRequest {
  readonly entityRef: string;
  readonly environment: string;
  readonly repository: string;
  readonly commit: Commit;
  /** The run of its pipeline that has to succeed before. */
  readonly pipelineRun?: string | undefined;
}

/** The row and the event; the workflow begins when the event is delivered. What is still being built for the same place is overtaken. */
export async function requestDeployment(
  ctx: Ctx,
  { entityRef, environment, repository, commit, pipelineRun }: DeploymentRequest,
): Promise<Deployment> {
  const now = ctx.now();
  for (const { id, commit: old } of await supersede(ctx.sql, entityRef, environment, now)) {
    ctx.emit(deploymentFinished, entityRef, { deploymentId: id, entityRef, environment, status: "superseded", commit: old });
  }
  const deployment: Deployment = {
    id: newId("dep", now.getTime()),
    entityRef,
    environment,
    repository,
    commit: commit.hash,
    message: commit.message.slice(0, 2_000),
    author: commit.author.name,
    status: "queued",
    ...(pipelineRun === undefined ? {} : { pipelineRun }),
    createdAt: now.toISOString(),
  };
  await insertDeployment(ctx.sql, deployment);
  ctx.emit(deploymentRequested, entityRef, { deploymentId: deployment.id, entityRef, environment });
  return deployment;
}

export function makeDeployCommit(deps: DeliveryDeps): Handler {
  return handle(deployCommit, async (ctx, { entityRef, environment, commit }) => {
    await refuseDirect(ctx, environment);
    const repository = await repositoryOf(ctx, entityRef);
    return requestDeployment(ctx, {
      entityRef,
      environment,
      repository: repository.name,
      commit: await findCommit(deps, repository, commit),
    });
  });
}

/** Where releases come from another environment, nothing comes past the gates. */
async function refuseDirect(ctx: Ctx, name: string): Promise<void> {
  await checkEnvironment(ctx.sql, name);
  const environment = await findEnvironment(ctx.sql, name);
  if (environment?.runtime === "kubernetes") {
    throw new ConflictError(`${environment.title} is a cluster: it takes releases with an image, by promotion.`, {
      mend: `Promote a release: roadbed promotion create <component>#<number> ${name}.`,
    });
  }
  if (environment === undefined || environment.upstream.length === 0) return;
  throw new ConflictError(`${environment.title} takes releases by promotion, from ${environment.upstream.join(" or ")}.`, {
    mend: `Promote a release: roadbed promotion create <component>#<number> ${name}.`,
  });
}

export async function repositoryOf(ctx: Ctx, entityRef: string): Promise<RepositoryRecord> {
  const repository = await findRepositoryOf(ctx.sql, entityRef);
  if (repository !== undefined) return repository;
  throw new NotFoundError("repository of", entityRef, "Only components whose code is in the embedded Git host can be deployed here.");
}

/** The commit, default the newest, which must be deployable. */
export async function findCommit(
  { repositories }: DeliveryDeps,
  { name, defaultBranch }: RepositoryRecord,
  wanted: string | undefined,
): Promise<Commit> {
  const [commit] = await repositories.log(name, { ref: wanted ?? defaultBranch, limit: 1 });
  if (commit === undefined) throw new NotFoundError("commit", `${wanted ?? defaultBranch} of ${name}`);
  if ((await repositories.readFile(name, commit.hash, MANIFEST_FILE)) === undefined) {
    throw new InvalidError(`${name} has no ${MANIFEST_FILE} at ${commit.hash.slice(0, 7)}.`, {
      mend: `Add a ${MANIFEST_FILE} that says how it is run.`,
    });
  }
  return commit;
}
