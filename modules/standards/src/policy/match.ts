import type { LabelSelector, Match, ResourceRule } from "@roadbed/contracts/policy-file";
import { TERRAFORM_GROUP } from "@roadbed/contracts/standards/plans";

export type { Match };
export type Operation = "CREATE" | "UPDATE" | "DELETE";
type Labels = Readonly<Record<string, unknown>>;

/** What a policy is asked about, read off the object. */
export interface Target {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** The plural that rules name, e.g. `deployments`. */
  readonly resource: string;
  readonly name: string;
  /** "" for what is of no namespace, or does not say which. */
  readonly namespace: string;
  readonly operation: Operation;
  /** The labels as they will be, and as they were, where there is such an object. */
  readonly labels: readonly Labels[];
  /** The labels of its namespace; for a Namespace its own; undefined for what belongs to a cluster. */
  readonly namespaceLabels: Labels | undefined;
}

/** One thing to be judged. */
export interface Judged {
  readonly object: Readonly<Record<string, unknown>>;
  readonly oldObject?: Readonly<Record<string, unknown>> | undefined;
  readonly operation?: Operation | undefined;
}

/** Reads what is needed for matching; missing parts are "". */
export function targetOf({ object, oldObject, operation }: Judged, namespaces: ReadonlyMap<string, Labels> = NONE): Target {
  const [group, version] = splitVersion(asText(object.apiVersion));
  const kind = asText(object.kind);
  const metadata = asRecord(object.metadata);
  const name = asText(metadata.name);
  const namespace = CLUSTER_KINDS.has(kind) ? "" : asText(metadata.namespace);
  const labels = [object, oldObject].flatMap((one) => (one ? [asRecord(asRecord(one.metadata).labels)] : []));
  return {
    group,
    version,
    kind,
    // Types of Terraform resources are named as they are.
    resource: group === TERRAFORM_GROUP ? kind : pluralOf(kind),
    name,
    namespace,
    operation: operation ?? (oldObject === undefined ? "CREATE" : "UPDATE"),
    labels,
    namespaceLabels: CLUSTER_KINDS.has(kind) ? (kind === "Namespace" ? labels[0] : undefined) : namespaceLabels(namespace, namespaces),
  };
}

const NONE: ReadonlyMap<string, Labels> = new Map();

/** Every namespace carries its name as a label, whether its manifest is at hand or not. */
function namespaceLabels(namespace: string, namespaces: ReadonlyMap<string, Labels>): Labels {
  return { ...namespaces.get(namespace), ...(namespace === "" ? {} : { "kubernetes.io/metadata.name": namespace }) };
}

/** Whether a policy looks at it: any rule, no excluding rule, and all selectors. Policies themselves are never looked at. */
export function matchesTarget(match: Match | PartialMatch, target: Target): boolean {
  return (
    (match.resourceRules === undefined || match.resourceRules.some((rule) => matchesRule(rule, target))) &&
    !match.excludeResourceRules.some((rule) => matchesRule(rule, target)) &&
    (match.objectSelector === undefined || target.labels.some((labels) => matchesLabels(match.objectSelector!, labels))) &&
    (match.namespaceSelector === undefined ||
      target.namespaceLabels === undefined ||
      matchesLabels(match.namespaceSelector, target.namespaceLabels)) &&
    !(target.group === "admissionregistration.k8s.io" && target.kind.startsWith("ValidatingAdmissionPolicy"))
  );
}

/** What a binding narrows: without rules of its own it takes the policy's. */
export type PartialMatch = Omit<Match, "resourceRules"> & { readonly resourceRules?: Match["resourceRules"] | undefined };

/** What rules look at, for people: `apps/v1/Deployment`; `*` stays a star. */
export function describeRules(rules: readonly ResourceRule[]): string[] {
  const described = rules.flatMap(({ apiGroups, apiVersions, resources }) =>
    apiGroups.flatMap((group) =>
      apiVersions.flatMap((version) => resources.map((resource) => [group, version, kindOf(resource)].filter(Boolean).join("/"))),
    ),
  );
  return [...new Set(described)];
}

function matchesRule(rule: ResourceRule, { group, version, kind, resource, name, operation }: Target): boolean {
  return (
    (rule.operations.includes("*") || rule.operations.includes(operation)) &&
    has(rule.apiGroups, group) &&
    has(rule.apiVersions, version) &&
    (has(rule.resources, resource) || rule.resources.includes("*/*")) &&
    (rule.resourceNames === undefined || rule.resourceNames.length === 0 || rule.resourceNames.includes(name)) &&
    (rule.scope === undefined || rule.scope === "*" || (rule.scope === "Cluster") === CLUSTER_KINDS.has(kind))
  );
}

function has(list: readonly string[], value: string): boolean {
  return list.includes("*") || list.includes(value);
}

/** Kubernetes' label selectors; an empty one matches everything. */
export function matchesLabels({ matchLabels = {}, matchExpressions = [] }: LabelSelector, labels: Labels): boolean {
  const value = (key: string): unknown => (Object.hasOwn(labels, key) ? labels[key] : undefined);
  return (
    Object.entries(matchLabels).every(([key, wanted]) => value(key) === wanted) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const found = value(key);
      if (operator === "Exists") return found !== undefined;
      if (operator === "DoesNotExist") return found === undefined;
      const listed = typeof found === "string" && values.includes(found);
      return operator === "In" ? listed : !listed;
    })
  );
}

const CLUSTER_KINDS = new Set(
  "Namespace Node PersistentVolume ClusterRole ClusterRoleBinding StorageClass IngressClass PriorityClass CustomResourceDefinition".split(
    " ",
  ),
);

/** Kinds by their plural, for those whose capitals cannot be guessed. */
const KINDS: Record<string, string> = Object.fromEntries(
  [
    "API Component Domain Group Location Resource System Template User Dockerfile",
    "ConfigMap CronJob DaemonSet Deployment Ingress Job Namespace NetworkPolicy Pod ReplicaSet Secret Service ServiceAccount StatefulSet",
  ]
    .flatMap((line) => line.split(" "))
    .map((kind) => [pluralOf(kind), kind]),
);

function kindOf(resource: string): string {
  return KINDS[resource] ?? resource;
}

/** As Kubernetes guesses it: `networkpolicies`, `ingresses`, `deployments`. */
export function pluralOf(kind: string): string {
  const word = kind.toLowerCase();
  if (word === "" || word === "endpoints") return word;
  if (/(?:s|x|z|ch|sh)$/.test(word)) return `${word}es`;
  if (/[^aeiou]y$/.test(word)) return `${word.slice(0, -1)}ies`;
  return `${word}s`;
}

function splitVersion(apiVersion: string): [string, string] {
  const slash = apiVersion.lastIndexOf("/");
  return slash < 0 ? ["", apiVersion] : [apiVersion.slice(0, slash), apiVersion.slice(slash + 1)];
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
