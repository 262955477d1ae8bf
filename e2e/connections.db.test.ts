import { createCatalog, migrations, type Catalog } from "@roadbed/catalog";
import { createCel, type Cel } from "@roadbed/cel";
import { connectors } from "@roadbed/connectors";
import { getEntity, listEntities, syncSource } from "@roadbed/contracts/catalog";
import { createSource, listConnectors, rotateHook, testSource } from "@roadbed/contracts/catalog/connections";
import { perform, type Operation, type OutputOf } from "@roadbed/core";
import { createGuardedFetch, createHttpServer } from "@roadbed/http";
import { cloneRepository, fetchRepository, openRepositories } from "@roadbed/git";
import { callAs, createTestDatabase, quietLog, type TestDatabase } from "@roadbed/testkit";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

import { openHookDoor } from "../apps/server/src/doors/hook-door.ts";
import { openDouble } from "../modules/connectors/src/lib/double.ts";
import { fillShop, openKubeDouble } from "../modules/connectors/src/kubernetes/kube-double.ts";

let database: TestDatabase;
let catalog: Catalog;
let home: string;
let cel: Cel;
let server: ReturnType<typeof createHttpServer>;
let address: string;

/** Every connector that is shipped, behind the fetch and the door that the server has. */
beforeAll(async () => {
  database = await createTestDatabase([migrations]);
  home = await mkdtemp(join(tmpdir(), "connections-"));
  cel = createCel();
  catalog = createCatalog({
    db: database.db,
    runtime: database.runtime,
    log: quietLog,
    repositories: openRepositories(join(home, "git")),
    remotes: { clone: cloneRepository, fetch: fetchRepository },
    dataDir: join(home, "data"),
    connectors,
    cel,
    outbound: () => createGuardedFetch({ isAllowed: () => true }),
  });
  server = createHttpServer({ log: quietLog, checks: [] });
  openHookDoor(server, { catalog, paths: { receiveCallback: async () => ({ taken: false }) }, authenticate: async () => undefined });
  address = await server.listen({ port: 0, host: "127.0.0.1" });
});
afterAll(async () => {
  await server.close();
  await catalog.stop();
  await cel.close();
  await database.drop();
  await rm(home, { recursive: true });
});

async function ask<O extends Operation>(operation: O, input: unknown): Promise<OutputOf<O>> {
  const handler = catalog.handlers.find((one) => one.operation === operation)!;
  return operation.output.parse(await perform(database.runtime, handler, callAs(), input)) as OutputOf<O>;
}

const refsOf = async (filter: string): Promise<string[]> => (await ask(listEntities, { filter, limit: 100 })).items.map(({ ref }) => ref);

test("a cluster is tested, read, shown, and not emptied when it answers with nothing", async () => {
  const cluster = await openKubeDouble();
  fillShop(cluster);
  const settings = { cluster: "prod", server: cluster.url, token: "t0ken" };
  const tested = await ask(testSource, { connector: "kubernetes", settings });
  expect(tested.counts).toMatchObject({ registered: 6, failed: 0 });
  expect(await refsOf("kind=component")).toEqual([]);

  const { source } = await ask(createSource, { connector: "kubernetes", settings });
  expect(source).toMatchObject({ state: "ok", entities: 6, target: new URL(cluster.url).host });
  expect(await refsOf("kind=component")).toEqual(["component:default/invoices", "component:default/orders", "component:default/orders-db"]);
  const orders = await ask(getEntity, { ref: "component:default/orders" });
  expect(orders.entity.spec).toMatchObject({
    system: "shop",
    workloads: { "prod-shop-deployment-orders": { replicas: 3, version: "1.4.2" } },
  });
  expect(orders.entity.relations).toContainEqual(expect.objectContaining({ type: "partOf", targetRef: "system:default/shop" }));

  for (const path of Object.keys(cluster.objects)) cluster.objects[path] = [];
  const emptied = await ask(syncSource, { id: source.id });
  expect(emptied.source).toMatchObject({ state: "failed", entities: 6, lastError: expect.stringContaining("no namespaces") });

  await cluster.close();
  expect((await ask(syncSource, { id: source.id })).source).toMatchObject({ state: "failed", entities: 6 });
});

