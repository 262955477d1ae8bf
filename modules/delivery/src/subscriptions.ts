import { entityRemoved } from "@roadbed/contracts/catalog";
import { deploymentFinished, deploymentRequested, repositoryPushed, workloadCommanded } from "@roadbed/contracts/delivery";
import { credentialChanged } from "@roadbed/contracts/delivery/credentials";
import { executionRequested } from "@roadbed/contracts/delivery/executions";
import { resourceChanged } from "@roadbed/contracts/paths/resources";
import type { Ctx, DomainEvent, EventType, Subscription } from "@roadbed/core";
import type { Flow } from "@roadbed/workflows";

import { followPush } from "./change/follow-pushes.ts";
import type { DeployInput } from "./deployment/deploy-flow.ts";
import { findDeployment } from "./deployment/deployment-store.ts";
import { requestDeployment } from "./deployment/request-deployment.ts";
import type { DeliveryDeps } from "./deps.ts";
import { findEnvironment } from "./environment/environment-store.ts";
import { releaseDeployed } from "./release/make-release.ts";
import type { Scheduler } from "./job/scheduler.ts";
import { findRepository } from "./repository/repository-store.ts";
import type { WorkloadControl } from "./workload/control-workloads.ts";
import { MANIFEST_FILE } from "./workload/manifest.ts";
import { findWorkload, setDesired } from "./workload/workload-store.ts";

/** Where a push to the default branch is deployed to by itself. */
const FIRST_ENVIRONMENT = "dev";

export function makeSubscriptions(
  deps: DeliveryDeps,
  flow: Flow<DeployInput, string>,
  control: WorkloadControl,
  scheduler: Scheduler,
): Subscription[] {
  return [
    hear("delivery.deploy-on-push", repositoryPushed, (ctx, { payload }) => deployPushed(deps, ctx, payload)),
    hear("delivery.changes-hear-pushes", repositoryPushed, (ctx, { payload }) => followPush(deps, ctx, payload)),
    hear("delivery.begin-deployment", deploymentRequested, async (ctx, { payload }) => {
      await cancelSuperseded(deps, ctx, payload);
      await deps.workflows.start(flow, { deploymentId: payload.deploymentId }, { id: payload.deploymentId });
    }),
    hear("delivery.release-deployed", deploymentFinished, async (ctx, { payload: { deploymentId, environment, status } }) => {
      if (status !== "healthy" || !(await beginsHere(ctx, environment))) return;
      const deployment = await findDeployment(ctx.sql, deploymentId);
      if (deployment !== undefined) await releaseDeployed(deps, ctx, deployment);
    }),
    hear("delivery.command-workload", workloadCommanded, async (_ctx, { payload }) => {
      // Not waited for: ending a process takes its time, and other events are not to wait for it.
      void control.apply(payload.entityRef, payload.environment, payload.command === "restart");
    }),
    hear("delivery.begin-execution", executionRequested, async (_ctx, { payload }) => {
      void scheduler.begin(payload.executionId);
    }),
    hear("delivery.hand-over-credentials", credentialChanged, async (ctx, { payload }) => {
      const { caller, callee, environment } = payload;
      const runs = async (ref: string): Promise<boolean> => (await findWorkload(ctx.sql, ref, environment))?.desired === "running";
      const [calls, answers] = [await runs(caller), await runs(callee)];
      // What is called first: it must know the new token before it is used. Not waited for, as above.
      void (async () => {
        if (answers) await control.apply(callee, environment, true);
        if (calls) await control.apply(caller, environment, true);
      })();
    }),
    hear("delivery.hear-resources", resourceChanged, async (ctx, { payload: { consumer, environment, state } }) => {
      if (consumer === undefined || (state !== "ready" && state !== "destroyed")) return;
      const found = await findWorkload(ctx.sql, consumer, environment);
      // It sees its variables at its next start; one that is stopped stays so.
      if (found?.desired === "running") void control.apply(consumer, environment, true);
    }),
    hear("delivery.stop-removed", entityRemoved, (ctx, { payload }) => stopAll(ctx, payload.ref)),
  ];
}

async function deployPushed(deps: DeliveryDeps, ctx: Ctx, push: { repository: string; branch: string; after: string }): Promise<void> {
  const record = await findRepository(ctx.sql, push.repository);
  if (record === undefined || record.defaultBranch !== push.branch || /^0+$/.test(push.after)) return;
  const [commit] = await deps.repositories.log(push.repository, { ref: push.after, limit: 1 });
  if (commit === undefined || (await deps.repositories.readFile(push.repository, commit.hash, MANIFEST_FILE)) === undefined) return;
  await requestDeployment(ctx, { entityRef: record.entityRef, environment: FIRST_ENVIRONMENT, repository: record.name, commit });
}

/** Releases begin in environments to which none come from another, save those that will not stay. */
async function beginsHere(ctx: Ctx, name: string): Promise<boolean> {
  const environment = await findEnvironment(ctx.sql, name);
  return environment !== undefined && environment.upstream.length === 0 && environment.expiresAt === undefined;
}

/** What was overtaken while it was being built stops building. */
async function cancelSuperseded(
  { workflows }: DeliveryDeps,
  ctx: Ctx,
  { entityRef, environment }: { entityRef: string; environment: string },
): Promise<void> {
  const { rows } = await ctx.sql.query<{ id: string }>(
    `select id from delivery.deployment where entity_ref = $1 and environment = $2 and status = 'superseded'
     order by id desc limit 20`,
    [entityRef, environment],
  );
  for (const { id } of rows) await workflows.cancel(id);
}

async function stopAll(ctx: Ctx, entityRef: string): Promise<void> {
  const { rows } = await ctx.sql.query<{ environment: string }>("select environment from delivery.workload where entity_ref = $1", [
    entityRef,
  ]);
  for (const { environment } of rows) {
    await setDesired(ctx.sql, entityRef, environment, "stopped");
    ctx.emit(workloadCommanded, entityRef, { entityRef, environment, command: "stop" });
  }
}

function hear<P>(name: string, type: EventType<P>, receive: (ctx: Ctx, event: DomainEvent<P>) => Promise<void>): Subscription {
  return { name, events: [type.name], receive: (ctx, event) => receive(ctx, event as DomainEvent<P>) };
}
