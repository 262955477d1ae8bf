import type { ServerResponse } from "node:http";

import { openDouble, type Double, type Question, type Reply } from "../lib/double.ts";

/** A cluster as its API shows it: objects by the path of their list, e.g. `/apis/apps/v1/deployments`. */
export interface KubeDouble extends Double {
  readonly objects: Record<string, Record<string, unknown>[]>;
  /** Paths that the token may not list. */
  readonly forbidden: Set<string>;
  /** Continue tokens are valid for so many pages; then they have expired. */
  pagesUntilGone: number;
  /** What is answered instead, once per entry. */
  readonly faults: Reply[];
  uid: string;
  /** Puts an object into a list, or takes it out, and tells whoever watches. */
  change(path: string, type: "ADDED" | "MODIFIED" | "DELETED", object: Record<string, unknown>): void;
  /** Forgets all versions before now: watches end with 410 Gone. */
  forget(): void;
  /** Ends every watch, as a server does after a while. */
  endWatches(): void;
}

interface Watcher {
  readonly path: string;
  readonly namespace: string | undefined;
  readonly raw: ServerResponse;
}

const TOKEN = "t0ken";

/** Speaks the list API: limit and continue of one moment, label selectors, namespaces, and a Status for what is refused. */
export async function openKubeDouble(): Promise<KubeDouble> {
  const state = {
    objects: {} as KubeDouble["objects"],
    forbidden: new Set<string>(),
    pagesUntilGone: Number.POSITIVE_INFINITY,
    faults: [] as Reply[],
    uid: "uid-1",
    version: 1_000,
    oldest: 0,
    watchers: new Set<Watcher>(),
    log: [] as { path: string; version: number; line: string; namespace: unknown }[],
  };
  const double = await openDouble((question, raw) =>
    question.url.searchParams.get("watch") === "1" ? watch(state, question, raw) : answer(state as unknown as KubeDouble, question),
  );
  return Object.assign(state, double, {
    change: (path: string, type: string, given: Record<string, unknown>) => {
      const version = ++state.version;
      const object = { ...given, metadata: { ...metadataOf(given), resourceVersion: String(version) } };
      const isIt = (other: Record<string, unknown>): boolean =>
        metadataOf(other)["name"] === metadataOf(given)["name"] && metadataOf(other)["namespace"] === metadataOf(given)["namespace"];
      const others = (state.objects[path] ?? []).filter((other) => !isIt(other));
      state.objects[path] = type === "DELETED" ? others : [...others, object];
      const entry = { path, version, line: `${JSON.stringify({ type, object })}\n`, namespace: metadataOf(given)["namespace"] };
      state.log.push(entry);
      for (const one of state.watchers) send(one, entry);
    },
    forget: () => {
      state.oldest = ++state.version;
      for (const { raw } of state.watchers)
        raw.end(`${JSON.stringify({ type: "ERROR", object: { kind: "Status", code: 410, reason: "Expired" } })}\n`);
      state.watchers.clear();
    },
    endWatches: () => {
      for (const { raw } of state.watchers) {
        // How far it is, without anything having changed.
        raw.end(`${JSON.stringify({ type: "BOOKMARK", object: { metadata: { resourceVersion: String(state.version) } } })}\n`);
      }
      state.watchers.clear();
    },
  });
}

interface WatchState {
  readonly oldest: number;
  readonly watchers: Set<Watcher>;
  readonly log: readonly { path: string; version: number; line: string; namespace: unknown }[];
}

