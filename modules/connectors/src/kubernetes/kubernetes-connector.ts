import type { Entity } from "@roadbed/contracts/catalog";
import type { Connector, ConnectorCall, Reading } from "@roadbed/contracts/connector";
import { ConflictError, InvalidError, UnavailableError } from "@roadbed/core";

import { record, textOf } from "../lib/git-host.ts";
import { toEntityName } from "../lib/names.ts";
import { claimReadings, claimSort } from "./claims.ts";
import { createKubeApi, type KubeApi, type KubeObject, type Sort } from "./kube-api.ts";
import { accessOf, KubernetesSettings } from "./settings.ts";
import { watchLists, type Watched } from "./watch.ts";
import { createAddresses, stringsOf, workloadOf, type Addresses, type Workload } from "./workloads.ts";

/** Workloads of a cluster, read by the lists of its API. */
export const kubernetesConnector: Connector<KubernetesSettings> = {
  kind: "kubernetes",
  title: "Kubernetes cluster",
  summary: "Namespaces and what runs in them: who owns it, at which version, how often, under which addresses.",
  settings: KubernetesSettings as never,
  secrets: ["token", "kubeconfig"],
  targetOf: (settings) => {
    const { namespaces, selector } = settings;
    const part = [...namespaces].sort().join(",");
    return `${new URL(accessOf(settings).server).host}${part === "" ? "" : `/${part}`}${selector === "" ? "" : `?${selector}`}`;
  },
  defaults: { everyMinutes: 10, halfLifeDays: 2, confidence: 0.95 },
  documents: ["kubeconfig"],
  read,
  watch: (settings, call) => watch(settings, call),
};

const NAMESPACES: Sort = { group: "", version: "v1", plural: "namespaces" };
const SERVICES: Sort = { group: "", version: "v1", plural: "services" };
const INGRESSES: Sort = { group: "networking.k8s.io", version: "v1", plural: "ingresses" };
const WORKLOADS: readonly (readonly [kind: string, sort: Sort])[] = [
  ["Deployment", { group: "apps", version: "v1", plural: "deployments" }],
  ["StatefulSet", { group: "apps", version: "v1", plural: "statefulsets" }],
  ["DaemonSet", { group: "apps", version: "v1", plural: "daemonsets" }],
  ["CronJob", { group: "batch", version: "v1", plural: "cronjobs" }],
];

async function* read(settings: KubernetesSettings, call: ConnectorCall): AsyncGenerator<Reading> {
  const access = accessOf(settings);
  const api = createKubeApi(call, access);
  const uid = await identify(api, call.state["cluster"]);
  const namespaces = new Map<string, KubeObject>();
  for await (const found of readNamespaces(api, settings)) {
    if ("type" in found) yield found as Reading;
    else namespaces.set(nameOf(found)!, found);
  }
  const all = (sort: Sort, selector?: string): Promise<KubeObject[]> => listIn(api, sort, settings, [...namespaces.keys()], selector);
  const workloads: Workload[] = [];
  for (const [kind, sort] of WORKLOADS) {
    const path = `${access.server}/apis/${sort.group}/${sort.version}/namespaces/NAMESPACE/${sort.plural}/NAME`;
    const objects = await all(sort, settings.selector);
    workloads.push(...objects.map((object) => workloadOf(kind, path, object)).filter((one) => one !== undefined));
  }
  const addressesOf = createAddresses(await all(SERVICES), await all(INGRESSES));

  const words = { settings, server: access.server, namespaces };
  yield clusterReading(words);
  for (const namespace of namespaces.keys()) yield namespaceReading(words, namespace);
  const systems = Map.groupBy(workloads, (workload) => systemOf(workload, settings));
  for (const [system, members] of systems) if (system !== undefined) yield systemReading(words, system, members);
  const byName = [...Map.groupBy(workloads, (workload) => keyOf(workload, settings))].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [key, members] of byName) yield componentReading(words, key, members, addressesOf);
  for (const text of settings.claims) {
    const sort = claimSort(text);
    const path = `${access.server}/apis/${sort.group}/${sort.version}/namespaces/NAMESPACE/${sort.plural}/NAME`;
    yield* claimReadings(settings.cluster, path, await all(sort));
  }
  if (uid !== undefined) yield { type: "state", state: { cluster: uid } };
}

