import { afterEach, beforeEach, expect, test } from "vitest";

import { createCel, callWith } from "../lib/connector.suite.ts";
import { fillShop, openKubeDouble, type KubeDouble } from "./kube-double.ts";
import { kubernetesConnector } from "./kubernetes-connector.ts";

let cluster: KubeDouble;
let ended: AbortController;
beforeEach(async () => {
  ended = new AbortController();
  fillShop((cluster = await openKubeDouble()));
});
afterEach(async () => {
  ended.abort();
  await cluster.close();
});

const DEPLOYMENTS = "/apis/apps/v1/deployments";
const orders = () => cluster.objects[DEPLOYMENTS]!.find(({ metadata }) => (metadata as { name: string }).name === "orders")!;

/** What is told, one by one. */
function follow(over: object = {}): AsyncIterator<void> {
  const cel = createCel();
  const call = callWith(cel, { signal: ended.signal });
  ended.signal.addEventListener("abort", () => void cel.close());
  const settings = kubernetesConnector.settings.parse({ cluster: "prod", server: cluster.url, token: "t0ken", ...over });
  return kubernetesConnector.watch!(settings, call)[Symbol.asyncIterator]();
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((done) => setTimeout(done, 5));
}
const watches = () => cluster.asked.filter(({ url }) => url.searchParams.get("watch") === "1");

test("a cluster is followed: what means something is told, what does not is not", async () => {
  const told = follow();
  expect(await told.next()).toEqual({ value: undefined, done: false });
  await until(() => watches().length === 7);
  let seen = 0;
  const next = told.next().then(() => seen++);
  // A heartbeat: only who manages the object, and conditions, are others.
  cluster.change(DEPLOYMENTS, "MODIFIED", { ...orders(), status: { readyReplicas: 2, conditions: [{ lastUpdateTime: "now" }] } });
  cluster.change(DEPLOYMENTS, "MODIFIED", { ...orders(), status: { readyReplicas: 3 } });
  await next;
  expect(seen).toBe(1);
  const gone = told.next();
  cluster.change(DEPLOYMENTS, "DELETED", orders());
  await gone;
});

test("a watch that ends goes on where it was; a version that is forgotten is read anew, and what happened meanwhile is told", async () => {
  const told = follow({ namespaces: ["shop"] });
  await told.next();
  await until(() => watches().length === 6);
  cluster.endWatches();
  const next = told.next();
  cluster.change(DEPLOYMENTS, "MODIFIED", { ...orders(), status: { readyReplicas: 1 } });
  await next;
  expect(Number(watches().at(-1)!.url.searchParams.get("resourceVersion"))).toBeGreaterThanOrEqual(1_000);
  expect(watches()[0]!.url.searchParams.get("allowWatchBookmarks")).toBe("true");

  const lists = cluster.asked.length;
  const after = told.next();
  cluster.objects[DEPLOYMENTS] = [];
  cluster.forget();
  await after;
  expect(
    cluster.asked.slice(lists).some(({ url }) => url.pathname.endsWith("/deployments") && url.searchParams.get("watch") === null),
  ).toBe(true);
});

test("a token that may not watch says which right it lacks", async () => {
  const told = follow({ token: "other" });
  await expect(told.next().then(() => told.next())).rejects.toMatchObject({ code: "INVALID" });
});
