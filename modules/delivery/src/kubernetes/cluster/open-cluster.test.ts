import { execFile, spawnSync } from "node:child_process";

import { afterEach, beforeEach, expect, test } from "vitest";

import { openClusterDouble, TOKEN, type ClusterDouble, type Obj } from "../fixtures/cluster-double.ts";
import { openCluster, type Cluster } from "./open-cluster.ts";
import { DEPLOYMENTS, PODS } from "./sorts.ts";

let double: ClusterDouble;
let cluster: Cluster;
const stops: (() => void)[] = [];

beforeEach(async () => {
  double = await openClusterDouble();
  cluster = await open();
});
afterEach(async () => {
  for (const stop of stops.splice(0)) stop();
  await double.close();
});

const open = (token = TOKEN): Promise<Cluster> =>
  openCluster({ server: double.url, token, tls: {} }, { name: "prod-eu", fetch, firstWaitMs: 20 });
const labels = { env: "prod" };
const deployment = (name: string, replicas = 1): Obj => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name, namespace: "prod", labels },
  spec: { replicas },
});

function follow(on = cluster): { names(): string[]; problems: (string | undefined)[]; replicas(name: string): unknown } {
  const problems: (string | undefined)[] = [];
  const list = on.follow(DEPLOYMENTS, { namespace: "prod", selector: "env=prod" }, { changed() {}, problem: (why) => problems.push(why) });
  stops.push(() => list.stop());
  return {
    names: () =>
      list
        .objects()
        .map(({ metadata }) => metadata!.name!)
        .toSorted(),
    problems,
    replicas: (name) =>
      (list.objects().find(({ metadata }) => metadata?.name === name)?.spec as { replicas: number } | undefined)?.replicas,
  };
}

async function until(holds: () => boolean): Promise<void> {
  for (let n = 0; n < 2_000 && !holds(); n++) await new Promise((done) => setTimeout(done, 10));
  expect(holds()).toBe(true);
}
const asked = (watch: boolean) => double.asked.filter(({ path, query }) => path.endsWith("/deployments") && query.has("watch") === watch);

test("a list is read once and then followed: what comes, changes and goes is seen, and what is elsewhere is not", async () => {
  double.put(deployment("orders"));
  double.put({ ...deployment("other"), metadata: { name: "other", namespace: "dev", labels } });
  double.put({ ...deployment("foreign"), metadata: { name: "foreign", namespace: "prod" } });
  const seen = follow();
  await until(() => seen.names().join() === "orders" && asked(true).length === 1);
  double.put(deployment("cart"));
  double.put(deployment("orders", 5));
  await until(() => seen.names().join() === "cart,orders" && seen.replicas("orders") === 5);
  double.remove("deployments", "prod", "orders");
  await until(() => seen.names().join() === "cart");
  expect(asked(false)).toHaveLength(1);
  expect(asked(true)[0]!.query.get("allowWatchBookmarks")).toBe("true");
});

test("a connection that breaks is begun anew at the version that was reached; nothing is read twice, and nothing missed", async () => {
  const seen = follow();
  await until(() => asked(true).length === 1);
  double.put(deployment("orders"));
  await until(() => seen.names().length === 1);
  double.endWatches("break");
  double.put(deployment("cart"));
  await until(() => seen.names().join() === "cart,orders");
  expect(asked(false)).toHaveLength(1);
  expect(Number(asked(true).at(-1)!.query.get("resourceVersion"))).toBeGreaterThan(Number(asked(true)[0]!.query.get("resourceVersion")));
});

test("a version that the server has forgotten is read anew, with what went meanwhile", async () => {
  double.put(deployment("orders"));
  const seen = follow();
  await until(() => seen.names().length === 1 && asked(true).length === 1);
  // Nobody is told of this: the server forgets before.
  double.faults.push({ when: (_method, _path, query) => query.has("watch"), status: 500, times: 1 });
  double.endWatches("break");
  double.remove("deployments", "prod", "orders");
  double.put(deployment("cart"));
  double.forget();
  await until(() => seen.names().join() === "cart");
  expect(asked(false).length).toBeGreaterThan(1);
});

