import { join } from "node:path";

import { workloadCommanded } from "@roadbed/contracts/delivery";
import { NotFoundError, type Ctx } from "@roadbed/core";
import { createSealer } from "@roadbed/postgres";

import { makeAttestationHandlers } from "./attestation/attestation-handlers.ts";
import { createSigningKey } from "./attestation/signing-key.ts";
import { makeChangeHandlers } from "./change/change-handlers.ts";
import { proposeChange } from "./change/propose-change.ts";
import { answerConfiguration } from "./configuration/answer-configuration.ts";
import { makeConfigurationReaders } from "./configuration/read-configuration.ts";
import { makeCredentialHandlers } from "./credential/credential-handlers.ts";
import { credentialVariables } from "./credential/credential-variables.ts";
import { defineDeployFlow, tidy, type DeployPlan } from "./deployment/deploy-flow.ts";
import { findDeployment, listDeploymentRecords } from "./deployment/deployment-store.ts";
import { makeDeploymentReaders } from "./deployment/read-deployments.ts";
import { findCommit, makeDeployCommit, repositoryOf, requestDeployment } from "./deployment/request-deployment.ts";
import type { DeliveryDeps, Timing } from "./deps.ts";
import { makeDriftHandlers } from "./drift/drift-handlers.ts";
import type { Looks } from "./drift/compare-places.ts";
import { createLocalLook } from "./drift/local-look.ts";
import { createDriftWatch } from "./drift/watch-drift.ts";
import { makeExecutionHandlers } from "./job/execution-handlers.ts";
import { makeMirrorHandlers } from "./mirror/mirror-handlers.ts";
import { createMirrorWatch } from "./mirror/watch-mirror.ts";
import { createScheduler } from "./job/scheduler.ts";
import { makeShowCalendar } from "./calendar/show-calendar.ts";
import { makeFreezeHandlers } from "./calendar/freeze-handlers.ts";
import { defineEvaluateFlow } from "./evaluation/evaluate-flow.ts";
import { makeEvaluationHandlers } from "./evaluation/evaluation-handlers.ts";
import { hearEvaluations } from "./evaluation/hear-evaluations.ts";
import { makeEvaluationReaders } from "./evaluation/read-evaluations.ts";
import { defineEnvironmentWatch } from "./environment/end-environments.ts";
import { makeEnvironmentHandlers } from "./environment/environment-handlers.ts";
import type { Delivery, DeploymentQuery, DeploymentState } from "./index.ts";
import { makeGetFleet } from "./fleet/get-fleet.ts";
import { GITOPS_REPOSITORY } from "./gitops/gitops-repository.ts";
import { makeRebuildDelivery } from "./gitops/rebuild-delivery.ts";
import { makePipelineHandlers } from "./pipeline/pipeline-handlers.ts";
import { definePipelines } from "./pipeline/pipeline-flow.ts";
import { defineSweep } from "./pipeline/sweep-runs.ts";
import { requestRunOnce } from "./pipeline/request-run.ts";
import { definePromoteFlow } from "./promotion/promote-flow.ts";
import { makePromotionHandlers } from "./promotion/promotion-handlers.ts";
import { makePromotionReaders } from "./promotion/read-promotions.ts";
import { createPromotionWatch } from "./promotion/watch-promotions.ts";
import { makeCompareReleases } from "./release/compare-releases.ts";
import { makeCreateRelease } from "./release/make-release.ts";
import { makeReleaseReaders } from "./release/read-releases.ts";
import { createGitHost } from "./repository/git-host.ts";
import { makeArchiveHandlers, setArchived, takeBackRepository } from "./repository/archive-repository.ts";
import { commitToRepository } from "./repository/commit-to-repository.ts";
import { createRepository } from "./repository/create-repository.ts";
import { makeRepositoryReaders } from "./repository/read-repositories.ts";
import { findRepository, findRepositoryOf } from "./repository/repository-store.ts";
import { buildWorkload } from "./runtime/build-workload.ts";
import { createLocalRuntime, type LocalRuntime, type WorkloadKey, type WorkloadSpec } from "./runtime/local-runtime.ts";
import { makeRolloutHandlers } from "./rollout/rollout-handlers.ts";
import { createClusterRuntime } from "./kubernetes/cluster/cluster-runtime.ts";
import { overtake } from "./rollout/overtake.ts";
import { createRequestWatch } from "./request/watch-requests.ts";
import { createRollouts } from "./rollout/rollouts.ts";
import { openLedger } from "./runtime/process-ledger.ts";
import { openToolchain } from "./runtime/toolchain.ts";
import { makeSubscriptions } from "./subscriptions.ts";
import { makeSourceHandlers } from "./source/source-handlers.ts";
import { makeWorkloadChanges } from "./workload/change-workload.ts";
import { parseManifest } from "./workload/manifest.ts";
import { makeReceivers } from "./cdevents/receive-events.ts";
import { createEventSender } from "./cdevents/send-events.ts";
import { makeSinkHandlers } from "./cdevents/sink-handlers.ts";
import { makeSinkSubscriptions } from "./cdevents/tell-sinks.ts";
import { createControl } from "./workload/control-workloads.ts";
import { makeWorkloadReaders } from "./workload/read-workloads.ts";
import { openEnvironmentSource } from "./workload/workload-environment.ts";
import { findWorkload, listWorkloadsOf, setDesired, urlOf, type WorkloadRecord } from "./workload/workload-store.ts";

