import { readFileSync } from "node:fs";

import type { TypeSchema, TypeTable } from "@roadbed/cel";
import type { ResourceRule } from "@roadbed/contracts/policy-file";

import { TERRAFORM_GROUP } from "@roadbed/contracts/standards/plans";

import { pluralOf } from "../match.ts";

/**
 * The type of the objects that these rules look at: one name per kind, where every kind is known; undefined where one is not, or
 * everything is looked at. Kubernetes' types are those of its API 1.30 (kubernetes-types 1.30.0, Apache-2.0), read once.
 */
export function schemaOf(rules: readonly ResourceRule[]): TypeSchema | undefined {
  const names: string[] = [];
  for (const { apiGroups, resources } of rules) {
    for (const group of apiGroups) {
      for (const resource of resources) {
        const name = nameOf(group, resource);
        if (name === undefined) return undefined;
        names.push(name);
      }
    }
  }
  return { type: [...new Set(names)], types: typeTable() };
}

const GROUPS: Record<string, string> = {
  "": "Pod Service ConfigMap Secret Namespace ServiceAccount PersistentVolumeClaim PersistentVolume ResourceQuota LimitRange Node PodTemplate ReplicationController",
  apps: "Deployment StatefulSet DaemonSet ReplicaSet",
  batch: "Job CronJob",
  "networking.k8s.io": "Ingress NetworkPolicy",
  policy: "PodDisruptionBudget",
  "rbac.authorization.k8s.io": "Role ClusterRole RoleBinding ClusterRoleBinding",
  autoscaling: "HorizontalPodAutoscaler",
  "storage.k8s.io": "StorageClass",
  "scheduling.k8s.io": "PriorityClass",
  "backstage.io": "Component API Resource System Domain Group User Location Template",
  "roadbed.dev": "Dockerfile Promotion",
};

function nameOf(group: string, resource: string): string | undefined {
  if (group === TERRAFORM_GROUP) return "TerraformChange";
  const kind = (GROUPS[group] ?? "").split(" ").find((one) => one !== "" && pluralOf(one) === resource);
  if (kind === undefined) return undefined;
  // A kind that others may have added fields to: its envelope is known, its insides are not.
  return group === "backstage.io" ? "Entity" : kind;
}

/** The kinds whose fields are known, as rules name them. */
export function listKinds(): { readonly group: string; readonly kind: string; readonly resource: string }[] {
  return Object.entries(GROUPS).flatMap(([group, line]) => line.split(" ").map((kind) => ({ group, kind, resource: pluralOf(kind) })));
}

let read: TypeTable | undefined;

/** Every named type, with its fields. */
export function typeTable(): TypeTable {
  return (read ??= withOurs(JSON.parse(readFileSync(new URL("./kubernetes-1.30.json", import.meta.url), "utf8")) as TypeTable));
}

function withOurs(kubernetes: TypeTable): TypeTable {
  const kinds = new Set(Object.values(GROUPS).flatMap((line) => line.split(" ")));
  const withStatus = Object.fromEntries(
    Object.entries(kubernetes).map(([name, fields]) => [name, kinds.has(name) ? { ...fields, status: "dyn" } : fields]),
  );
  return { ...withStatus, ObjectMeta: { ...kubernetes["ObjectMeta"], ...SERVER_FIELDS }, ...OURS };
}

/** What the API server adds to an object's metadata. */
const SERVER_FIELDS = {
  creationTimestamp: "string",
  deletionTimestamp: "string",
  deletionGracePeriodSeconds: "int",
  generation: "int",
  resourceVersion: "string",
  uid: "string",
};

const OURS: TypeTable = {
  // What a provider's resource has is known to the provider.
  TerraformChange: {
    apiVersion: "string",
    kind: "string",
    metadata: "ObjectMeta",
    address: "string",
    module: "string",
    provider: "string",
    actions: "list<string>",
    values: "dyn",
  },
  Entity: { apiVersion: "string", kind: "string", metadata: "EntityMeta", spec: "dyn", relations: "list<EntityRelation>", status: "dyn" },
  EntityMeta: {
    name: "string",
    namespace: "string",
    uid: "string",
    etag: "string",
    title: "string",
    description: "string",
    labels: "map<string, string>",
    annotations: "map<string, string>",
    tags: "list<string>",
    links: "list<EntityLink>",
  },
  EntityLink: { url: "string", title: "string", icon: "string", type: "string" },
  EntityRelation: { type: "string", targetRef: "string", target: "dyn" },
  Promotion: { apiVersion: "string", kind: "string", metadata: "ObjectMeta", spec: "PromotionSpec" },
  PromotionSpec: { entity: "string", from: "string", to: "string", release: "dyn" },
  Dockerfile: { apiVersion: "string", kind: "string", metadata: "ObjectMeta", spec: "DockerfileSpec" },
  DockerfileSpec: { stages: "list<DockerfileStage>" },
  DockerfileStage: { image: "string", name: "string", internal: "bool" },
};