/** Speaks the watch API: everything after a version, then what comes; 410 for a version that is forgotten. */
function watch({ oldest, watchers, log }: WatchState, { url, headers }: Question, raw: ServerResponse): Reply | undefined {
  if (headers.authorization !== `Bearer ${TOKEN}`) return statusReply(401, "Unauthorized", "Unauthorized");
  const from = Number(url.searchParams.get("resourceVersion"));
  if (from < oldest) return statusReply(410, "Expired", "too old resource version");
  const [, namespace] = /\/namespaces\/([^/]+)\//.exec(url.pathname) ?? [];
  const watcher = { path: url.pathname.replace(/\/namespaces\/[^/]+\//, "/"), namespace, raw };
  raw.writeHead(200, { "content-type": "application/json" });
  raw.flushHeaders();
  for (const entry of log) if (entry.version > from) send(watcher, entry);
  watchers.add(watcher);
  raw.on("close", () => watchers.delete(watcher));
  return undefined;
}

function send({ path, namespace, raw }: Watcher, entry: WatchState["log"][number]): void {
  if (entry.path === path && (namespace === undefined || entry.namespace === namespace)) raw.write(entry.line);
}

function answer(state: KubeDouble, { url, headers }: Question): Reply {
  const fault = state.faults.shift();
  if (fault) return fault;
  if (headers.authorization !== `Bearer ${TOKEN}`) return statusReply(401, "Unauthorized", "Unauthorized");
  if (url.pathname === "/api/v1/namespaces/kube-system")
    return { body: { kind: "Namespace", metadata: { name: "kube-system", uid: state.uid } } };
  const one = /^\/api\/v1\/namespaces\/([^/]+)$/.exec(url.pathname);
  if (one) {
    const found = (state.objects["/api/v1/namespaces"] ?? []).find((object) => metadataOf(object)["name"] === one[1]);
    return found ? { body: found } : statusReply(404, "NotFound", `namespaces "${one[1]}" not found`);
  }
  if (state.forbidden.has(url.pathname)) {
    return statusReply(
      403,
      "Forbidden",
      'deployments.apps is forbidden: User "system:serviceaccount:ops:roadbed" cannot list resource "deployments" in API group "apps" at the cluster scope',
    );
  }
  return listReply(state, url);
}

function listReply(state: KubeDouble, url: URL): Reply {
  const [, namespace] = /\/namespaces\/([^/]+)\//.exec(url.pathname) ?? [];
  const path = url.pathname.replace(/\/namespaces\/[^/]+\//, "/");
  const selector = (url.searchParams.get("labelSelector") ?? "")
    .split(",")
    .filter(Boolean)
    .map((part) => part.split("="));
  const all = (state.objects[path] ?? [])
    .filter((object) => namespace === undefined || metadataOf(object)["namespace"] === namespace)
    .filter((object) =>
      selector.every(([key, value]) => (metadataOf(object)["labels"] as Record<string, string> | undefined)?.[key!] === value),
    );
  const token = url.searchParams.get("continue");
  if (token !== null && --state.pagesUntilGone < 0) {
    state.pagesUntilGone = Number.POSITIVE_INFINITY;
    return statusReply(410, "Expired", "The provided continue parameter is too old to display a consistent list result.");
  }
  const start = token === null ? 0 : Number(Buffer.from(token, "base64url").toString());
  const limit = Number(url.searchParams.get("limit") ?? all.length);
  const rest = all.length - start - limit;
  const next = rest > 0 ? { continue: Buffer.from(String(start + limit)).toString("base64url"), remainingItemCount: rest } : {};
  return {
    body: {
      kind: "List",
      metadata: { resourceVersion: String((state as unknown as { version: number }).version), ...next },
      items: all.slice(start, start + limit),
    },
  };
}

function metadataOf(object: Record<string, unknown>): Record<string, unknown> {
  return object["metadata"] as Record<string, unknown>;
}

function statusReply(code: number, reason: string, message: string): Reply {
  return { status: code, body: { kind: "Status", apiVersion: "v1", status: "Failure", message, reason, code } };
}

/** A small shop: a deployment behind a service and an ingress, a database, a nightly job. */
export function fillShop({ objects }: KubeDouble): void {
  const labels = (name: string) => ({ "app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "shop", team: "team-a" });
  const pods = (name: string, image: string) => ({
    metadata: { labels: { "app.kubernetes.io/name": name } },
    spec: { containers: [{ image, env: [{ name: "PASSWORD", value: "hunter2" }] }] },
  });
  objects["/api/v1/namespaces"] = ["shop", "kube-system"].map((name) => ({ metadata: { name, labels: { team: "team-ns" } } }));
  objects["/apis/apps/v1/deployments"] = [
    {
      metadata: { name: "orders", namespace: "shop", labels: labels("orders") },
      spec: { replicas: 3, template: pods("orders", "ghcr.io/shop/orders:1.4.2") },
      status: { readyReplicas: 2 },
    },
    {
      metadata: { name: "web", namespace: "shop", labels: { "backstage.io/kubernetes-id": "storefront" } },
      spec: { template: pods("web", "web:2") },
      status: { readyReplicas: 1 },
    },
    { metadata: { name: "dns", namespace: "kube-system" }, spec: { template: pods("dns", "dns:1") }, status: {} },
  ];
  objects["/apis/apps/v1/statefulsets"] = [
    {
      metadata: { name: "orders-db", namespace: "shop" },
      spec: { replicas: 1, template: pods("orders-db", "postgres:17") },
      status: { readyReplicas: 1 },
    },
  ];
  objects["/apis/batch/v1/cronjobs"] = [
    {
      metadata: { name: "invoices", namespace: "shop", annotations: { "roadbed.dev/owner": "group:default/finance" } },
      spec: { schedule: "0 3 * * *", jobTemplate: { spec: { template: pods("", "invoices:7") } } },
    },
  ];
  objects["/api/v1/services"] = [
    {
      metadata: { name: "orders", namespace: "shop" },
      spec: { selector: { "app.kubernetes.io/name": "orders" }, ports: [{ port: 8080 }] },
      status: { loadBalancer: {} },
    },
  ];
  objects["/apis/networking.k8s.io/v1/ingresses"] = [
    {
      metadata: { name: "shop", namespace: "shop" },
      spec: {
        rules: [
          {
            host: "orders.shop.example",
            http: { paths: [{ path: "/", backend: { service: { name: "orders", port: { number: 8080 } } } }] },
          },
        ],
      },
    },
  ];
}
