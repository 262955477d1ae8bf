import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Deployment, getWorkloadLogs, Workload } from "@roadbed/contracts/delivery";
import type { Drift } from "@roadbed/contracts/delivery/drift";
import type { getPromotion, Promotion } from "@roadbed/contracts/delivery/promotions";
import type { Rollout } from "@roadbed/contracts/delivery/rollouts";
import { perform, type OutputOf } from "@roadbed/core";
import { callAs, createTestDatabase, eventually, quietLog, type TestDatabase } from "@roadbed/testkit";
import { WORKFLOW_TABLES } from "@roadbed/workflows/testing";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { DeliveryDeps } from "../deps.ts";
import { startServer, type TestServer } from "../fixtures/server.ts";
import { GITOPS_REPOSITORY } from "../gitops/gitops-repository.ts";
import { migrations } from "../index.ts";
import { pushRepository } from "../internal-operations.ts";
import { openClusterDouble, TOKEN, type ClusterDouble } from "./fixtures/cluster-double.ts";
import { playControllers, type Fates } from "./fixtures/play-controllers.ts";

type Detail = OutputOf<typeof getPromotion>;

const author = { name: "Ada Example", email: "ada@example.org" };
const fates: Fates = new Map();
let seenByPolicies: readonly Readonly<Record<string, unknown>>[] = [];
let database: TestDatabase;
let dataDir: string;
let double: ClusterDouble;
let server: TestServer;
let controllers: ReturnType<typeof playControllers>;
let playing: NodeJS.Timeout;

const SERVICE = "kind: service\nstart: [node, server.mjs]\nscale: { replicas: 2 }\n";
const CANARY =
  "kind: service\nstart: [node, server.mjs]\nrollout: { strategy: canary, steps: [{ weight: 20 }, { pause: {} }, { weight: 50 }, { analysis: {} }] }\n";

beforeAll(async () => {
  double = await openClusterDouble();
  database = await createTestDatabase([migrations], { prepare: WORKFLOW_TABLES });
  dataDir = await mkdtemp(join(tmpdir(), "kubernetes-"));
  const ports: Partial<DeliveryDeps> = {
    clusters: { names: async () => ["prod-eu"], access: async () => ({ server: double.url, token: TOKEN, tls: {} }) },
    fetch,
    policies: {
      async decide(_ctx, { objects }) {
        seenByPolicies = objects;
        return { verdict: "allow", decisionId: "dec_1", evaluated: 1, reasons: [], digest: "0".repeat(64) };
      },
    },
  };
  server = await startServer({
    databaseUrl: database.url,
    dataDir,
    log: quietLog,
    ports,
    timing: { staleMs: 800, clusterWaitMs: 50, settleMs: 12_000 },
  });
  controllers = playControllers(double, server.repositories, fates);
  playing = setInterval(() => void controllers.play("prod"), 150);
  await call("delivery.environment.create", {
    name: "prod",
    runtime: "kubernetes",
    kubernetes: { cluster: "prod-eu", host: "{name}.example.org", delivery: "argo-rollouts" },
  });
  await make("orders", SERVICE.replace("kind: service", "kind: worker"));
  await make("shop", CANARY);
});
afterAll(async () => {
  clearInterval(playing);
  await server.stop();
  await double.close();
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});

test("an environment that is a cluster is refused with every reason, and takes no commit past its image", async () => {
  const refused = call("delivery.environment.create", {
    name: "stage",
    runtime: "kubernetes",
    kubernetes: { cluster: "unknown", delivery: "gateway-api", namespace: "prod" },
  });
  await expect(refused).rejects.toMatchObject({
    problems: [
      { at: "kubernetes.cluster", reason: "unknown is no connected cluster: connected are prod-eu" },
      { at: "kubernetes.gateway" },
      { at: "kubernetes.host" },
    ],
  });
  await expect(call("delivery.deployment.create", { entityRef: "component:default/orders", environment: "prod" })).rejects.toThrow(
    "it takes releases with an image, by promotion",
  );
});

