import { setTimeout as delay } from "node:timers/promises";

import type { ClusterSight, Workload } from "@roadbed/contracts/delivery";
import type { KubernetesPlace } from "@roadbed/contracts/delivery/kubernetes-place";
import { ConflictError, NotFoundError, UnavailableError } from "@roadbed/core";

import type { DeliveryDeps, Timing } from "../../deps.ts";
import { findEnvironment, listEnvironmentRecords } from "../../environment/environment-store.ts";
import type { Observation, WorkloadKey } from "../../runtime/local-runtime.ts";
import { engineNameOf, engineNamespace } from "../render/engine.ts";
import { hostOf, namespaceOf } from "../render/naming.ts";
import { judgeWorkload, type Judgement } from "./judge-workload.ts";
import { openCluster } from "./open-cluster.ts";
import { readClusterLog, type ClusterLog, type LogQuestion } from "./read-cluster-log.ts";
import { APPLICATIONS, DEPLOYMENTS, KUSTOMIZATIONS, ROLLOUTS, type KubeObject } from "./sorts.ts";
import { watchEnvironment, type WatchedEnvironment } from "./watched-environment.ts";

/** What is seen of a workload in its cluster. */
export interface ClusterView {
  readonly judgement: Judgement;
  readonly main: KubeObject | undefined;
  /** Why nobody can say how it is now. */
  readonly unknown: string | undefined;
}

/** Follows the clusters that environments are, and does in them what people ask for. What is to run there is written to Git, not here. */
export interface ClusterRuntime {
  start(): Promise<void>;
  /** Environments were made, changed or ended. */
  reload(): Promise<void>;
  /** What is seen now; undefined where the environment is no cluster. */
  view(key: WorkloadKey): Promise<ClusterView | undefined>;
  /** Waits until the cluster says that the release is healthy. Rejects with why it is not: it failed, or its deadline is over. */
  settle(key: WorkloadKey, signal: AbortSignal): Promise<void>;
  restart(key: WorkloadKey): Promise<void>;
  /** Has Argo CD or Flux apply what Git says now, whether they do so by themselves or not. */
  sync(key: WorkloadKey): Promise<void>;
  logs(key: WorkloadKey, question: LogQuestion): Promise<ClusterLog>;
  patchRollout(key: WorkloadKey, body: object, part?: "status"): Promise<void>;
  /** Of what an environment is to have; undefined where nothing was promoted there. */
  releaseWanted(key: WorkloadKey): Promise<number | undefined>;
  stop(): Promise<void>;
}

const LOOK_AFTER_MS = 150;
const LOOK_EVERY_MS = 5_000;
/** So long what was seen last still counts, while the cluster does not answer. */
const STALE_MS = 60_000;

