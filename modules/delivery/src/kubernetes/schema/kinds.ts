import { existsSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

import type { Manifest } from "../manifest.ts";

/** Answers with what it found; in the form of AJV. */
export interface CompiledSchema {
  (data: unknown): boolean;
  errors?: readonly SchemaFault[] | null;
}

export interface SchemaFault {
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message?: string | undefined;
}

const ARGO = "@kubernetes-models/argo-rollouts/_schemas/ComGithubArgoprojArgoRolloutsPkgApisRolloutsV1alpha1";
const ARGO_CD = "@kubernetes-models/argo-cd/_schemas/ComGithubArgoprojArgoCdV3PkgApisApplicationV1alpha1";

/** Groups whose schemas `kubernetes-models` has, with what they are called there. */
const CORE: Readonly<Record<string, string>> = {
  v1: "CoreV1",
  "apps/v1": "AppsV1",
  "batch/v1": "BatchV1",
  "autoscaling/v2": "AutoscalingV2",
  "policy/v1": "PolicyV1",
  "networking.k8s.io/v1": "NetworkingV1",
  "rbac.authorization.k8s.io/v1": "RbacV1",
  "scheduling.k8s.io/v1": "SchedulingV1",
  "storage.k8s.io/v1": "StorageV1",
  "coordination.k8s.io/v1": "CoordinationV1",
  "discovery.k8s.io/v1": "DiscoveryV1",
  "node.k8s.io/v1": "NodeV1",
  "admissionregistration.k8s.io/v1": "AdmissionregistrationV1",
};

/** Kinds that others add to clusters, by their own published schemas. */
const ADDED: Readonly<Record<string, string>> = {
  "argoproj.io/v1alpha1 Rollout": `${ARGO}Rollout`,
  "argoproj.io/v1alpha1 AnalysisTemplate": `${ARGO}AnalysisTemplate`,
  "argoproj.io/v1alpha1 ClusterAnalysisTemplate": `${ARGO}ClusterAnalysisTemplate`,
  "argoproj.io/v1alpha1 Application": `${ARGO_CD}Application`,
  "argoproj.io/v1alpha1 AppProject": `${ARGO_CD}AppProject`,
  "gateway.networking.k8s.io/v1 HTTPRoute": "@kubernetes-models/gateway-api/_schemas/IoK8sSigsGatewayApiApisV1HTTPRoute",
  "gateway.networking.k8s.io/v1 GRPCRoute": "@kubernetes-models/gateway-api/_schemas/IoK8sSigsGatewayApiApisV1GRPCRoute",
  "gateway.networking.k8s.io/v1 Gateway": "@kubernetes-models/gateway-api/_schemas/IoK8sSigsGatewayApiApisV1Gateway",
  "apiextensions.k8s.io/v1 CustomResourceDefinition":
    "kubernetes-models/_schemas/IoK8sApiextensionsApiserverPkgApisApiextensionsV1CustomResourceDefinition",
  "kustomize.toolkit.fluxcd.io/v1 Kustomization":
    "@kubernetes-models/flux-cd/_schemas/ComGithubFluxcdKustomizeControllerApiV1Kustomization",
  "source.toolkit.fluxcd.io/v1 GitRepository": "@kubernetes-models/flux-cd/_schemas/ComGithubFluxcdSourceControllerApiV1GitRepository",
};

/** What stands in no namespace. */
const CLUSTER_WIDE = new Set(
  "Namespace ClusterRole ClusterRoleBinding CustomResourceDefinition PersistentVolume PriorityClass StorageClass IngressClass RuntimeClass ClusterAnalysisTemplate ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration MutatingWebhookConfiguration GatewayClass ClusterIssuer".split(
    " ",
  ),
);

export function isClusterWide({ kind }: Pick<Manifest, "kind">): boolean {
  return CLUSTER_WIDE.has(kind);
}

const compiled = new Map<string, Promise<CompiledSchema | undefined>>();

/** The schema of a kind; undefined where none is known here. Schemas are read when they are first asked for: together they are large. */
export function schemaOf(apiVersion: string, kind: string): Promise<CompiledSchema | undefined> {
  const key = `${apiVersion} ${kind}`;
  const known = compiled.get(key) ?? load(apiVersion, kind);
  compiled.set(key, known);
  return known;
}

async function load(apiVersion: string, kind: string): Promise<CompiledSchema | undefined> {
  if (!/^[A-Za-z]{1,63}$/.test(kind)) return undefined;
  const group = CORE[apiVersion];
  const module = ADDED[`${apiVersion} ${kind}`] ?? (group === undefined ? undefined : `kubernetes-models/_schemas/IoK8sApi${group}${kind}`);
  if (module === undefined) return undefined;
  const [, name = "", file = ""] = /^((?:@[^/]+\/)?[^/]+)\/(.+)$/.exec(module) ?? [];
  // Not every one of these packages exports its schemas by name.
  const manifest = findPackageJSON(name, import.meta.url);
  if (manifest === undefined) throw new Error(`${name} is not installed`);
  const path = join(dirname(manifest), `${file}.js`);
  if (!existsSync(path)) return undefined;
  return ((await import(pathToFileURL(path).href)) as { validate: CompiledSchema }).validate;
}