test("events of an unchanged OpenLineage client are in the catalogue at once, whatever their order, and stay when the source is read", async () => {
  const { source } = await ask(createSource, { connector: "openlineage", settings: { owner: "group:default/data" } });
  const { secret } = await ask(rotateHook, { id: source.id });
  const send = async (event: object, key = secret) => {
    // As the client's HTTP transport does it: `url` is the server, `endpoint` the path of the hook, `auth` an api_key.
    const response = await fetch(`${address}/hooks/sources/${source.id}`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
      body: JSON.stringify(event),
    });
    return { status: response.status, body: (await response.json()) as { outcome?: string } };
  };
  const run = (eventType: string, eventTime: string, over: object) => ({
    eventType,
    eventTime,
    run: { runId: "018f2c5e-0000-7000-8000-000000000001" },
    job: { namespace: "spark", name: "load_orders" },
    producer: "https://github.com/OpenLineage/OpenLineage",
    schemaURL: "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
    ...over,
  });
  const complete = run("COMPLETE", "2026-11-01T01:00:00Z", { outputs: [{ namespace: "postgres://db:5432", name: "shop.public.orders" }] });
  const start = run("START", "2026-11-01T00:00:00Z", { inputs: [{ namespace: "s3://lake", name: "raw/orders" }] });
  expect(await send(complete)).toMatchObject({ status: 200, body: { outcome: "applied" } });
  expect(await send(start)).toMatchObject({ body: { outcome: "applied" } });
  expect(await send(complete)).toMatchObject({ body: { outcome: "duplicate" } });
  expect((await send(start, "wrong")).status).toBe(401);
  await catalog.settled();

  const [job] = await refsOf("kind=component,spec.type=job,metadata.title=load_orders");
  const { entity } = await ask(getEntity, { ref: job! });
  expect(entity.spec).toMatchObject({
    lastSuccessAt: "2026-11-01T01:00:00.000Z",
    dependsOn: [expect.stringMatching(/^resource:default\/raw-orders-/)],
  });
  const [table] = await refsOf("kind=resource,spec.type=dataset,metadata.title=shop.public.orders");
  expect((await ask(getEntity, { ref: table! })).entity.spec).toMatchObject({ owner: "group:default/data", dependsOn: [job] });

  expect((await ask(syncSource, { id: source.id })).source).toMatchObject({ state: "ok", entities: 3 });
});

test("every connector has a form, and what the others read is taken whole, without a problem", async () => {
  const { items } = await ask(listConnectors, { limit: 100 });
  const infra = ["api-documents", "kafka", "kubernetes", "openlineage", "prometheus", "terraform"];
  expect(items.map(({ kind }) => kind)).toEqual(expect.arrayContaining(infra));
  for (const { kind, settings } of items) expect({ kind, type: settings["type"] }).toEqual({ kind, type: "object" });

  const instances = [{ attributes: { id: "db-1", password: "hunter2", tags: { Owner: "team-a", component: "orders" } } }];
  const provider = 'provider["registry.terraform.io/hashicorp/aws"]';
  const answers: Record<string, unknown> = {
    "/openapi.json": { openapi: "3.1.0", info: { title: "Orders API", version: "1" }, paths: {} },
    "/state": {
      version: 4,
      serial: 1,
      lineage: "l",
      resources: [{ mode: "managed", type: "aws_db_instance", name: "db", provider, instances }],
    },
    "/api/v1/targets": { status: "success", data: { activeTargets: [{ labels: { job: "orders", instance: "i" }, health: "down" }] } },
    "/v3/clusters": { data: [{ cluster_id: "c1" }] },
    "/v3/clusters/c1/topics": { data: [{ topic_name: "orders", partitions_count: 3 }] },
    "/v3/clusters/c1/consumer-groups": { data: [{ consumer_group_id: "orders-consumer" }] },
    "/v3/clusters/c1/consumer-groups/orders-consumer/lags": { data: [{ topic_name: "orders" }] },
  };
  const double = await openDouble(({ url }) => (url.pathname in answers ? { body: answers[url.pathname] } : { status: 404 }));
  const settings: Record<string, object> = {
    prometheus: { url: double.url, define: true },
    "api-documents": { documents: [`${double.url}/openapi.json`] },
    terraform: { url: `${double.url}/state` },
    kafka: { url: double.url },
  };
  for (const [connector, given] of Object.entries(settings)) {
    const { source, problems } = await ask(createSource, { connector, settings: given });
    expect({ connector, problems, state: source.state, entities: source.entities }).toEqual({
      connector,
      problems: [],
      state: "ok",
      // The component that Prometheus knows may be there already, by the cluster of the test before.
      entities: connector === "prometheus" ? expect.any(Number) : 1,
    });
  }
  const [topic] = await refsOf("kind=resource,spec.type=kafka-topic");
  const { entity } = await ask(getEntity, { ref: "component:default/orders" });
  expect(entity.relations).toContainEqual(expect.objectContaining({ type: "dependsOn", targetRef: topic }));
  expect(entity.spec?.["monitoring"]).toMatchObject({ [`127-0-0-1-${new URL(double.url).port}`]: { down: ["i"] } });
  const stored = await database.db.query("select document::text from catalog.entity");
  expect(JSON.stringify(stored.rows)).not.toContain("hunter2");
  await double.close();
});
