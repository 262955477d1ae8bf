import { getEntity } from "@roadbed/contracts/catalog";
import { createSource, pauseSource, testSource } from "@roadbed/contracts/catalog/connections";
import { eventually } from "@roadbed/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import { stringify } from "yaml";

import { useWorld } from "../../modules/catalog/src/world.suite.ts";
import { connectors } from "../../modules/connectors/src/index.ts";
import { fillShop, openKubeDouble, type KubeDouble } from "../../modules/connectors/src/kubernetes/kube-double.ts";

const world = useWorld();
const { ask, refs } = world;

let cluster: KubeDouble;
beforeEach(async () => {
  await world.catalog.stop();
  world.catalog = world.open({ connectors, outbound: () => fetch, tickMs: 50 });
  fillShop((cluster = await openKubeDouble()));
});
afterEach(async () => {
  await world.catalog.stop();
  await cluster.close();
});

const DEPLOYMENTS = "/apis/apps/v1/deployments";
const workloadsOf = async () => (await ask(getEntity, { ref: "component:default/orders" })).entity.spec?.["workloads"];
const watching = () => cluster.asked.filter(({ url }) => url.searchParams.get("watch") === "1").length;

test("a cluster is followed over open connections: what changes in it is seen at once, by one process, until it is paused", async () => {
  await world.catalog.start();
  const { source } = await ask(createSource, {
    connector: "kubernetes",
    settings: { cluster: "prod", server: cluster.url, token: "t0ken" },
  });
  await eventually(async () => expect(watching()).toBeGreaterThanOrEqual(7));
  const [orders] = cluster.objects[DEPLOYMENTS]!;
  const began = performance.now();
  cluster.change(DEPLOYMENTS, "MODIFIED", { ...orders!, spec: { ...(orders!["spec"] as object), replicas: 5 } });
  await eventually(async () => expect(JSON.stringify(await workloadsOf())).toContain('"replicas":5'));
  console.log(`a change of the cluster was visible after ${(performance.now() - began).toFixed(0)} ms`);
  cluster.change(DEPLOYMENTS, "DELETED", orders!);
  await eventually(async () => expect(await refs()).not.toContain("component:default/orders"));

  // Another process leaves it alone.
  const before = watching();
  const other = world.open({ connectors, outbound: () => fetch, tickMs: 50 });
  await other.start();
  const held = async () => (await world.sql<{ followed_by: string | null }>("select followed_by from catalog.source")).rows[0]!.followed_by;
  const holder = await held();
  await new Promise((done) => setTimeout(done, 300));
  expect(await held()).toBe(holder);
  expect(watching()).toBe(before);
  // When the first is gone, it goes on.
  await world.catalog.stop();
  await eventually(async () => expect(watching()).toBeGreaterThanOrEqual(before + 7));
  await ask(pauseSource, { id: source.id, reason: "enough" }, other);
  await other.stop();
  expect(await held()).toBeNull();
});

test("a kubeconfig is taken as kubectl prints it, as YAML or JSON; a broken one says in which line", async () => {
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "c", cluster: { server: cluster.url } }],
    users: [{ name: "u", user: { token: "t0ken" } }],
  };
  for (const kubeconfig of [stringify(config), JSON.stringify(config)]) {
    const tested = await ask(testSource, { connector: "kubernetes", settings: { cluster: "prod", kubeconfig } });
    expect(tested.added.map(({ ref }) => ref)).toContain("component:default/orders");
  }
  await expect(ask(testSource, { connector: "kubernetes", settings: { cluster: "prod", kubeconfig: "a: [" } })).rejects.toMatchObject({
    code: "INVALID",
    problems: [{ at: "settings.kubeconfig", reason: expect.stringContaining("line 1") }],
  });
});
