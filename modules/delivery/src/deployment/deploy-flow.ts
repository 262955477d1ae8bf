import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

import type { Deployment } from "@roadbed/contracts/delivery";
import { DomainError, InvalidError, NotFoundError, type Ctx } from "@roadbed/core";
import type { Flow } from "@roadbed/workflows";

import { workloadNameOf } from "../component.ts";
import { isConfigured } from "../configuration/configuration-text.ts";
import { contentAt } from "../configuration/content-at.ts";
import type { DeliveryDeps } from "../deps.ts";
import { acceptedOfCommit } from "../drift/accepted-store.ts";
import { withAccepted } from "../drift/differences.ts";
import { findEnvironment } from "../environment/environment-store.ts";
import { advanceDeployment } from "../internal-operations.ts";
import type { ClusterRuntime } from "../kubernetes/cluster/cluster-runtime.ts";
import type { LocalRuntime, WorkloadKey, WorkloadSpec } from "../runtime/local-runtime.ts";
import { isDecided, planFor } from "../rollout/plan.ts";
import { insertRollout } from "../rollout/rollout-store.ts";
import { loadMetrics } from "../rollout/template/load-metrics.ts";
import { MANIFEST_FILE, parseManifest, type Manifest } from "../workload/manifest.ts";
import { findWorkload, setDeployed, wantWorkload } from "../workload/workload-store.ts";
import { advance, findDeployment, finishDeployment } from "./deployment-store.ts";

export interface DeployInput {
  readonly deploymentId: string;
}

/** What is to be done, as it was read at the beginning. */
export interface DeployPlan {
  readonly deploymentId: string;
  readonly key: WorkloadKey;
  readonly repository: string;
  readonly commit: string;
  readonly manifest: Manifest;
  /** The environment is a cluster: nothing is built or started here. */
  readonly inCluster?: boolean;
}

export interface DeployParts {
  readonly local: LocalRuntime;
  readonly cluster: Pick<ClusterRuntime, "settle">;
  /** Exports and builds; answers what can be run. */
  build(plan: DeployPlan, signal: AbortSignal): Promise<WorkloadSpec>;
  /** The server stops: processes end because of that. */
  stopping(): boolean;
  /** A deployment begins: where nothing serves yet, that is said. */
  began(key: WorkloadKey): void;
  /** A deployment failed: where nothing serves, that is said. */
  failed(key: WorkloadKey, reason: string): void;
  /** Whatever is being decided about the workload gives way to this deployment; resolves when it has. */
  overtake(key: WorkloadKey, signal: AbortSignal): Promise<void>;
  /** Resolves when what ran before a start of the server was asked to run again. */
  restored(key: WorkloadKey): Promise<void>;
  /** Does what was asked for while the deployment was under way. */
  settle(key: WorkloadKey): Promise<void>;
}

/** Commits kept on disk beside the one that runs. */
const KEPT = 2;

/**
 * Builds a commit, starts it beside what runs and leads requests over when it is healthy. Every step can be done again: the
 * folder of a commit is built once, a process started twice replaces itself, and rows are moved by keys.
 */
export function defineDeployFlow(deps: DeliveryDeps, parts: DeployParts): Flow<DeployInput, string> {
  return deps.workflows.define<DeployInput, string>(
    "delivery.deploy",
    async (c, { deploymentId }) => {
      try {
        const plan = await c.step("begin", (s) => begin(deps, deploymentId, s.key));
        if (plan === null) return "superseded";
        if (plan.inCluster === true) {
          const came = await c.step("follow", (s) => orPark(parts, () => followCluster(deps, parts, plan, s.key, s.signal)), {
            attempts: 2,
          });
          if (typeof came === "string") return came;
          throw new Error(came.failed);
        }
        parts.began(plan.key);
        await c.step("build", (s) => orPark(parts, async () => void (await parts.build(plan, s.signal))), { attempts: 2 });
        const outcome = await c.step("start", (s) => orPark(parts, () => start(deps, parts, plan, s.key, s.signal)), { attempts: 2 });
        if (outcome === "healthy") await c.step("tidy", () => tidy(deps, plan));
        return outcome;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        await c.step("give up", (s) => giveUp(deps, parts, deploymentId, reason, s.key));
        return "failed";
      }
    },
    { queue: "deploy" },
  );
}

/** A failure because the server stops is no outcome: the step does not end, and runs again at the next start. */
async function orPark<T>(parts: DeployParts, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (parts.stopping()) await new Promise(() => {});
    throw error;
  }
}

