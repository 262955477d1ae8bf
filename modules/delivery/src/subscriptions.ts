import { entityRemoved } from "@roadbed/contracts/catalog";
import { deploymentFinished, deploymentRequested, repositoryPushed, workloadChanged, workloadCommanded } from "@roadbed/contracts/delivery";
import { changeClosed, changeMoved, changeOpened, requestChanged } from "@roadbed/contracts/delivery/changes";
import { credentialChanged } from "@roadbed/contracts/delivery/credentials";
import { environmentChanged, freezeChanged } from "@roadbed/contracts/delivery/environments";
import { driftEnded } from "@roadbed/contracts/delivery/drift";
import { executionRequested } from "@roadbed/contracts/delivery/executions";
import {
  holdChanged,
  promotionAdmitted,
  promotionFinished,
  promotionMoved,
  promotionRequested,
} from "@roadbed/contracts/delivery/promotions";
import { releaseMade } from "@roadbed/contracts/delivery/releases";
import { rolloutChanged } from "@roadbed/contracts/delivery/rollouts";
import { sourceEdited } from "@roadbed/contracts/delivery/source";
import { resourceChanged } from "@roadbed/contracts/paths/resources";
import type { Call, Ctx, EventType, Subscription } from "@roadbed/core";
import type { Flow } from "@roadbed/workflows";

import type { Signer } from "./attestation/attest-commit.ts";
import { followPush } from "./change/follow-pushes.ts";
import type { DeployInput } from "./deployment/deploy-flow.ts";
import { findDeployment } from "./deployment/deployment-store.ts";
import { requestDeployment } from "./deployment/request-deployment.ts";
import type { DeliveryDeps } from "./deps.ts";
import type { DriftWatch } from "./drift/watch-drift.ts";
import { findEnvironment, FIRST_ENVIRONMENT } from "./environment/environment-store.ts";
import { hear } from "./hear.ts";
import { environmentOf, GITOPS_REPOSITORY } from "./gitops/gitops-repository.ts";
import { recordOutcomes } from "./gitops/record-outcomes.ts";
import { writeEnvironment } from "./gitops/write-environment.ts";
import { mayBegin } from "./pipeline/await-pipeline.ts";
import { hearPipelines } from "./pipeline/hear-pipelines.ts";
import type { Pipelines } from "./pipeline/pipeline-flow.ts";
import { requestRunOnce } from "./pipeline/request-run.ts";
import { hearPreviews } from "./preview/follow-changes.ts";
import { goOnward, writeDown } from "./promotion/go-onward.ts";
import { followDeployment, type PromoteInput } from "./promotion/promote-flow.ts";
import { proposeAgain } from "./promotion/propose-promotions.ts";
import type { PromotionWatch } from "./promotion/watch-promotions.ts";
import type { ClusterRuntime } from "./kubernetes/cluster/cluster-runtime.ts";
import { releaseDeployed } from "./release/make-release.ts";
import type { MirrorWatch } from "./mirror/watch-mirror.ts";
import type { Scheduler } from "./job/scheduler.ts";
import { findRepository } from "./repository/repository-store.ts";
import { takeSource } from "./source/take-source.ts";
import type { Rollouts } from "./rollout/rollouts.ts";
import type { WorkloadControl } from "./workload/control-workloads.ts";
import { MANIFEST_FILE } from "./workload/manifest.ts";
import { findWorkload, setDesired } from "./workload/workload-store.ts";

export interface Promotions {
  readonly flow: Flow<PromoteInput, string>;
  readonly watch: PromotionWatch;
}

