import { record, textOf } from "../lib/git-host.ts";
import type { KubeObject } from "./kube-api.ts";

/** What runs, as far as the catalogue cares. */
export interface Workload {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Labels of its pods: what services choose by. */
  readonly podLabels: Readonly<Record<string, string>>;
  readonly path: string;
  /** What is told of it, without what changes from second to second. */
  readonly facts: Readonly<Record<string, unknown>>;
}

export function stringsOf(value: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries(record(value)).filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

/** Undefined for an object without a name. */
export function workloadOf(kind: string, path: string, object: KubeObject): Workload | undefined {
  const metadata = record(object["metadata"]);
  const [name, namespace] = [textOf(metadata["name"]), textOf(metadata["namespace"])];
  if (name === undefined || namespace === undefined) return undefined;
  const spec = record(object["spec"]);
  const template = record(kind === "CronJob" ? record(record(spec["jobTemplate"])["spec"])["template"] : spec["template"]);
  const labels = stringsOf(metadata["labels"]);
  const podLabels = stringsOf(record(template["metadata"])["labels"]);
  const images = imagesOf(record(template["spec"])["containers"]);
  return {
    kind,
    name,
    namespace,
    labels: { ...podLabels, ...labels },
    annotations: stringsOf(metadata["annotations"]),
    podLabels,
    path: path.replace("NAMESPACE", namespace).replace("NAME", name),
    facts: {
      kind,
      namespace,
      name,
      ...scaleOf(kind, spec, record(object["status"])),
      ...(images.length === 0 ? {} : { images }),
      ...versionOf(labels, podLabels, images),
    },
  };
}

function scaleOf(kind: string, spec: Record<string, unknown>, status: Record<string, unknown>): Record<string, unknown> {
  if (kind === "CronJob") {
    const schedule = textOf(spec["schedule"]);
    return { ...(schedule === undefined ? {} : { schedule }), ...(spec["suspend"] === true ? { suspended: true } : {}) };
  }
  const daemon = kind === "DaemonSet";
  const replicas = daemon ? status["desiredNumberScheduled"] : (spec["replicas"] ?? 1);
  const ready = daemon ? status["numberReady"] : status["readyReplicas"];
  return { replicas: numberOf(replicas), ready: numberOf(ready) };
}

function numberOf(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

function imagesOf(containers: unknown): string[] {
  const images = (Array.isArray(containers) ? containers : []).map((one) => textOf(record(one)["image"]));
  return [...new Set(images.filter((image) => image !== undefined))].sort();
}

/** As its labels say, or as the tag of its only image does. */
function versionOf(
  labels: Readonly<Record<string, string>>,
  podLabels: Readonly<Record<string, string>>,
  images: readonly string[],
): { version?: string } {
  const said = labels["app.kubernetes.io/version"] ?? podLabels["app.kubernetes.io/version"];
  const tag = images.length === 1 ? /:([\w][\w.-]{0,127})(?:@|$)/.exec(images[0]!.slice(images[0]!.lastIndexOf("/") + 1))?.[1] : undefined;
  const version = said ?? tag;
  return version === undefined ? {} : { version };
}

export interface Addresses {
  /** Within the cluster, with the port, e.g. `orders.shop.svc:8080`. */
  readonly internal: readonly string[];
  /** By which the world reaches it: hosts of ingresses, addresses of load balancers. */
  readonly external: readonly string[];
}

/** Finds a workload's addresses: services choose its pods by their labels, ingresses lead to services by name. */
export function createAddresses(services: readonly KubeObject[], ingresses: readonly KubeObject[]): (workload: Workload) => Addresses {
  const hosts = Map.groupBy(ingresses.flatMap(hostsOf), ({ service }) => service);
  const byNamespace = Map.groupBy(services, (service) => textOf(record(service["metadata"])["namespace"]) ?? "");
  return ({ namespace, podLabels }) => {
    const chosen = (byNamespace.get(namespace) ?? []).filter((service) => chooses(service, podLabels));
    const internal = chosen.flatMap((service) => portsOf(service, namespace));
    const external = chosen.flatMap((service) => [
      ...(hosts.get(`${namespace}/${textOf(record(service["metadata"])["name"])}`) ?? []).map(({ host }) => host),
      ...balancersOf(service),
    ]);
    return { internal: [...new Set(internal)].sort(), external: [...new Set(external)].sort() };
  };
}

function chooses(service: KubeObject, labels: Readonly<Record<string, string>>): boolean {
  const selector = Object.entries(stringsOf(record(service["spec"])["selector"]));
  return selector.length > 0 && selector.every(([key, value]) => labels[key] === value);
}

function portsOf(service: KubeObject, namespace: string): string[] {
  const name = textOf(record(service["metadata"])["name"]);
  const ports = record(service["spec"])["ports"];
  return (Array.isArray(ports) ? ports : []).map((port) => `${name}.${namespace}.svc:${String(record(port)["port"])}`);
}

function balancersOf(service: KubeObject): string[] {
  const ingress = record(record(service["status"])["loadBalancer"])["ingress"];
  return (Array.isArray(ingress) ? ingress : [])
    .map((one) => textOf(record(one)["hostname"]) ?? textOf(record(one)["ip"]))
    .filter((address) => address !== undefined);
}

function hostsOf(ingress: KubeObject): { service: string; host: string }[] {
  const namespace = textOf(record(ingress["metadata"])["namespace"]);
  const rules = record(ingress["spec"])["rules"];
  return (Array.isArray(rules) ? rules : []).flatMap((rule) => {
    const host = textOf(record(rule)["host"]);
    const paths = record(record(rule)["http"])["paths"];
    const names = (Array.isArray(paths) ? paths : []).map((path) => textOf(record(record(record(path)["backend"])["service"])["name"]));
    return host === undefined ? [] : names.filter((name) => name !== undefined).map((name) => ({ service: `${namespace}/${name}`, host }));
  });
}