test("a server that is away, slow or refuses is tried again with growing pauses, and what is wrong is said in words", async () => {
  double.faults.push(
    { when: () => true, status: 0, times: 2 },
    { when: () => true, status: 503, times: 1 },
    { when: () => true, delayMs: 100, times: 1 },
  );
  double.put(deployment("orders"));
  const seen = follow();
  await until(() => seen.names().length === 1);
  expect(seen.problems.filter((why) => why !== undefined).join(" ")).toMatch(/does not answer.*answered 503/s);
  await until(() => seen.problems.at(-1) === undefined);

  const stranger = follow(await open("wrong"));
  await until(() => stranger.problems.length > 0);
  expect(stranger.problems[0]).toContain("The cluster prod-eu does not know the token (401)");
  double.faults.push({ when: (_method, path) => path.endsWith("/deployments"), status: 403, times: 100 });
  const lesser = follow();
  await until(() => lesser.problems.length > 0);
  expect(lesser.problems[0]).toMatch(/may not list and watch deployments in prod-eu \(403\).*docs\/guides\/kubernetes\.md/);
});

test("a patch that somebody else comes before is tried again, and one that is lost again and again is said", async () => {
  double.put(deployment("orders"));
  double.faults.push({ when: (method) => method === "PATCH", status: 409, times: 2 });
  await cluster.patch(DEPLOYMENTS, { namespace: "prod", name: "orders" }, { spec: { replicas: 3 } });
  expect(double.get("deployments", "prod", "orders")!.spec).toEqual({ replicas: 3 });
  await cluster.patch(DEPLOYMENTS, { namespace: "prod", name: "orders" }, { status: { abort: true }, spec: { replicas: 9 } }, "status");
  expect(double.get("deployments", "prod", "orders")).toMatchObject({ spec: { replicas: 3 }, status: { abort: true } });
  double.faults.push({ when: (method) => method === "PATCH", status: 409, times: 10 });
  await expect(cluster.patch(DEPLOYMENTS, { namespace: "prod", name: "orders" }, {})).rejects.toMatchObject({ code: "CONFLICT" });
});

test("logs come with their times", async () => {
  double.put({ apiVersion: "v1", kind: "Pod", metadata: { name: "orders-1", namespace: "prod" } });
  double.logs.set("orders-1", "2026-01-01T00:00:00.000001Z one\n2026-01-01T00:00:01.5Z two\n");
  expect(await cluster.logs({ namespace: "prod", name: "orders-1", container: "orders" }, { tail: 1 })).toBe(
    "2026-01-01T00:00:01.5Z two\n",
  );
  expect(PODS.plural).toBe("pods");
});

const kubectl = spawnSync("kubectl", ["version", "--client"]).status === 0;

test.skipIf(!kubectl)("kubectl takes the double for a server: it lists, gets, patches and reads logs of it", async () => {
  double.anonymous = true;
  double.put(deployment("orders", 2));
  double.put({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "orders-1", namespace: "prod" },
    spec: { containers: [{ name: "orders" }] },
    status: { phase: "Running" },
  });
  double.logs.set("orders-1", "2026-01-01T00:00:00Z hello\n");
  const run = (...args: string[]): Promise<string> => {
    const flags = [
      "--server",
      double.url,
      "--namespace",
      "prod",
      "--cache-dir",
      `/tmp/roadbed-kubectl-${process.pid}`,
      "--kubeconfig",
      "/dev/null",
    ];
    return new Promise((done, reject) =>
      execFile("kubectl", [...flags, ...args], (error, out, err) => (error === null ? done(out) : reject(new Error(err)))),
    );
  };
  expect(await run("get", "deployments", "-o", "name")).toBe("deployment.apps/orders\n");
  await run("patch", "deployment", "orders", "--type", "merge", "-p", '{"spec":{"replicas":4}}');
  expect(double.get("deployments", "prod", "orders")!.spec).toEqual({ replicas: 4 });
  expect(await run("logs", "orders-1")).toContain("hello");
});
