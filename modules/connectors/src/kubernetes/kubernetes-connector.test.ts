import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";

import { callWith, createCel, entitiesOf, readAll } from "../lib/connector.suite.ts";
import { fillShop, openKubeDouble, type KubeDouble } from "./kube-double.ts";
import { kubernetesConnector } from "./kubernetes-connector.ts";
import { accessOf, KubernetesSettings } from "./settings.ts";

const cel = createCel();
afterAll(() => cel.close());
let double: KubeDouble;
beforeEach(async () => {
  double = await openKubeDouble();
  fillShop(double);
});
afterEach(() => double.close());

const settings = (over: object = {}) => ({ cluster: "prod", server: double.url, token: "t0ken", ...over });
const read = (over: object = {}, state = {}) => readAll(kubernetesConnector, settings(over), callWith(cel, { state }));
const find = async (name: string, over: object = {}) => entitiesOf(await read(over)).find(({ entity }) => entity.metadata.name === name);

test("workloads become components with owner, system, replicas, versions and addresses", async () => {
  const readings = entitiesOf(await read());
  expect(readings.map(({ entity: { kind, metadata } }) => `${kind} ${metadata.name}`)).toEqual([
    "Resource prod",
    "Resource prod.shop",
    "System shop",
    "Component storefront",
    "Component invoices",
    "Component orders",
    "Component orders-db",
  ]);
  expect(await find("orders")).toMatchObject({
    mode: "define",
    location: `${double.url}/apis/apps/v1/namespaces/shop/deployments/orders`,
    entity: {
      metadata: { links: [{ url: "https://orders.shop.example" }] },
      spec: {
        type: "service",
        owner: "group:default/team-a",
        system: "shop",
        dependsOn: ["resource:default/prod.shop"],
        workloads: {
          "prod-shop-deployment-orders": {
            replicas: 3,
            ready: 2,
            images: ["ghcr.io/shop/orders:1.4.2"],
            version: "1.4.2",
            internal: ["orders.shop.svc:8080"],
            external: ["orders.shop.example"],
          },
        },
      },
    },
    otherwise: { spec: { workloads: { "prod-shop-deployment-orders": { ready: 2 } } } },
  });
  expect((await find("invoices"))?.entity.spec).toMatchObject({ type: "job", owner: "group:default/finance" });
  expect((await find("orders-db"))?.entity.spec).toMatchObject({ owner: "group:default/team-ns" });
  expect(JSON.stringify(readings)).not.toContain("hunter2");
});

test("the label of Backstage means a component that others describe: it is found by its annotation and only added to", async () => {
  expect(await find("storefront")).toMatchObject({
    mode: "enrich",
    match: { annotation: "backstage.io/kubernetes-id", value: "storefront" },
    entity: { spec: { workloads: { "prod-shop-deployment-web": { images: ["web:2"] } } } },
  });
});

test("several workloads of one name are one component", async () => {
  double.objects["/apis/apps/v1/deployments"]!.push({
    metadata: { name: "orders-worker", namespace: "shop", labels: { "app.kubernetes.io/name": "orders" } },
    spec: { template: {} },
    status: {},
  });
  expect(Object.keys((await find("orders"))?.entity.spec?.["workloads"] as object)).toEqual([
    "prod-shop-deployment-orders",
    "prod-shop-deployment-orders-worker",
  ]);
});

test("only the named namespaces and selected workloads are asked for", async () => {
  const readings = entitiesOf(await read({ namespaces: ["shop"], selector: "team=team-a" }));
  expect(readings.filter(({ entity }) => entity.kind === "Component").map(({ entity }) => entity.metadata.name)).toEqual(["orders"]);
  const paths = double.asked.map(({ url }) => url.pathname);
  expect(paths).toContain("/apis/apps/v1/namespaces/shop/deployments");
  expect(paths).not.toContain("/apis/apps/v1/deployments");
});

describe("paging", () => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, n) => ({ metadata: { name: `w${n}`, namespace: "shop" }, spec: { template: {} }, status: {} }));
  const components = async () => entitiesOf(await read()).filter(({ entity }) => /^w\d+$/.test(entity.metadata.name)).length;

  test("goes on to the last page", async () => {
    double.objects["/apis/apps/v1/deployments"] = many(620);
    expect(await components()).toBe(620);
  });

  test("begins anew when the list has expired (410), and gives up when that does not end", async () => {
    double.objects["/apis/apps/v1/deployments"] = many(620);
    double.pagesUntilGone = 1;
    expect(await components()).toBe(620);
    Object.defineProperty(double, "pagesUntilGone", { get: () => 0, set: () => {} });
    await expect(read()).rejects.toMatchObject({ code: "UNAVAILABLE", message: expect.stringContaining("deployments") });
  });
});