/** Null when it was overtaken before it began. */
async function begin(deps: DeliveryDeps, deploymentId: string, key: string): Promise<DeployPlan | null> {
  const deployment = await deps.runtime.read(deps.runtime.system("delivery.deploy"), (ctx) => findDeployment(ctx.sql, deploymentId));
  if (deployment === undefined) throw new NotFoundError("deployment", deploymentId);
  const { entityRef, environment, repository, commit } = deployment;
  const content = await deps.repositories.readFile(repository, commit, MANIFEST_FILE);
  if (content === undefined) throw new NotFoundError("file", `${MANIFEST_FILE} in ${repository} at ${commit.slice(0, 7)}`);
  const text = Buffer.from(content).toString("utf8");
  const accepted = await deps.runtime.read(deps.runtime.system("delivery.deploy"), (ctx) =>
    acceptedOfCommit(ctx.sql, { entityRef, environment, commit, text }),
  );
  const manifest = withAccepted(parseManifest(text), accepted);
  const workload = { entityRef, environment, name: workloadNameOf(entityRef) };
  // A prompt, model or agent has no process: the platform serves it, wherever the environment's processes are.
  const inCluster = !isConfigured(manifest.kind) && (await findEnvironment(deps.db, environment))?.runtime === "kubernetes";
  await checkTripwires(deps, { repository, commit, manifest, key: workload, inCluster });
  const began = await write(deps, deployment, "building", key, async (ctx) => {
    if ((await advance(ctx.sql, deploymentId, ["queued", "building"], "building")) === undefined) return false;
    await wantWorkload(ctx.sql, workload, manifest.kind);
    return true;
  });
  return began ? { deploymentId, key: workload, repository, commit, manifest, inCluster } : null;
}

/** What cannot be measured is said before anything is built: nothing is rolled out past a tripwire that nobody looks at. */
async function checkTripwires(
  deps: DeliveryDeps,
  { repository, commit, manifest, key, inCluster }: Pick<DeployPlan, "repository" | "commit" | "manifest" | "key" | "inCluster">,
): Promise<void> {
  const rollout = planFor(manifest.rollout, key.environment);
  if (!isDecided(rollout) || (rollout.tripwires.templates ?? []).length === 0) return;
  if (inCluster === true)
    throw new InvalidError(`AnalysisTemplates are not measured in a cluster from here, and ${key.environment} is one.`, {
      problems: [{ at: "rollout.tripwires.templates", reason: "is for environments of the local runtime" }],
      mend: `Give ${key.environment} tripwires of its own: rollout.environments.${key.environment}.tripwires.`,
    });
  await loadMetrics(deps.repositories, rollout, {
    repository,
    commit,
    stableCommit: commit,
    environment: key.environment,
    component: key.name,
  });
}

/** Git holds it already, and the cluster's engine brings it there: what comes of it is what the cluster says. */
async function followCluster(
  deps: DeliveryDeps,
  parts: DeployParts,
  plan: DeployPlan,
  key: string,
  signal: AbortSignal,
): Promise<"healthy" | "superseded" | "rolling" | { readonly failed: string }> {
  const { deploymentId, manifest, commit } = plan;
  const about = { id: deploymentId, entityRef: plan.key.entityRef };
  const deployment = await write(deps, about, "starting", `${key}:starting`, (ctx) =>
    advance(ctx.sql, deploymentId, ["building", "starting"], "starting"),
  );
  if (deployment === undefined) return (await hasRollout(deps, deploymentId)) ? "rolling" : "superseded";
  await parts.overtake(plan.key, signal);
  const rollout = planFor(manifest.rollout, plan.key.environment);
  const before = await findWorkload(deps.db, plan.key.entityRef, plan.key.environment);
  if (isDecided(rollout) && manifest.kind === "service" && before?.commit !== undefined) {
    const begun = { deploymentId, key: plan.key, commit, stableCommit: before.commit, manifest, plan: rollout };
    await write(deps, about, "rolling", `${key}:rolling`, async (ctx) => {
      await insertRollout(ctx, begun);
      return null;
    });
    return "rolling";
  }
  try {
    await parts.cluster.settle(plan.key, signal);
  } catch (error) {
    // What the cluster says is not asked for a second time.
    if (error instanceof DomainError) return { failed: error.message };
    throw error;
  }
  await write(deps, about, "healthy", `${key}:healthy`, async (ctx) => {
    await setDeployed(ctx.sql, plan.key, { kind: manifest.kind, commit, deploymentId, manifest });
    await finishDeployment(ctx, deploymentId, "healthy");
    return null;
  });
  return "healthy";
}

