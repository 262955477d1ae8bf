import type { KubernetesPlace } from "@roadbed/contracts/delivery/kubernetes-place";

import { workloadNameOf } from "../../component.ts";
import { engineNameOf, engineNamespace } from "../render/engine.ts";
import { ENVIRONMENT_LABEL, MANAGED_BY, NAME_LABEL, namespaceOf } from "../render/naming.ts";
import type { Shown } from "./judge-workload.ts";
import type { Cluster, Followed } from "./open-cluster.ts";
import { APPLICATIONS, CRON_JOBS, DEPLOYMENTS, JOBS, KUSTOMIZATIONS, PODS, ROLLOUTS, type KubeObject, type Sort } from "./sorts.ts";

/** Everything of an environment in its cluster, followed by watches. */
export interface WatchedEnvironment {
  readonly cluster: Cluster;
  readonly place: KubernetesPlace;
  shown(entityRef: string): Shown;
  /** Why what is shown may not be so any more. */
  problem(): string | undefined;
  /** When all of it was known last. */
  seenAt(): Date | undefined;
  stop(): void;
}

export function watchEnvironment(cluster: Cluster, environment: string, place: KubernetesPlace, changed: () => void): WatchedEnvironment {
  const problems = new Map<string, string>();
  const pattern = place.namespace.replaceAll("{environment}", environment);
  const everywhere = pattern.includes("{");
  const selector = `${MANAGED_BY}=roadbed,${ENVIRONMENT_LABEL}=${environment}`;
  const follow = (sort: Sort, namespace: string | undefined): Followed =>
    cluster.follow(
      sort,
      { namespace, selector },
      {
        changed,
        problem: (why) => {
          const before = problems.get(sort.plural);
          if (why === undefined) problems.delete(sort.plural);
          else problems.set(sort.plural, why);
          if (before !== why) changed();
        },
      },
    );
  const own = (sort: Sort): Followed => follow(sort, everywhere ? undefined : pattern);
  const mains = [DEPLOYMENTS, CRON_JOBS, ...(place.delivery === "deployment" ? [] : [ROLLOUTS])].map((sort) => ({ sort, list: own(sort) }));
  const [pods, jobs] = [own(PODS), own(JOBS)];
  const engine = follow(place.engine === "argo-cd" ? APPLICATIONS : KUSTOMIZATIONS, engineNamespace(place));
  const needed = [...mains.map(({ list }) => list), pods];
  const kinds: Readonly<Record<string, string>> = { deployments: "Deployment", cronjobs: "CronJob", rollouts: "Rollout" };

  return {
    cluster,
    place,
    shown(entityRef) {
      const name = workloadNameOf(entityRef);
      const namespace = namespaceOf(place, entityRef, environment);
      const isIts = ({ metadata }: KubeObject): boolean => metadata?.namespace === namespace && metadata.labels?.[NAME_LABEL] === name;
      // Lists leave out of each object what kind it is.
      const found = mains.flatMap(({ sort, list }) =>
        list
          .objects()
          .flatMap((object) => (object.metadata?.name === name && isIts(object) ? [{ ...object, kind: kinds[sort.plural]! }] : [])),
      );
      const engineKind = place.engine === "argo-cd" ? "Application" : "Kustomization";
      const told = engine.objects().find(({ metadata }) => metadata?.name === engineNameOf(environment, entityRef));
      return {
        main: found[0],
        pods: pods.objects().filter(isIts),
        jobs: jobs.objects().filter(isIts),
        engine: told && { ...told, kind: engineKind },
      };
    },
    problem: () => [...problems.entries()].find(([plural]) => plural !== "applications" && plural !== "kustomizations")?.[1],
    seenAt() {
      const times = needed.map((list) => list.seenAt()?.getTime());
      return times.includes(undefined) ? undefined : new Date(Math.min(...(times as number[])));
    },
    stop() {
      for (const list of [...needed, jobs, engine]) list.stop();
    },
  };
}