export function createClusterRuntime(
  deps: Pick<DeliveryDeps, "db" | "log" | "clusters" | "fetch">,
  timing: Timing,
  record: (key: WorkloadKey, seen: Observation) => void,
): ClusterRuntime {
  const { db, log } = deps;
  const watched = new Map<string, { readonly text: string; readonly watch: WatchedEnvironment }>();
  const places = new Map<string, KubernetesPlace>();
  const unreachable = new Map<string, string>();
  const told = new Map<string, string>();
  const soon = new Map<string, NodeJS.Timeout>();
  let reloading: Promise<void> = Promise.resolve();
  let every: NodeJS.Timeout | undefined;
  const staleMs = timing.staleMs ?? STALE_MS;

  async function load(): Promise<void> {
    const wanted = (await listEnvironmentRecords(db)).flatMap(({ name, kubernetes }) =>
      kubernetes === undefined ? [] : [{ name, kubernetes }],
    );
    places.clear();
    for (const { name, kubernetes } of wanted) places.set(name, kubernetes);
    for (const [name, { watch }] of watched) {
      if (places.has(name)) continue;
      watch.stop();
      watched.delete(name);
    }
    for (const { name, kubernetes } of wanted) {
      const text = JSON.stringify(kubernetes);
      if (watched.get(name)?.text === text) continue;
      try {
        const access = await deps.clusters?.access(kubernetes.cluster);
        if (access === undefined) throw new NotFoundError("connected cluster", kubernetes.cluster, "Connect it, with delivery: true.");
        if (deps.fetch === undefined) throw new UnavailableError("There is no way out of this server.");
        const cluster = await openCluster(access, {
          name: kubernetes.cluster,
          fetch: deps.fetch,
          ...(timing.clusterWaitMs === undefined ? {} : { firstWaitMs: timing.clusterWaitMs }),
        });
        watched.get(name)?.watch.stop();
        watched.set(name, { text, watch: watchEnvironment(cluster, name, kubernetes, () => lookSoon(name)) });
        unreachable.delete(name);
      } catch (error) {
        unreachable.set(name, error instanceof Error ? error.message : String(error));
        log.warn("the cluster of an environment cannot be followed", { environment: name, error: String(error) });
      }
      lookSoon(name);
    }
  }

  function lookSoon(environment: string): void {
    if (soon.has(environment)) return;
    const timer = setTimeout(() => {
      soon.delete(environment);
      look(environment).catch((error: unknown) =>
        log.warn("what a cluster says could not be written", { environment, error: String(error) }),
      );
    }, LOOK_AFTER_MS).unref();
    soon.set(environment, timer);
  }

  /** Tells what is seen of every workload of an environment, where it is otherwise than it was told last. */
  async function look(environment: string): Promise<void> {
    const { rows } = await db.query<{ entity_ref: string; name: string; kind: Workload["kind"]; number: number | null }>(
      `select w.entity_ref, w.name, w.kind, r.number from delivery.workload w
       left join delivery.desired d on d.entity_ref = w.entity_ref and d.environment = w.environment
       left join delivery.release r on r.id = d.release_id where w.environment = $1 order by 1`,
      [environment],
    );
    for (const { entity_ref: entityRef, name, kind, number } of rows) {
      if (number === null) continue;
      const key = { entityRef, environment, name };
      const seen = observationOf(key, kind, viewOf(key, number));
      if (seen === undefined) continue;
      const {
        cluster: { seenAt: _at, ...lasting },
        ...rest
      } = seen;
      const text = JSON.stringify({ lasting, rest });
      if (told.get(`${environment}/${name}`) === text) continue;
      told.set(`${environment}/${name}`, text);
      record(key, seen);
    }
  }

  function viewOf({ entityRef, environment }: WorkloadKey, release: number): ClusterView | undefined {
    const watch = watched.get(environment)?.watch;
    if (watch === undefined) {
      const why = unreachable.get(environment);
      return why === undefined ? undefined : { judgement: judgeWorkload(NOTHING, release), main: undefined, unknown: why };
    }
    const shown = watch.shown(entityRef);
    const seenAt = watch.seenAt();
    const stale = seenAt === undefined || Date.now() - seenAt.getTime() > staleMs;
    const problem = watch.problem();
    const unknown = problem !== undefined && stale ? problem : seenAt === undefined ? "The cluster has not been read yet." : undefined;
    return { judgement: judgeWorkload(shown, release), main: shown.main, unknown };
  }

  function observationOf(
    key: WorkloadKey,
    kind: Workload["kind"],
    view: ClusterView | undefined,
  ): (Observation & { readonly cluster: ClusterSight }) | undefined {
    const place = places.get(key.environment);
    if (view === undefined || place === undefined) return undefined;
    const { judgement, unknown } = view;
    const seenAt = watched.get(key.environment)?.watch.seenAt();
    const host = kind === "service" || kind === "site" ? hostOf(place, key.entityRef, key.environment) : undefined;
    const problem = watched.get(key.environment)?.watch.problem() ?? unknown;
    return {
      health: unknown === undefined ? judgement.health : "unknown",
      detail: unknown ?? judgement.why,
      restarts: judgement.pods.reduce((sum, { restarts }) => sum + restarts, 0),
      replicas: judgement.pods.map(({ name, release, health, why, restarts, startedAt, hopeless }) => ({
        looping: hopeless,
        name,
        release,
        health: unknown === undefined ? health : "unknown",
        detail: why,
        restarts,
        startedAt,
      })),
      ...(host === undefined ? {} : { url: `https://${host}/` }),
      cluster: {
        cluster: place.cluster,
        namespace: namespaceOf(place, key.entityRef, key.environment),
        delivery: place.delivery,
        actual: [...judgement.actual],
        ready: judgement.ready,
        wanted: judgement.wanted,
        ...judgement.engine,
        ...(problem === undefined ? {} : { problem }),
        ...(seenAt === undefined ? {} : { seenAt: seenAt.toISOString() }),
      },
    };
  }

  function reload(): Promise<void> {
    reloading = reloading.then(load).catch((error: unknown) => log.warn("clusters could not be read again", { error: String(error) }));
    return reloading;
  }

  async function releaseWanted({ entityRef, environment }: WorkloadKey): Promise<number | undefined> {
    const { rows } = await db.query<{ number: number }>(
      "select r.number from delivery.desired d join delivery.release r on r.id = d.release_id where d.entity_ref = $1 and d.environment = $2",
      [entityRef, environment],
    );
    return rows[0]?.number;
  }

  async function view(key: WorkloadKey): Promise<ClusterView | undefined> {
    const release = await releaseWanted(key);
    return release === undefined ? undefined : viewOf(key, release);
  }

  async function settle(key: WorkloadKey, signal: AbortSignal): Promise<void> {
    const place = (await findEnvironment(db, key.environment))?.kubernetes;
    const seconds = place?.deadlineSeconds ?? 600;
    const until = performance.now() + (timing.settleMs ?? seconds * 1_000);
    let last: ClusterView | undefined;
    while (performance.now() < until) {
      signal.throwIfAborted();
      last = await view(key);
      if (last !== undefined && last.unknown === undefined) {
        if (last.judgement.verdict === "healthy") return;
        if (last.judgement.verdict === "failed") throw new ConflictError(last.judgement.why ?? "The cluster says that it failed.");
      }
      await delay(timing.tickMs, undefined, { signal });
    }
    if (last?.unknown !== undefined || last === undefined)
      throw new UnavailableError(`Within ${seconds} seconds nobody could say how it is: ${last?.unknown ?? "the cluster is not followed"}`);
    throw new ConflictError(`It is not healthy after ${seconds} seconds: ${last.judgement.why ?? "the cluster does not say why"}`);
  }

  function watchOf({ environment }: WorkloadKey): WatchedEnvironment {
    const watch = watched.get(environment)?.watch;
    if (watch !== undefined) return watch;
    throw new UnavailableError(
      `The cluster of ${environment} is not followed: ${unreachable.get(environment) ?? "it has just been named"}`,
      {
        mend: "Check the source that connects it.",
      },
    );
  }

  function placeOf(key: WorkloadKey): { namespace: string; name: string } {
    return { namespace: namespaceOf(watchOf(key).place, key.entityRef, key.environment), name: key.name };
  }

  return {
    async start() {
      await load();
      every = setInterval(() => {
        for (const name of places.keys()) lookSoon(name);
        // What could not be reached is tried again.
        if (unreachable.size > 0) void reload();
      }, LOOK_EVERY_MS).unref();
    },
    reload,
    view,
    settle,
    releaseWanted,
    async restart(key) {
      const watch = watchOf(key);
      const { main } = watch.shown(key.entityRef);
      const at = new Date().toISOString();
      if (main?.kind === "Rollout") return watch.cluster.patch(ROLLOUTS, placeOf(key), { spec: { restartAt: at } });
      if (main?.kind === "Deployment") {
        const template = { metadata: { annotations: { "kubectl.kubernetes.io/restartedAt": at } } };
        return watch.cluster.patch(DEPLOYMENTS, placeOf(key), { spec: { template } });
      }
      throw new ConflictError(
        main === undefined ? `${key.name} is not in the cluster.` : `A ${main.kind} has nothing that could be restarted.`,
      );
    },
    async sync(key) {
      const { cluster, place } = watchOf(key);
      const at = { namespace: engineNamespace(place), name: engineNameOf(key.environment, key.entityRef) };
      if (place.engine === "flux") {
        const annotations = { "reconcile.fluxcd.io/requestedAt": new Date().toISOString() };
        return cluster.patch(KUSTOMIZATIONS, at, { metadata: { annotations } });
      }
      const operation = { initiatedBy: { username: "roadbed" }, sync: { prune: true, syncStrategy: { apply: {} } } };
      return cluster.patch(APPLICATIONS, at, { operation });
    },
    logs: async (key, question) => readClusterLog(watchOf(key).cluster, () => watchOf(key).shown(key.entityRef).pods, question),
    patchRollout: async (key, body, part) => watchOf(key).cluster.patch(ROLLOUTS, placeOf(key), body, part),
    async stop() {
      clearInterval(every);
      for (const timer of soon.values()) clearTimeout(timer);
      await reloading;
      for (const { watch } of watched.values()) watch.stop();
      watched.clear();
    },
  };
}

const NOTHING = { main: undefined, pods: [], jobs: [], engine: undefined };