/** `superseded` when it was overtaken before it was started; `rolling` when it is from here on the matter of a rollout. */
async function start(
  deps: DeliveryDeps,
  parts: DeployParts,
  plan: DeployPlan,
  key: string,
  signal: AbortSignal,
): Promise<"healthy" | "superseded" | "rolling"> {
  const { deploymentId, manifest, commit } = plan;
  const deployment = await write(deps, { id: deploymentId, entityRef: plan.key.entityRef }, "starting", `${key}:starting`, async (ctx) =>
    advance(ctx.sql, deploymentId, ["building", "starting"], "starting"),
  );
  if (deployment === undefined) return (await hasRollout(deps, deploymentId)) ? "rolling" : "superseded";
  await parts.overtake(plan.key, signal);
  // A server that has just started runs nothing yet: a release is not let past its comparison by that.
  await parts.restored(plan.key);
  const stable = parts.local.running(plan.key);
  const rollout = planFor(manifest.rollout, plan.key.environment);
  // There is nothing to compare with where nothing runs, or where the same commit is brought up anew.
  if (isDecided(rollout) && stable?.manifest.kind === "service" && stable.commit !== commit && !(await goesBack(deps, deploymentId))) {
    const { environment, name: component } = plan.key;
    const about = { repository: plan.repository, commit, stableCommit: stable.commit, environment, component };
    const metrics = await loadMetrics(deps.repositories, rollout, about);
    const watched = metrics.length === 0 ? rollout : { ...rollout, metrics };
    const begun = { deploymentId, key: plan.key, commit, stableCommit: stable.commit, manifest, plan: watched };
    await write(deps, deployment, "rolling", `${key}:rolling`, async (ctx) => {
      await insertRollout(ctx, begun);
      return null;
    });
    return "rolling";
  }
  await parts.local.replace(await parts.build(plan, signal), { rolling: rollout.strategy === "rolling", signal });
  const served = await contentAt(deps.repositories, plan.repository, commit, manifest);
  await write(deps, deployment, "healthy", `${key}:healthy`, async (ctx) => {
    await setDeployed(ctx.sql, plan.key, { kind: manifest.kind, commit, deploymentId, manifest, served });
    await finishDeployment(ctx, deploymentId, "healthy");
    return null;
  });
  await parts.settle(plan.key);
  return "healthy";
}

/** Who goes back waits for no comparison: what they go back to was judged when it came. */
async function goesBack({ db }: DeliveryDeps, deploymentId: string): Promise<boolean> {
  const { rows } = await db.query("select 1 from delivery.promotion where deployment_id = $1 and kind = 'rollback' limit 1", [
    deploymentId,
  ]);
  return rows.length > 0;
}

/** The step was done before, by a server that was killed before it could say so. */
async function hasRollout({ db }: DeliveryDeps, deploymentId: string): Promise<boolean> {
  const { rows } = await db.query("select 1 from delivery.rollout where deployment_id = $1", [deploymentId]);
  return rows.length > 0;
}

async function giveUp(deps: DeliveryDeps, parts: DeployParts, deploymentId: string, reason: string, key: string): Promise<void> {
  const deployment = await deps.runtime.read(deps.runtime.system("delivery.deploy"), (ctx) => findDeployment(ctx.sql, deploymentId));
  if (deployment === undefined) return;
  await write(deps, deployment, "failed", key, async (ctx) => {
    await finishDeployment(ctx, deploymentId, "failed", reason);
    return null;
  });
  const { entityRef, environment } = deployment;
  if ((await findEnvironment(deps.db, environment))?.runtime === "kubernetes") return;
  parts.failed({ entityRef, environment, name: workloadNameOf(entityRef) }, reason);
}

/** Old commits take room; the last ones are kept because they may be wanted again. Never fails a deployment. */
export async function tidy(deps: DeliveryDeps, { key, commit }: DeployPlan): Promise<void> {
  const folder = join(deps.dataDir, "workloads", key.environment, key.name);
  try {
    const names = (await readdir(folder)).filter((name) => /^[0-9a-f]{40,64}$/.test(name) && name !== commit);
    const aged = await Promise.all(names.map(async (name) => ({ name, at: (await stat(join(folder, name))).mtimeMs })));
    for (const { name } of aged.sort((a, b) => b.at - a.at).slice(KEPT)) {
      await rm(join(folder, `${name}.built`), { force: true });
      await rm(join(folder, name), { recursive: true, force: true });
    }
  } catch (error) {
    deps.log.warn("old commits of a workload could not be removed", { workload: key.name, error: String(error) });
  }
}

function write<T>(
  deps: DeliveryDeps,
  { id, entityRef }: Pick<Deployment, "id" | "entityRef">,
  status: string,
  key: string,
  work: (ctx: Ctx) => Promise<T>,
): Promise<T> {
  const call = { ...deps.runtime.system("delivery.deploy"), idempotencyKey: key };
  return deps.runtime.write(call, advanceDeployment, { id, status }, { kind: "entity", id: entityRef }, work);
}