const TIMING: Timing = {
  startMs: 60_000,
  buildMs: 600_000,
  healthEveryMs: 10_000,
  firstRestartMs: 500,
  graceMs: 10_000,
  lookEveryMs: 15_000,
  tickMs: 1_000,
  driftEveryMs: 60_000,
  driftSettleMs: 10_000,
  mirrorEveryMs: 300_000,
  mirrorPatienceMs: 60_000,
  requestEveryMs: 30_000,
};
/** A process whose server was killed has lost its output already: it is not given long. */
const FORGOTTEN_GRACE_MS = 1_000;
/** What a step of a pipeline gets between SIGTERM and SIGKILL. */
const GRACE_MS = 2_000;

/** Must be called before `workflows.launch()`: it defines the flow `delivery.deploy`. */
export function createDelivery(deps: DeliveryDeps): Delivery {
  const { log, db, router, repositories } = deps;
  const dir = join(deps.dataDir, "workloads");
  const timing: Timing = { ...TIMING, ...deps.timing };
  const toolchain = openToolchain(join(dir, ".bin"));
  const ledger = openLedger(join(dir, ".processes"), log);
  const homeOf = ({ environment, name }: WorkloadKey): string => join(dir, environment, name, "home");
  const sealer = createSealer({
    file: join(deps.dataDir, "delivery", "credentials.key"),
    key: deps.secretKey,
    said: { what: "A credential of a workload", mend: "Make it anew: roadbed credential rotate." },
  });
  const environment = openEnvironmentSource(deps, toolchain, homeOf, (key) => credentialVariables({ ...deps, sealer }, key));
  const control = createControl(deps, () => local, specOf, {
    restart: (key) => cluster.restart(key),
    sync: (key) => cluster.sync(key),
  });
  const cluster = createClusterRuntime(deps, timing, (key, seen) => control.record(key, seen));
  const started = createLocalLook(
    () => local,
    (spec) => environment.of(spec),
  );
  const local: LocalRuntime = createLocalRuntime({
    log,
    dir,
    router,
    toolchain,
    ledger,
    timing,
    environmentOf: (spec) => started.remember(spec, environment.of(spec)),
    servedAt: (key) => ({ kind: "answer", answer: answerConfiguration(deps, key) }),
    onChange: (key, seen) => {
      control.record(key, seen);
      scheduler.follow(key);
    },
  });
  const scheduler = createScheduler({
    ...deps,
    ledger,
    graceMs: timing.graceMs,
    running: (key) => local.running(key),
    logOf: (key) => local.logOf(key),
    homeOf,
    environmentOf: (spec) => environment.of(spec),
    see: (key, seen) => control.record(key, seen),
  });
  const building = new Map<string, Promise<unknown>>();
  let stopping = false;

  /** The same commit of the same workload is never built twice at once. */
  async function build(plan: DeployPlan, signal: AbortSignal): Promise<WorkloadSpec> {
    const { key, repository, commit, manifest, deploymentId } = plan;
    const folder = join(dir, key.environment, key.name, commit);
    const before = building.get(folder) ?? Promise.resolve();
    const job = {
      repositories,
      repository,
      commit,
      manifest,
      dir: folder,
      home: homeOf(key),
      ledger,
      toolchain,
      deadlineMs: timing.buildMs,
      signal,
    };
    const done = before.catch(() => {}).then(async () => buildWorkload({ ...job, log: await local.logOf(key) }));
    building.set(folder, done);
    try {
      await done;
    } finally {
      if (building.get(folder) === done) building.delete(folder);
    }
    return { key, commit, deploymentId, manifest, dir: folder };
  }

  async function specOf({ key, commit, deploymentId, manifest }: WorkloadRecord): Promise<WorkloadSpec> {
    const deployment = await findDeployment(db, deploymentId ?? "");
    if (deployment === undefined || manifest === undefined || commit === undefined) throw new NotFoundError("deployment of", key.entityRef);
    return build({ key, commit, manifest, deploymentId: deployment.id, repository: deployment.repository }, new AbortController().signal);
  }

  const rollouts = createRollouts(deps, timing, {
    local,
    cluster,
    build,
    promoted: async (plan) => {
      await control.apply(plan.key.entityRef, plan.key.environment, false);
      await tidy(deps, plan);
    },
  });
  const flow = defineDeployFlow(deps, {
    local,
    cluster,
    build,
    stopping: () => stopping,
    began: (key) => {
      if (local.running(key) === undefined) router.set(key, { kind: "absent", why: "starting" });
    },
    failed: (key, reason) => {
      if (local.running(key) !== undefined) return;
      router.set(key, { kind: "absent", why: "failed" });
      control.record(key, { health: "failed", detail: reason, restarts: 0 });
    },
    overtake: (key, signal) => overtake(deps, rollouts, key, signal),
    restored: (key) => control.restored(key.entityRef, key.environment),
    settle: (key) => control.apply(key.entityRef, key.environment, false),
  });
  const cleared = Promise.withResolvers<void>();
  const pipelineSealer = createSealer({
    file: join(deps.dataDir, "delivery", "pipelines.key"),
    key: deps.secretKey,
    said: { what: "A secret of a pipeline", mend: "Set it anew: roadbed pipeline-secret set." },
  });
  const signer = createSigningKey(pipelineSealer);
  const pipelines = definePipelines(deps, { toolchain, ledger, sealer: pipelineSealer, graceMs: GRACE_MS, ready: () => cleared.promise });
  const sweep = defineSweep(deps);
  const evaluateFlow = defineEvaluateFlow(deps, { toolchain, ledger, stopping: () => stopping });
  const environmentWatch = defineEnvironmentWatch(deps);
  const gitHost = createGitHost(deps);
  const looks: Looks = {
    local: started.look,
    publicUrl: deps.publicUrl,
    async cluster(place) {
      const view = await cluster.view(place);
      return view === undefined || view.unknown !== undefined ? undefined : { main: view.main, revision: view.judgement.engine.revision };
    },
    holds: (revision, commit) => repositories.isAncestor(GITOPS_REPOSITORY, commit, revision).catch(() => false),
  };
  const drift = createDriftWatch(deps, looks, { everyMs: timing.driftEveryMs, settleMs: timing.driftSettleMs });
  const mirrorSealer = createSealer({
    file: join(deps.dataDir, "delivery", "credentials.key"),
    key: deps.secretKey,
    said: { what: "The secret of the mirror", mend: "Give it anew: roadbed mirror set." },
  });
  const changes = makeChangeHandlers(deps);
  const requests = createRequestWatch(deps, changes, timing.requestEveryMs);
  const mirror = createMirrorWatch(deps, {
    everyMs: timing.mirrorEveryMs,
    patienceMs: timing.mirrorPatienceMs,
    sealer: mirrorSealer,
    settleInto: (target) => requests.settleInto(target),
  });
  const sinkSealer = createSealer({
    file: join(deps.dataDir, "delivery", "credentials.key"),
    key: deps.secretKey,
    said: { what: "The address of a sink", mend: "Make it anew: roadbed sink create." },
  });
  const events = createEventSender(deps, sinkSealer, Math.min(5_000, timing.lookEveryMs));
  const promotions = { flow: definePromoteFlow(deps), watch: createPromotionWatch(deps, timing.lookEveryMs) };

  async function deploymentOf(ctx: Ctx, { entityRef, environment: place, commit }: DeploymentQuery): Promise<DeploymentState | undefined> {
    const [found] = await listDeploymentRecords(ctx.sql, { entityRef, environment: place, commit, limit: 1 });
    if (found === undefined) return undefined;
    const workload = await findWorkload(ctx.sql, entityRef, place);
    const url = workload && urlOf(workload, deps.routerUrl);
    return {
      id: found.id,
      status: found.status,
      ...(found.error === undefined ? {} : { error: found.error }),
      ...(url === undefined ? {} : { url }),
    };
  }

  return {
    handlers: [
      ...makeEnvironmentHandlers(deps),
      ...makeFreezeHandlers(),
      makeShowCalendar(deps),
      ...makeWorkloadReaders(deps, local, cluster, scheduler),
      ...makeWorkloadChanges(deps),
      ...makeExecutionHandlers(deps),
      ...makeCredentialHandlers(deps, sealer),
      ...makeDeploymentReaders(),
      ...makeRolloutHandlers(deps, rollouts),
      makeDeployCommit(deps),
      ...makeRepositoryReaders(deps),
      ...makeArchiveHandlers(deps),
      ...changes,
      makeCreateRelease(deps),
      makeCompareReleases(deps),
      ...makeReleaseReaders(deps),
      ...makeConfigurationReaders(deps),
      ...makeEvaluationHandlers(deps),
      ...makeEvaluationReaders(deps),
      ...makePromotionHandlers(deps),
      ...makePromotionReaders(deps),
      makeGetFleet(deps),
      ...makeMirrorHandlers(deps, mirrorSealer, () => mirror.poke()),
      ...makeReceivers(deps),
      ...makeSinkHandlers(sinkSealer),
      ...makeDriftHandlers(deps, looks),
      makeRebuildDelivery(deps),
      ...makeSourceHandlers(deps),
      ...makePipelineHandlers(deps, pipelineSealer),
      ...makeAttestationHandlers(deps, signer),
    ],
    subscriptions: [
      ...makeSubscriptions(deps, flow, control, scheduler, promotions, rollouts, drift, mirror, cluster, pipelines, signer),
      ...requests.subscriptions,
      ...makeSinkSubscriptions(deps, () => events.poke()),
      ...hearEvaluations(deps, evaluateFlow, promotions.watch),
    ],
    git: (request, response) => gitHost.serve(request, response),
    commitToRepository: (ctx, input) => commitToRepository(deps, ctx, input),
    createRepository: (ctx, input) => createRepository(deps, ctx, input),
    openChange: async (ctx, id) => {
      const { rows } = await ctx.sql.query<{ head: string; base: string }>(
        "select head, base from delivery.change where id = $1 and status = 'open' and about is null",
        [id],
      );
      return rows[0];
    },
    seesRepository: async (ctx, name) => {
      const record = await findRepository(ctx.sql, name);
      return record !== undefined && !((await deps.entities.hiddenFrom?.(ctx)) ?? []).includes(record.entityRef);
    },
    proposeChange: (ctx, input) => proposeChange(deps, ctx, input),
    repositoryExists: async (ctx, name) => (await findRepository(ctx.sql, name)) !== undefined || (await repositories.exists(name)),
    repositoryOf: async (ctx, entityRef) => (await findRepositoryOf(ctx.sql, entityRef))?.name,
    takeBackRepository: (ctx, input) => takeBackRepository(deps, ctx, input),
    async archiveRepository(ctx, { name, reason }) {
      if ((await findRepository(ctx.sql, name)) !== undefined) await setArchived(ctx, name, true, reason);
    },
    async stopWorkload(ctx, { entityRef, environment: place }) {
      if ((await setDesired(ctx.sql, entityRef, place, "stopped")) === undefined) return;
      ctx.emit(workloadCommanded, entityRef, { entityRef, environment: place, command: "stop" });
    },
    deploymentOf,
    lacking: async (text) => toolchain.lacking(parseManifest(text)),
    workloadsOf: (refs) => listWorkloadsOf(deps.db, refs),
    async requestDeployment(ctx, { entityRef, environment: place, commit }) {
      const wanted = await findCommit(deps, await repositoryOf(ctx, entityRef), commit);
      const state = await deploymentOf(ctx, { entityRef, environment: place, commit: wanted.hash });
      if (state !== undefined && !["failed", "rolled-back", "superseded"].includes(state.status)) return;
      const repository = await repositoryOf(ctx, entityRef);
      const run = await requestRunOnce(deps, ctx, { repository, branch: repository.defaultBranch, commit: wanted, trigger: "push" });
      await requestDeployment(ctx, { entityRef, environment: place, repository: repository.name, commit: wanted, pipelineRun: run?.id });
    },
    async start() {
      await ledger.endForgotten(FORGOTTEN_GRACE_MS);
      cleared.resolve();
      await deps.workflows.schedule("delivery.watch-environments", "* * * * *", environmentWatch);
      await deps.workflows.schedule("delivery.sweep-pipelines", "17 * * * *", sweep);
      await scheduler.mournLost();
      promotions.watch.start();
      mirror.start();
      requests.start();
      events.start();
      await cluster.start();
      const begun = Promise.all([control.startAll(), rollouts.resume(), gitHost.announceMissed()]);
      // What is not started yet differs from Git by that alone.
      void begun.catch(() => {}).then(() => !stopping && drift.start());
      begun.catch((error: unknown) => log.error("not everything could be started again", { error: String(error) }));
    },
    async stop() {
      stopping = true;
      await pipelines.idle();
      await promotions.watch.stop();
      await drift.stop();
      await mirror.stop();
      await requests.stop();
      await events.stop();
      await rollouts.stop();
      await cluster.stop();
      await scheduler.endAll();
      await local.endAll();
      await control.recorded();
      await router.close();
    },
    async health() {
      if (!router.listening()) return { ok: false, detail: "the router does not listen" };
      const { rows } = await db.query<{ health: string; n: number }>(
        "select health, count(*)::int n from delivery.workload group by 1 order by 1",
      );
      return { ok: true, detail: rows.map(({ health, n }) => `${n} ${health}`).join(", ") || "no workloads" };
    },
  };
}