test("a release comes to the cluster through its gates and Git, and is healthy when the cluster says so of that release", async () => {
  await release("orders");
  const blocked = await promote("orders#1");
  const seen = await until(blocked.id, ({ gates }) => gates.some(({ name, verdict }) => name === "manifests" && verdict === "blocked"));
  expect(seen.gates.find(({ name }) => name === "manifests")!.why).toContain("orders#1 holds no image");
  await call("delivery.promotion.cancel", { id: blocked.id, reason: "It has no image" });

  await release("orders", "1");
  const asked = await promote("orders#2");
  await until(asked.id, ({ state }) => state === "promoted");
  expect(seenByPolicies.map(({ kind }) => kind)).toContain("Deployment");
  const workload = await workloadOf("orders", ({ health }) => health === "healthy");
  expect(workload).toMatchObject({
    cluster: { cluster: "prod-eu", namespace: "prod", actual: [2], ready: 2, wanted: 2, sync: "Synced" },
    replicas: [{ name: "orders-r2-0", release: 2, health: "healthy" }, { name: "orders-r2-1" }],
  });
  expect(workload.url).toBeUndefined();
  expect(workload.cluster!.revision).toBe(await server.repositories.head(GITOPS_REPOSITORY, "env/prod"));
});

test("what is not there, crashes, or finds no place is said, fails, and is taken out of Git again while auto-sync is on", async () => {
  for (const [fate, why] of [
    ["no-image", "manifest unknown"],
    ["crashing", "it used more memory than limits.memoryMb"],
  ] as const) {
    const number = await release("orders", `bad-${fate}`);
    fates.set(number, fate);
    const asked = await promote(`orders#${number}`);
    const failed = await until(asked.id, ({ state }) => state === "failed");
    expect(failed.error).toContain(why);
    // A forward commit, which the engine applies by itself.
    await eventually(
      async () => expect((await promotions("orders"))[0]).toMatchObject({ kind: "rollback", state: "promoted", release: { number: 2 } }),
      60_000,
    );
    await workloadOf("orders", ({ health, cluster }) => health === "healthy" && cluster?.actual.join() === "2");
    await call("delivery.hold.lift", { entityRef: "component:default/orders", environment: "prod", reason: "The next one is good" });
  }
});

test("a cluster that cannot be asked makes nothing healthy: it is said, and when it answers again so is what is", async () => {
  double.faults.push({ when: () => true, status: 403, times: Number.POSITIVE_INFINITY });
  double.endWatches("break");
  await workloadOf("orders", ({ health, detail }) => health === "unknown" && detail?.includes("(403)") === true);
  double.faults.length = 0;
  await workloadOf("orders", ({ health, cluster }) => health === "healthy" && cluster?.problem === undefined);
  // Versions that were forgotten are read anew.
  double.forget();
  double.remove("pods", "prod", "orders-r2-1");
  await workloadOf("orders", ({ replicas }) => replicas?.length === 2);
});

test("what pods print is read by the page of the workload, and a restart reaches the cluster", async () => {
  double.logs.set("orders-r2-0", "2026-01-01T00:00:00.000002Z one\n");
  double.logs.set("orders-r2-1", "2026-01-01T00:00:00.000001Z two\n");
  const log = await call<OutputOf<typeof getWorkloadLogs>>("delivery.workload.logs", {
    entityRef: "component:default/orders",
    environment: "prod",
  });
  expect(log.items.map(({ message }) => message)).toEqual(["1: two", "0: one"]);
  await call("delivery.workload.restart", { entityRef: "component:default/orders", environment: "prod" });
  await eventually(async () => {
    const template = double.get("deployments", "prod", "orders")!.spec!["template"] as {
      metadata: { annotations?: Record<string, string> };
    };
    expect(template.metadata.annotations?.["kubectl.kubernetes.io/restartedAt"]).toBeDefined();
  });
});

