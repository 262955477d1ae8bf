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
  };
  const double = await openDouble((question) => answer(state as KubeDouble, question));
  return Object.assign(state, double);
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
  return { body: { kind: "List", metadata: { resourceVersion: "1000", ...next }, items: all.slice(start, start + limit) } };
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