/** Most connections that are held open for one cluster; a source of more namespaces is read by its schedule alone. */
const MAX_WATCHES = 60;

async function* watch(settings: KubernetesSettings, call: ConnectorCall): AsyncGenerator<void> {
  const sorts = [
    ...WORKLOADS.map(([, sort]) => ({ sort, selector: settings.selector })),
    { sort: SERVICES },
    { sort: INGRESSES },
    ...settings.claims.map((text) => ({ sort: claimSort(text) })),
  ];
  const lists: Watched[] =
    settings.namespaces.length === 0
      ? [...sorts, { sort: NAMESPACES }]
      : settings.namespaces.flatMap((namespace) => sorts.map((one) => ({ ...one, namespace })));
  if (lists.length > MAX_WATCHES) {
    throw new InvalidError(`${settings.namespaces.length} namespaces are too many to be followed one by one.`, {
      mend: "Read all namespaces, or fewer; this source is read by its schedule.",
    });
  }
  yield* watchLists(createKubeApi(call, accessOf(settings)), lists, call.signal);
}

/** A cluster is known by its first namespace. Another one behind the same address would remove all that this one runs. */
async function identify(api: KubeApi, known: unknown): Promise<string | undefined> {
  const uid = textOf(record((await api.get(NAMESPACES, "kube-system"))?.["metadata"])["uid"]);
  if (uid !== undefined && typeof known === "string" && known !== uid) {
    throw new ConflictError("Another cluster answers at this address than before: its namespace kube-system has another uid.", {
      mend: "If the cluster was made anew, save the settings of the source once more; if not, correct the address.",
    });
  }
  return uid ?? textOf(known);
}

async function* readNamespaces(api: KubeApi, { namespaces, skip }: KubernetesSettings): AsyncGenerator<KubeObject | Reading> {
  if (namespaces.length === 0) {
    const all = await api.list(NAMESPACES);
    if (all.length === 0)
      throw new UnavailableError("Kubernetes answers that it has no namespaces, and every cluster has some.", {
        mend: "It is tried again later.",
      });
    for (const object of all) if (!skip.includes(nameOf(object) ?? "")) yield object;
    return;
  }
  // Whoever may read some namespaces only may often not get the namespaces themselves; their names suffice.
  for (const name of namespaces) yield (await api.get(NAMESPACES, name)) ?? { metadata: { name } };
}

async function listIn(
  api: KubeApi,
  sort: Sort,
  settings: KubernetesSettings,
  names: readonly string[],
  selector = "",
): Promise<KubeObject[]> {
  const isRead = new Set(names);
  if (settings.namespaces.length === 0) {
    const objects = await api.list(sort, { selector });
    return objects.filter((object) => isRead.has(textOf(record(object["metadata"])["namespace"]) ?? ""));
  }
  const found: KubeObject[] = [];
  for (const namespace of names) found.push(...(await api.list(sort, { namespace, selector })));
  return found;
}

function nameOf(object: KubeObject): string | undefined {
  return textOf(record(object["metadata"])["name"]);
}

interface Words {
  readonly settings: KubernetesSettings;
  readonly server: string;
  readonly namespaces: ReadonlyMap<string, KubeObject>;
}

/** The label of Backstage means a component that somebody described; other labels name one that may have to be discovered. */
function keyOf({ labels, annotations, name }: Workload, { nameKeys }: KubernetesSettings): string {
  const id = labels["backstage.io/kubernetes-id"] ?? annotations["backstage.io/kubernetes-id"];
  if (id !== undefined && id !== "") return `id ${id}`;
  const said = nameKeys.map((key) => labels[key]).find((value) => value !== undefined && value !== "");
  return `name ${toEntityName(said ?? name).toLowerCase()}`;
}