test("what somebody changes in the cluster is told with both, healed by the engine, or accepted by a forward commit", async () => {
  const orders = { entityRef: "component:default/orders", environment: "prod" };
  const drifts = async (): Promise<Drift[]> =>
    (await call<{ items: Drift[] }>("delivery.workload-drift.list", { ...orders, open: true })).items;
  const found = (): Promise<Drift> =>
    eventually(async () => {
      const [drift] = await drifts();
      if (drift === undefined) throw new Error("nothing is found yet");
      return drift;
    }, 60_000);
  const scale = (replicas: number): void => {
    const deployment = double.get("deployments", "prod", "orders")!;
    double.put({ ...deployment, spec: { ...deployment.spec, replicas, paused: false } });
  };
  await workloadOf("orders", ({ health }) => health === "healthy");
  expect(await drifts()).toEqual([]);
  // Whoever scales by hand while the engine does not heal by itself.
  await controllers.hold();
  scale(5);
  const first = await found();
  expect(first).toMatchObject({ state: "open", policy: "tell", differences: [{ field: "spec.replicas", git: "2", runs: "5" }] });
  await call("delivery.workload-drift.heal", { id: first.id, reason: "Two are enough" });
  await eventually(
    async () => expect(await call("delivery.workload-drift.get", { id: first.id })).toMatchObject({ state: "healed" }),
    60_000,
  );
  expect(double.get("deployments", "prod", "orders")!.spec!["replicas"]).toBe(2);
  scale(3);
  const second = await found();
  await call("delivery.workload-drift.accept", { id: second.id, reason: "The evening is busy" });
  await eventually(async () => {
    const text = Buffer.from(
      (await server.repositories.readFile(GITOPS_REPOSITORY, "env/prod", "apps/orders/objects/deployment-prod-orders.yaml")) ?? [],
    );
    expect(text.toString()).toContain("replicas: 3");
  }, 60_000);
  await eventually(async () => expect(await drifts()).toEqual([]), 60_000);
  // Once the engine has seen that commit: until then what it has is on its way.
  controllers.autoSync = true;
  await workloadOf("orders", ({ cluster, health }) => health === "healthy" && cluster?.wanted === 3);
  const commit = await server.repositories.head(GITOPS_REPOSITORY, "env/prod");
  await workloadOf("orders", ({ cluster }) => cluster?.revision === commit);
  await controllers.hold();
  // What roadbed.yaml has no word for cannot be taken over.
  const deployment = double.get("deployments", "prod", "orders")!;
  double.put({ ...deployment, spec: { ...deployment.spec, revisionHistoryLimit: 9 } });
  const third = await found();
  await expect(call("delivery.workload-drift.accept", { id: third.id, reason: "So be it" })).rejects.toMatchObject({
    code: "CONFLICT",
    problems: [{ at: "spec.revisionHistoryLimit", reason: "9 instead of 3" }],
  });
  // A cluster that cannot be asked has no drift: nobody knows.
  controllers.autoSync = true;
  await eventually(async () => expect(await drifts()).toEqual([]), 60_000);
}, 240_000);

test("a stop is a forward commit with no replicas, which the cluster keeps to, and so is its end", async () => {
  const orders = { entityRef: "component:default/orders", environment: "prod" };
  const replicas = (): unknown => double.get("deployments", "prod", "orders")!.spec!["replicas"];
  const before = await server.repositories.head(GITOPS_REPOSITORY, "env/prod");
  await call("delivery.workload.stop", orders);
  await eventually(() => expect(replicas()).toBe(0), 60_000);
  const [commit] = await server.repositories.log(GITOPS_REPOSITORY, { ref: "env/prod", limit: 1, since: before });
  expect(commit!.message).toContain("Roadbed-Accepted");
  await workloadOf("orders", ({ desired, cluster }) => desired === "stopped" && cluster?.wanted === 0);
  await eventually(async () => expect(await fileOnMain("workloads/prod/orders.yaml")).toContain("suspended: true"), 30_000);
  await call("delivery.workload.restart", orders);
  await eventually(() => expect(replicas()).toBe(3), 60_000);
  await workloadOf("orders", ({ desired, health }) => desired === "running" && health === "healthy");
  await eventually(async () => expect(await fileOnMain("workloads/prod/orders.yaml")).not.toContain("suspended"), 30_000);
});

