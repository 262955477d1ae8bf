import { parseRef } from "@roadbed/contracts/catalog";
import type { KubernetesPlace } from "@roadbed/contracts/delivery/kubernetes-place";

import { workloadNameOf } from "../../component.ts";
import type { Manifest } from "../manifest.ts";
import { ENVIRONMENT_LABEL, MANAGED_BY, NAME_LABEL, namespaceOf, type Place } from "./naming.ts";

const ARGO = "argoproj.io/v1alpha1";
const FLUX_SOURCE = "source.toolkit.fluxcd.io/v1";
const FLUX_KUSTOMIZE = "kustomize.toolkit.fluxcd.io/v1";

export function engineNamespace({ engine, engineNamespace: said }: KubernetesPlace): string {
  return said ?? (engine === "argo-cd" ? "argocd" : "flux-system");
}

/** What Argo CD or Flux call a component in an environment. */
export function engineNameOf(environment: string, entityRef: string): string {
  return `${environment}-${workloadNameOf(entityRef)}`;
}

/** What tells the engine of one component: it applies that folder of the environment's branch, and reports of it alone. */
export function componentOfEngine(entityRef: string, { environment, kubernetes, repository }: Place): Manifest[] {
  const name = engineNameOf(environment, entityRef);
  const path = `apps/${workloadNameOf(entityRef)}/objects`;
  const metadata = {
    name,
    namespace: engineNamespace(kubernetes),
    labels: {
      [NAME_LABEL]: workloadNameOf(entityRef),
      [ENVIRONMENT_LABEL]: environment,
      [MANAGED_BY]: "roadbed",
    },
    annotations: { "roadbed.dev/entity-ref": entityRef, "roadbed.dev/namespace": parseRef(entityRef).namespace },
  };
  const target = namespaceOf(kubernetes, entityRef, environment);
  if (kubernetes.engine === "argo-cd") {
    return [{ apiVersion: ARGO, kind: "Application", metadata, spec: argoSpec({ environment, repository, path, target, kubernetes }) }];
  }
  const spec = fluxSpec(environment, `./${path}`);
  return [
    {
      apiVersion: FLUX_KUSTOMIZE,
      kind: "Kustomization",
      metadata,
      spec: { ...spec, wait: true, timeout: `${kubernetes.deadlineSeconds}s` },
    },
  ];
}

/** What is applied to the cluster once, by hand: from then on the engine learns of components from Git. */
export function rootOfEngine({ environment, kubernetes, repository }: Place): Manifest[] {
  const namespace = engineNamespace(kubernetes);
  const metadata = { name: `roadbed-${environment}`, namespace, labels: { [ENVIRONMENT_LABEL]: environment, [MANAGED_BY]: "roadbed" } };
  if (kubernetes.engine === "argo-cd") {
    const spec = argoSpec({ environment, repository, path: "engine", target: namespace, kubernetes });
    return [{ apiVersion: ARGO, kind: "Application", metadata, spec }];
  }
  return [
    {
      apiVersion: FLUX_SOURCE,
      kind: "GitRepository",
      metadata,
      spec: { interval: "1m", url: repository, ref: { branch: `env/${environment}` } },
    },
    { apiVersion: FLUX_KUSTOMIZE, kind: "Kustomization", metadata, spec: fluxSpec(environment, "./engine") },
  ];
}

function argoSpec(o: {
  readonly environment: string;
  readonly repository: string;
  readonly path: string;
  readonly target: string;
  readonly kubernetes: KubernetesPlace;
}): Record<string, unknown> {
  const weights = o.kubernetes.delivery === "gateway-api" && o.path !== "engine";
  return {
    project: "default",
    source: { repoURL: o.repository, targetRevision: `env/${o.environment}`, path: o.path },
    destination: { server: "https://kubernetes.default.svc", namespace: o.target },
    // The weights of a route are the controller's while a release is being looked at.
    ...(weights
      ? {
          ignoreDifferences: [
            { group: "gateway.networking.k8s.io", kind: "HTTPRoute", jqPathExpressions: [".spec.rules[].backendRefs[].weight"] },
          ],
        }
      : {}),
    syncPolicy: {
      automated: { prune: true, selfHeal: true },
      // What pods of the release before still need goes last.
      syncOptions: ["CreateNamespace=true", "PruneLast=true", ...(weights ? ["RespectIgnoreDifferences=true"] : [])],
    },
  };
}

function fluxSpec(environment: string, path: string): Record<string, unknown> {
  return {
    interval: "5m",
    retryInterval: "1m",
    path,
    prune: true,
    sourceRef: { kind: "GitRepository", name: `roadbed-${environment}` },
  };
}