function componentReading(words: Words, key: string, given: readonly Workload[], addressesOf: (workload: Workload) => Addresses): Reading {
  const members = [...given].sort((a, b) => (a.path < b.path ? -1 : 1));
  const { cluster, lifecycle } = words.settings;
  const first = members[0]!;
  const found = members.map((member) => ({ member, addresses: addressesOf(member) }));
  const workloads = Object.fromEntries(
    found.map(({ member, addresses: { internal, external } }) => [
      toEntityName(`${cluster}-${member.namespace}-${member.kind.toLowerCase()}-${member.name}`).replaceAll(".", "-"),
      { cluster, ...member.facts, ...(internal.length === 0 ? {} : { internal }), ...(external.length === 0 ? {} : { external }) },
    ]),
  );
  const [how, name] = [key.slice(0, key.indexOf(" ")), key.slice(key.indexOf(" ") + 1)];
  const adds = { apiVersion: "backstage.io/v1alpha1", kind: "Component", metadata: { name: toEntityName(name) }, spec: { workloads } };
  const base = { type: "entity" as const, location: first.path };
  if (how === "id") return { ...base, mode: "enrich", entity: adds, match: { annotation: "backstage.io/kubernetes-id", value: name } };
  const hosts = [...new Set(found.flatMap(({ addresses }) => addresses.external))].filter(
    (host) => /[a-z]/.test(host) && !host.includes("*"),
  );
  const system = members.map((member) => systemOf(member, words.settings)).find((value) => value !== undefined);
  const entity: Entity = {
    ...adds,
    metadata: {
      ...adds.metadata,
      namespace: "default",
      annotations: { "backstage.io/kubernetes-namespace": first.namespace },
      ...(hosts.length === 0 ? {} : { links: hosts.map((host) => ({ url: `https://${host}`, title: host })) }),
    },
    spec: {
      type: members.every(({ kind }) => kind === "CronJob") ? "job" : "service",
      lifecycle,
      owner: ownerOf(words, members),
      ...(system === undefined ? {} : { system }),
      dependsOn: [...new Set(members.map(({ namespace }) => `resource:default/${namespaceName(words, namespace)}`))],
      workloads,
    },
  };
  return { ...base, mode: "define", entity, otherwise: adds, rule: "named after its labels" };
}

function ownerOf({ settings, namespaces }: Words, members: readonly Workload[]): string {
  const places = members.flatMap(({ annotations, labels }) => [annotations, labels]);
  const around = members.flatMap(({ namespace }) => {
    const metadata = record(namespaces.get(namespace)?.["metadata"]);
    return [stringsOf(metadata["annotations"]), stringsOf(metadata["labels"])];
  });
  return namedIn([...places, ...around], settings) ?? settings.owner;
}

/** The first of these annotations and labels that names an owner. */
function namedIn(places: readonly Readonly<Record<string, string>>[], { ownerKeys }: KubernetesSettings): string | undefined {
  for (const place of places) {
    const said = ownerKeys.map((key) => place[key]).find((value) => value !== undefined && value !== "");
    if (said !== undefined) return /^(group|user):/i.test(said) ? said : `group:default/${toEntityName(said)}`;
  }
  return undefined;
}

function systemOf({ labels }: Workload, { systemKey }: KubernetesSettings): string | undefined {
  const said = labels[systemKey];
  return said === undefined || said === "" ? undefined : toEntityName(said).toLowerCase();
}

function systemReading(words: Words, system: string, members: readonly Workload[]): Reading {
  return discovered("System", system, { spec: { owner: ownerOf(words, members) }, location: members[0]!.path });
}

function namespaceName({ settings }: Words, namespace: string): string {
  return toEntityName(`${settings.cluster}.${namespace}`);
}

function clusterReading({ settings, server }: Words): Reading {
  return discovered("Resource", settings.cluster, { spec: { type: "kubernetes-cluster", owner: settings.owner }, location: server });
}

function namespaceReading(words: Words, namespace: string): Reading {
  const { settings, server, namespaces } = words;
  const metadata = record(namespaces.get(namespace)?.["metadata"]);
  const owner = namedIn([stringsOf(metadata["annotations"]), stringsOf(metadata["labels"])], settings) ?? settings.owner;
  return discovered("Resource", namespaceName(words, namespace), {
    title: namespace,
    spec: { type: "kubernetes-namespace", owner, dependsOn: [`resource:default/${settings.cluster}`] },
    location: `${server}/api/v1/namespaces/${namespace}`,
  });
}

function discovered(kind: string, name: string, o: { title?: string; spec: Record<string, unknown>; location: string }): Reading {
  const metadata = { name, namespace: "default", ...(o.title === undefined ? {} : { title: o.title }) };
  const apiVersion = "backstage.io/v1alpha1";
  return {
    type: "entity",
    mode: "define",
    entity: { apiVersion, kind, metadata, spec: o.spec },
    otherwise: { apiVersion, kind, metadata: { name }, spec: {} },
    location: o.location,
  };
}