export function makeSubscriptions(
  deps: DeliveryDeps,
  flow: Flow<DeployInput, string>,
  control: WorkloadControl,
  scheduler: Scheduler,
  promotions: Promotions,
  rollouts: Rollouts,
  drift: DriftWatch,
  mirror: MirrorWatch,
  cluster: Pick<ClusterRuntime, "reload">,
  pipelines: Pipelines,
  signer: Signer,
): Subscription[] {
  /** Started anew with what it is given now, and with it the releases that it is compared with. */
  const renew = async (entityRef: string, environment: string): Promise<void> => {
    await control.apply(entityRef, environment, true);
    await rollouts
      .renew(entityRef, environment)
      .catch((error: unknown) => deps.log.warn("a rollout could not be renewed", { entityRef, environment, error: String(error) }));
  };
  return [
    hear("delivery.deploy-on-push", repositoryPushed, (ctx, { payload }) => deployPushed(deps, ctx, payload)),
    hear("delivery.changes-hear-pushes", repositoryPushed, (ctx, { payload }) => followPush(deps, ctx, payload)),
    hear("delivery.begin-deployment", deploymentRequested, async (ctx, { payload }) => {
      await cancelSuperseded(deps, ctx, payload);
      if (!(await mayBegin(ctx, payload.deploymentId))) return;
      await deps.workflows.start(flow, { deploymentId: payload.deploymentId }, { id: payload.deploymentId });
    }),
    hear("delivery.release-deployed", deploymentFinished, async (ctx, { payload: { deploymentId, environment, status } }) => {
      if (status !== "healthy" || !(await beginsHere(ctx, environment))) return;
      const deployment = await findDeployment(ctx.sql, deploymentId);
      if (deployment !== undefined) await releaseDeployed(deps, ctx, deployment);
    }),
    hear("delivery.command-workload", workloadCommanded, async (_ctx, { payload }) => {
      // Not waited for: ending a process takes its time, and other events are not to wait for it.
      if (payload.command === "heal") void control.heal(payload.entityRef, payload.environment);
      else void control.apply(payload.entityRef, payload.environment, payload.command === "restart");
    }),
    hear("delivery.stop-in-git", workloadCommanded, async (ctx, { payload: { environment } }) => {
      if ((await findEnvironment(ctx.sql, environment))?.runtime !== "kubernetes") return;
      await writeEnvironment(deps, environment);
      await recordOutcomes(deps);
    }),
    // Not waited for: a cluster that does not answer holds up no event.
    hear("delivery.follow-clusters", environmentChanged, async () => void cluster.reload()),
    hear("delivery.heed-rollout", rolloutChanged, (_ctx, { payload }) => rollouts.heed(payload.rolloutId)),
    hear("delivery.begin-execution", executionRequested, async (_ctx, { payload }) => {
      void scheduler.begin(payload.executionId);
    }),
    hear("delivery.hand-over-credentials", credentialChanged, async (ctx, { payload }) => {
      const { caller, callee, environment } = payload;
      const runs = async (ref: string): Promise<boolean> => (await findWorkload(ctx.sql, ref, environment))?.desired === "running";
      const [calls, answers] = [await runs(caller), await runs(callee)];
      // What is called first: it must know the new token before it is used. Not waited for, as above.
      void (async () => {
        if (answers) await renew(callee, environment);
        if (calls) await renew(caller, environment);
      })();
    }),
    hear("delivery.hear-resources", resourceChanged, async (ctx, { payload: { consumer, environment, state } }) => {
      if (consumer === undefined || (state !== "ready" && state !== "destroyed")) return;
      const found = await findWorkload(ctx.sql, consumer, environment);
      // It sees its variables at its next start; one that is stopped stays so.
      if (found?.desired === "running") void renew(consumer, environment);
    }),
    ...hearDrift(deps, drift),
    ...[
      releaseMade,
      promotionAdmitted,
      promotionFinished,
      holdChanged,
      environmentChanged,
      freezeChanged,
      sourceEdited,
      driftEnded,
      changeOpened,
      changeMoved,
      changeClosed,
      requestChanged,
    ].map((type) => hear(`delivery.mirror-after-${type.name}`, type as EventType<unknown>, async () => mirror.follow())),
    ...hearPromotions(deps, promotions),
    ...hearPreviews(deps),
    ...hearPipelines(deps, pipelines, flow, signer),
    hear("delivery.stop-removed", entityRemoved, (ctx, { payload }) => stopAll(ctx, payload.ref)),
  ];
}

/** After which what runs may be another thing than Git says, or may be it again; what was accepted is written to Git. */
function hearDrift(deps: DeliveryDeps, drift: DriftWatch): Subscription[] {
  const poke = async (): Promise<void> => drift.poke();
  return [
    hear("delivery.compare-after-deployment", deploymentFinished, poke),
    hear("delivery.compare-after-promotion", promotionFinished, poke),
    hear("delivery.compare-after-command", workloadCommanded, poke),
    hear("delivery.compare-after-health", workloadChanged, poke),
    hear("delivery.compare-after-credential", credentialChanged, poke),
    hear("delivery.write-accepted", driftEnded, async (_ctx, { payload: { state, environment } }) => {
      if (state === "accepted") await writeEnvironment(deps, environment);
    }),
  ];
}

