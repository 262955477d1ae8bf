import type { LabelSelector, PolicyFile, ResourceRule } from "@roadbed/contracts/policy-file";

export type Match = PolicyFile["spec"]["matchConstraints"];

/** What a policy is asked about, read off the object. */
export interface Target {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** The plural that rules name, e.g. `deployments`. */
  readonly resource: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, unknown>>;
}

/** Reads what is needed for matching; missing parts are "". */
export function targetOf(object: Readonly<Record<string, unknown>>): Target {
  const [group, version] = splitVersion(asText(object.apiVersion));
  const kind = asText(object.kind);
  const metadata = asRecord(object.metadata);
  return { group, version, kind, resource: pluralOf(kind), name: asText(metadata.name), labels: asRecord(metadata.labels) };
}

/** Whether a policy looks at it: any rule, no excluding rule, and the labels. */
export function matchesTarget(match: Match, target: Target): boolean {
  return (
    match.resourceRules.some((rule) => matchesRule(rule, target)) &&
    !match.excludeResourceRules.some((rule) => matchesRule(rule, target)) &&
    (match.objectSelector === undefined || matchesLabels(match.objectSelector, target.labels))
  );
}

/** What rules look at, for people: `apps/v1/Deployment`; `*` stays a star. */
export function describeRules(rules: readonly ResourceRule[]): string[] {
  const described = rules.flatMap(({ apiGroups, apiVersions, resources }) =>
    apiGroups.flatMap((group) =>
      apiVersions.flatMap((version) => resources.map((resource) => [group, version, kindOf(resource)].filter(Boolean).join("/"))),
    ),
  );
  return [...new Set(described)];
}

function matchesRule(rule: ResourceRule, { group, version, kind, resource, name }: Target): boolean {
  return (
    (rule.operations.includes("*") || rule.operations.includes("CREATE")) &&
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

function matchesLabels({ matchLabels = {}, matchExpressions = [] }: LabelSelector, labels: Target["labels"]): boolean {
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