describe("what is wrong", () => {
  test("a token that is not known, and a right that is lacking, named as a role would give it", async () => {
    await expect(read({ token: "other" })).rejects.toMatchObject({
      code: "INVALID",
      mend: expect.stringContaining("kubectl create token"),
    });
    double.forbidden.add("/apis/apps/v1/deployments");
    await expect(read()).rejects.toMatchObject({
      code: "INVALID",
      message: expect.stringContaining("may not list deployments.apps in all namespaces"),
      mend: expect.stringContaining('apiGroups ["apps"], resources ["deployments"], verbs ["get", "list", "watch"]'),
    });
  });

  test.each([
    [{ status: 500, body: { kind: "Status" } }, "UNAVAILABLE"],
    [{ status: 429, headers: { "retry-after": "7" } }, "TOO_MANY"],
    [{ status: 200, body: '{"items": [' }, "UNAVAILABLE"],
    [{ status: 200, body: { kind: "List" } }, "UNAVAILABLE"],
  ])("an answer that is none ends the reading: %j", async (fault, code) => {
    double.faults.push({ body: { metadata: {} } }, fault);
    await expect(read()).rejects.toMatchObject({ code });
  });

  test("no answer in time", async () => {
    const slow = callWith(cel, { fetch: () => Promise.reject(new DOMException("timed out", "TimeoutError")) });
    await expect(readAll(kubernetesConnector, settings(), slow)).rejects.toThrow("timed out");
  });

  test("another cluster behind the same address removes nothing", async () => {
    const state = (await read()).find((reading) => reading.type === "state");
    expect(state).toEqual({ type: "state", state: { cluster: "uid-1" } });
    await read({}, { cluster: "uid-1" });
    double.uid = "uid-2";
    await expect(read({}, { cluster: "uid-1" })).rejects.toMatchObject({
      code: "CONFLICT",
      message: expect.stringContaining("Another cluster"),
    });
  });

  test("an empty cluster is answered as it is", async () => {
    for (const path of Object.keys(double.objects)) if (!path.endsWith("/namespaces")) double.objects[path] = [];
    expect(entitiesOf(await read()).map(({ entity }) => entity.metadata.name)).toEqual(["prod", "prod.shop"]);
    double.objects["/api/v1/namespaces"] = [];
    await expect(read()).rejects.toMatchObject({ code: "UNAVAILABLE", message: expect.stringContaining("no namespaces") });
  });
});

test("a certificate has room for its lines in the form", () => {
  expect(z.toJSONSchema(KubernetesSettings, { io: "input" }).properties?.["ca"]).toMatchObject({ "ui:widget": "textarea", advanced: true });
});

test("a kubeconfig says where and as whom; one that runs a program is refused", () => {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const config = (user: object) =>
    JSON.stringify({
      clusters: [{ cluster: { server: "https://10.0.0.1:6443", "certificate-authority-data": base64("CA") } }],
      users: [{ user }],
    });
  const parse = (kubeconfig: string) => KubernetesSettings.parse({ cluster: "prod", kubeconfig });
  expect(accessOf(parse(config({ "client-certificate-data": base64("CERT"), "client-key-data": base64("KEY") })))).toEqual({
    server: "https://10.0.0.1:6443",
    token: undefined,
    tls: { ca: "CA", cert: "CERT", key: "KEY" },
  });
  expect(kubernetesConnector.targetOf(parse(config({})))).toBe("10.0.0.1:6443");
  expect(() => accessOf(parse(config({ exec: { command: "aws" } })))).toThrow("by a program");
  expect(() => KubernetesSettings.parse({ cluster: "prod" })).toThrow("server");
});

test("the state of claims is told at the resources that they are of", async () => {
  const claim = (name: string, entity: string | undefined, conditions: object[]) => ({
    kind: "PostgreSQLInstance",
    metadata: { name, namespace: "shop", ...(entity === undefined ? {} : { annotations: { "roadbed.dev/entity": entity } }) },
    status: { conditions },
  });
  double.objects["/apis/database.example.org/v1/postgresqlinstances"] = [
    claim("ledger-dev", "resource:default/ledger", [
      { type: "Synced", status: "True" },
      { type: "Ready", status: "False", reason: "Creating", message: "waits for its subnet" },
    ]),
    claim("ledger-prod", "resource:default/ledger", [{ type: "Ready", status: "True" }]),
    claim("theirs", undefined, []),
  ];
  const readings = entitiesOf(await read({ claims: ["database.example.org/v1/postgresqlinstances"] })).filter(
    ({ entity }) => entity.metadata.name === "ledger",
  );
  expect(readings.map(({ mode, entity }) => [mode, entity.spec?.["claims"]])).toEqual([
    [
      "enrich",
      {
        "prod-shop-ledger-dev": {
          cluster: "prod",
          namespace: "shop",
          name: "ledger-dev",
          kind: "PostgreSQLInstance",
          ready: false,
          message: "Creating: waits for its subnet",
        },
      },
    ],
    [
      "enrich",
      { "prod-shop-ledger-prod": { cluster: "prod", namespace: "shop", name: "ledger-prod", kind: "PostgreSQLInstance", ready: true } },
    ],
  ]);
});