/** What moves promotions: what was asked for, what came of deployments, and whatever else gates look at. */
function hearPromotions(deps: DeliveryDeps, { flow, watch }: Promotions): Subscription[] {
  const lookAgain = async (ctx: Ctx, where: string, values: readonly unknown[]): Promise<void> => {
    const { rowCount } = await ctx.sql.query(`update delivery.promotion set look_at = now() where state = 'waiting' and ${where}`, values);
    if (rowCount > 0) watch.poke();
  };
  return [
    hear("delivery.write-down-release", releaseMade, (ctx, { payload }) => writeDown(ctx, payload.releaseId)),
    hear("delivery.record-release", releaseMade, async () => recordOutcomes(deps)),
    hear("delivery.look-at-promotion", promotionRequested, async () => watch.poke()),
    hear("delivery.look-again-at-promotion", promotionMoved, async () => watch.poke()),
    hear("delivery.begin-promotion", promotionAdmitted, async (_ctx, { payload: { promotionId, environment } }) => {
      await deps.workflows.start(flow, { promotionId, environment }, { id: promotionId });
    }),
    hear("delivery.hold-promotion", rolloutChanged, async (ctx, { payload: { deploymentId, state } }) => {
      // A deployment that is held has not finished: its promotion waits with it.
      if (state === "held") await followDeployment(ctx, { deploymentId, status: state });
    }),
    hear("delivery.follow-promoted-deployment", deploymentFinished, (ctx, { payload }) => followDeployment(ctx, payload)),
    hear("delivery.promote-onward", promotionFinished, async (ctx, { payload }) => {
      if (payload.state === "promoted" && payload.kind === "promote") await goOnward(deps, ctx, payload);
      await lookAgain(ctx, "entity_ref = $1", [payload.entityRef]);
    }),
    hear("delivery.take-out-of-git", promotionFinished, async (_ctx, { payload: { state, environment } }) => {
      if (state === "failed" || state === "rolled-back") await writeEnvironment(deps, environment);
    }),
    hear("delivery.record-promotion", promotionFinished, async () => recordOutcomes(deps)),
    hear("delivery.record-hold", holdChanged, async () => recordOutcomes(deps)),
    hear("delivery.record-environment", environmentChanged, async () => recordOutcomes(deps)),
    hear("delivery.record-freeze", freezeChanged, async () => recordOutcomes(deps)),
    hear("delivery.look-after-environment", environmentChanged, (ctx, { payload }) =>
      lookAgain(ctx, "environment = $1", [payload.environment]),
    ),
    hear("delivery.look-after-freeze", freezeChanged, (ctx, { payload: { environments } }) =>
      lookAgain(ctx, "(cardinality($1::text[]) = 0 or environment = any($1))", [environments]),
    ),
    hear("delivery.look-after-health", workloadChanged, (ctx, { payload }) => lookAgain(ctx, "environment = $1", [payload.environment])),
    hear("delivery.guard-gitops", repositoryPushed, async (_ctx, { payload: { repository, branch } }) => {
      if (repository !== GITOPS_REPOSITORY) return;
      if (branch === "main") await takePushed(deps, deps.runtime.system("delivery.gitops"));
      const of = environmentOf(branch);
      if (of !== undefined && !of.proposed) await writeEnvironment(deps, of.environment);
      if (of !== undefined) await proposeAgain(deps, of.environment);
    }),
    hear("delivery.propose-what-is-left", promotionFinished, async (_ctx, { payload }) => proposeAgain(deps, payload.environment)),
    hear("delivery.propose-by-setting", environmentChanged, async (_ctx, { payload }) => proposeAgain(deps, payload.environment)),
  ];
}

/** What was pushed to `main` is read by whoever pushed it; here what was left over when the server stopped in between. Then our own is written. */
export async function takePushed(deps: DeliveryDeps, by: Call): Promise<void> {
  await takeSource(deps, by);
  await recordOutcomes(deps);
}

async function deployPushed(deps: DeliveryDeps, ctx: Ctx, push: { repository: string; branch: string; after: string }): Promise<void> {
  const record = await findRepository(ctx.sql, push.repository);
  if (record === undefined || record.defaultBranch !== push.branch || /^0+$/.test(push.after)) return;
  const [commit] = await deps.repositories.log(push.repository, { ref: push.after, limit: 1 });
  if (commit === undefined || (await deps.repositories.readFile(push.repository, commit.hash, MANIFEST_FILE)) === undefined) return;
  const run = await requestRunOnce(deps, ctx, { repository: record, branch: push.branch, commit, trigger: "push" });
  const wanted = { entityRef: record.entityRef, environment: FIRST_ENVIRONMENT, repository: record.name, commit };
  await requestDeployment(ctx, { ...wanted, pipelineRun: run?.id });
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