test("Argo Rollouts leads a canary: it is held for lack of evidence, resumed, and all requests go to it; the next one is aborted", async () => {
  // Releases are counted by component.
  fates.clear();
  await release("shop", "1");
  await until((await promote("shop#1")).id, ({ state }) => state === "promoted");
  expect((await workloadOf("shop", ({ health }) => health === "healthy")).url).toBe("https://shop.example.org/");
  expect(seenByPolicies.map(({ kind }) => kind)).toEqual(expect.arrayContaining(["Rollout", "Deployment"]));

  await release("shop", "2");
  const second = await promote("shop#2");
  const first = await rollout("shop", ({ state }) => state === "pausing");
  expect(first.weight).toBe(20);
  double.faults.push({ when: (method) => method === "PATCH", status: 409, times: 2 });
  await call("delivery.rollout.resume", { id: first.id, reason: "It looks well" });
  const held = await rollout("shop", ({ state }) => state === "held");
  expect([held.id, held.weight, held.reason]).toEqual([first.id, 50, expect.stringContaining("no figures of requests by release")]);
  await call("delivery.rollout.resume", { id: held.id, reason: "Nobody complains" });
  await until(second.id, ({ state }) => state === "promoted");
  await workloadOf("shop", ({ cluster }) => cluster?.actual.join() === "2");

  await release("shop", "3");
  const third = await promote("shop#3");
  const bad = await rollout("shop", ({ state, id }) => state === "pausing" && id !== first.id);
  await call("delivery.rollout.abort", { id: bad.id, reason: "The totals are wrong" });
  await until(third.id, ({ state }) => state === "rolled-back");
  expect(
    double.asked.some(
      ({ method, path, body }) => method === "PATCH" && path.endsWith("/rollouts/shop/status") && body.includes('"abort":true'),
    ),
  ).toBe(true);
  await eventually(
    async () => expect((await promotions("shop"))[0]).toMatchObject({ kind: "rollback", state: "promoted", release: { number: 2 } }),
    60_000,
  );
  await workloadOf("shop", ({ health, cluster }) => health === "healthy" && cluster?.actual.join() === "2");
});

async function call<T>(name: string, input: unknown): Promise<T> {
  const handler = server.delivery.handlers.find(({ operation }) => operation.name === name)!;
  return (await perform(server.runtime, handler, callAs(), input)) as T;
}

async function fileOnMain(path: string): Promise<string> {
  return Buffer.from((await server.repositories.readFile(GITOPS_REPOSITORY, "main", path)) ?? []).toString("utf8");
}

/** A repository that dev does not hear of: what is tested is the cluster. */
async function make(name: string, file: string): Promise<void> {
  const files = [{ path: "README.md", content: name }];
  await server.runtime.write(callAs(), pushRepository, {} as never, undefined, (ctx) =>
    server.delivery.createRepository(ctx, { name, description: "", branch: "main", files, message: "first", author, key: name }),
  );
  await server.repositories.commitFiles(name, {
    branch: "main",
    files: [{ path: "roadbed.yaml", content: file }],
    message: "Say how it runs",
    author,
  });
}

async function release(name: string, version?: string): Promise<number> {
  const digest = `sha256:${Buffer.from(version ?? "")
    .toString("hex")
    .padEnd(64, "0")}`;
  const parts = version === undefined ? [] : [{ kind: "image", name: `registry.example.org/${name}`, version, digest }];
  return (await call<{ number: number }>("delivery.release.create", { entityRef: `component:default/${name}`, parts })).number;
}

function promote(name: string): Promise<Promotion> {
  return call("delivery.promotion.create", { release: name, environment: "prod" });
}

async function promotions(name: string): Promise<readonly Promotion[]> {
  return (await call<{ items: Promotion[] }>("delivery.promotion.list", { entityRef: `component:default/${name}`, environment: "prod" }))
    .items;
}

function until(id: string, holds: (promotion: Detail) => boolean): Promise<Detail> {
  return eventually(async () => {
    const promotion = await call<Detail>("delivery.promotion.get", { id });
    if (!holds(promotion))
      throw new Error(
        `${promotion.state} ${promotion.error} ${JSON.stringify(promotion.gates.filter(({ verdict }) => verdict !== "passed"))}`,
      );
    return promotion;
  }, 60_000);
}

function workloadOf(name: string, holds: (workload: Workload) => boolean): Promise<Workload> {
  return eventually(async () => {
    const { items } = await call<{ items: Workload[] }>("delivery.workload.list", {
      entityRef: `component:default/${name}`,
      environment: "prod",
    });
    if (items[0] === undefined || !holds(items[0])) throw new Error(JSON.stringify(items[0]));
    return items[0];
  }, 60_000);
}

function rollout(name: string, holds: (one: Rollout) => boolean): Promise<Rollout> {
  return eventually(async () => {
    const { items } = await call<{ items: Rollout[] }>("delivery.rollout.list", {
      entityRef: `component:default/${name}`,
      environment: "prod",
    });
    const deployments = await call<{ items: Deployment[] }>("delivery.deployment.list", { entityRef: `component:default/${name}` });
    if (items[0] === undefined || !holds(items[0])) throw new Error(`${JSON.stringify(items[0])} ${JSON.stringify(deployments.items[0])}`);
    return await call<Rollout>("delivery.rollout.get", { id: items[0].id });
  }, 60_000);
}
