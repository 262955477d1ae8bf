import { workloadNameOf } from "../component.ts";
import type { DeliveryDeps, Timing } from "../deps.ts";
import { findDeployment } from "../deployment/deployment-store.ts";
import type { DeployPlan } from "../deployment/deploy-flow.ts";
import { findEnvironment } from "../environment/environment-store.ts";
import { advanceRollout } from "../internal-operations.ts";
import { policiesNow } from "../gate/policies-now.ts";
import type { ClusterRuntime } from "../kubernetes/cluster/cluster-runtime.ts";
import { driveArgo } from "../kubernetes/cluster/drive-argo.ts";
import type { LocalRuntime, WorkloadKey, WorkloadSpec } from "../runtime/local-runtime.ts";
import { findWorkload } from "../workload/workload-store.ts";
import { driveRollout, type Drive } from "./drive-rollout.ts";
import { isOver, type RolloutEvent } from "./machine.ts";
import { applyEvent, findActive, findRollout, keepProgress, listActive, type EventWords, type RolloutRecord } from "./rollout-store.ts";
import { samplesAfter } from "./take-samples.ts";
import { measure } from "./template/measure.ts";
import type { Tripwire } from "./tripwires.ts";

/** The rollouts that go on, each carried through by this server. */
export interface Rollouts {
  /** Something happened to one: it begins, or was decided about. */
  heed(id: string): Promise<void>;
  /** After a start of the server: all that go on. */
  resume(): Promise<void>;
  /** What a workload is given (a credential, the variables of a resource) changed: what is compared with it is started anew with it. */
  renew(entityRef: string, environment: string): Promise<void>;
  tripwires(id: string): readonly Tripwire[] | undefined;
  apply(id: string, event: RolloutEvent, words?: EventWords): Promise<RolloutRecord>;
  /** Rollouts go on at the next start. */
  stop(): Promise<void>;
}

export interface RolloutsParts {
  readonly local: LocalRuntime;
  readonly cluster: ClusterRuntime;
  readonly build: (plan: DeployPlan, signal: AbortSignal) => Promise<WorkloadSpec>;
  /** After a promotion. */
  readonly promoted: (plan: DeployPlan) => Promise<void>;
}

export function createRollouts(deps: DeliveryDeps, timing: Timing, { local, cluster, build, promoted }: RolloutsParts): Rollouts {
  const { db, log, router, runtime } = deps;
  const drives = new Map<string, Drive>();
  let stopping = false;

  function apply(id: string, event: RolloutEvent, words?: EventWords): Promise<RolloutRecord> {
    const call = runtime.system("delivery.rollout");
    return runtime.write(call, advanceRollout, { id, event }, { kind: "rollout", id }, (ctx) => applyEvent(ctx, id, event, words));
  }

  async function planOf(rollout: RolloutRecord): Promise<DeployPlan> {
    const { deploymentId, commit, manifest } = rollout;
    const deployment = await findDeployment(db, deploymentId);
    return { deploymentId, key: keyOf(rollout), repository: deployment?.repository ?? "", commit, manifest };
  }

  async function heed(id: string): Promise<void> {
    const known = drives.get(id);
    if (known !== undefined) return known.wake();
    const record = await findRollout(db, id);
    if (stopping || record === undefined || isOver(record) || drives.has(id)) return;
    const place = (await findEnvironment(db, record.environment))?.kubernetes;
    if (drives.has(id)) return;
    const drive =
      place === undefined
        ? driveHere(record)
        : driveArgo(
            {
              log,
              cluster,
              key: keyOf(record),
              find: (wanted) => findRollout(db, wanted),
              apply,
              tickMs: timing.tickMs,
              deadlineMs: timing.settleMs ?? place.deadlineSeconds * 1_000,
            },
            record,
          );
    drives.set(id, drive);
    void drive.done.finally(() => drives.delete(id));
  }

  function driveHere(record: RolloutRecord): Drive {
    return driveRollout(
      {
        log,
        local,
        metrics: (key) => router.metrics(key),
        keyOf,
        specOf: async (rollout, signal) => build(await planOf(rollout), signal),
        find: (wanted) => findRollout(db, wanted),
        apply,
        objectives: async ({ entityRef, environment }) => {
          const { objectives } = deps;
          return objectives && runtime.read(runtime.system("delivery.rollout"), (ctx) => objectives(ctx, { entityRef, environment }));
        },
        denials: ({ deploymentId, environment }) => policiesNow(deps, deploymentId, environment),
        samples: (wanted, after) => samplesAfter(db, wanted, after),
        measure: (metric, signal) => measure(deps, metric, signal),
        keep: (wanted, progress) => keepProgress(db, wanted, progress),
        promoted: async (rollout) => promoted(await planOf(rollout)),
        isWanted: async ({ entityRef, environment }) => (await findWorkload(db, entityRef, environment))?.desired === "running",
        tickMs: timing.tickMs,
        startMs: timing.startMs,
      },
      record,
    );
  }

  return {
    heed,
    apply,
    async resume() {
      for (const id of await listActive(db)) await heed(id);
    },
    async renew(entityRef, environment) {
      const going = await findActive(db, entityRef, environment);
      if (going !== undefined) drives.get(going.id)?.renew?.();
    },
    tripwires: (id) => drives.get(id)?.tripwires(),
    async stop() {
      stopping = true;
      const going = [...drives.values()];
      for (const drive of going) drive.stop();
      await Promise.all(going.map(({ done }) => done));
    },
  };
}

function keyOf({ entityRef, environment }: RolloutRecord): WorkloadKey {
  return { entityRef, environment, name: workloadNameOf(entityRef) };
}
