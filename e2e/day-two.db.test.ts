/** Paths that change or end what is there, against the real catalogue, delivery and CEL: offered where they fit, with the starter's rights. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { createCatalog, migrations as catalogTables } from "@roadbed/catalog";
import { createCel } from "@roadbed/cel";
import type { EntityView } from "@roadbed/contracts/catalog";
import type { Run } from "@roadbed/contracts/paths";
import { perform, type Call, type Handler } from "@roadbed/core";
import { createDelivery, createRouter, migrations as deliveryTables, queues } from "@roadbed/delivery";
import { openRepositories } from "@roadbed/git";
import { createPaths, migrations as pathsTables } from "@roadbed/paths";
import { createRelay } from "@roadbed/postgres";
import { callAs, createTestDatabase, eventually, quietLog, type TestDatabase } from "@roadbed/testkit";
import { createWorkflows } from "@roadbed/workflows";
import { WORKFLOW_TABLES } from "@roadbed/workflows/testing";
import { afterAll, beforeAll, expect, test } from "vitest";

import { catalogForPaths, conditionsForPaths, platformForPaths } from "../apps/server/src/ports.ts";

const ESTATE = `
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: { name: payments }
spec: { type: team, children: [] }
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: { name: shipping }
spec: { type: team, children: [] }
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: { name: ledger }
spec: { type: service, lifecycle: production, owner: payments }
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: { name: shop }
spec: { type: website, lifecycle: production, owner: shipping, dependsOn: [component:default/ledger] }
`;
const root = fileURLToPath(new URL("..", import.meta.url));
const cel = createCel({ deadlineMs: 5_000 });
let folder: string;
let database: TestDatabase;
let handlers: readonly Handler[];
let close: () => Promise<void>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "day-two-"));
  await writeFile(join(folder, "estate.yaml"), ESTATE);
  database = await createTestDatabase([catalogTables, deliveryTables, pathsTables], { prepare: WORKFLOW_TABLES });
  const { db, runtime } = database;
  const workflows = createWorkflows({ databaseUrl: database.url, db, log: quietLog, queues });
  const catalog = createCatalog({ db, runtime, log: quietLog, cel });
  const router = createRouter({ log: quietLog, port: 0 });
  await router.listen();
  const repositories = openRepositories(join(folder, "git"));
  const publicUrl = "http://localhost:4400";
  const delivery = createDelivery({
    log: quietLog,
    db,
    runtime,
    workflows,
    repositories,
    dataDir: folder,
    publicUrl,
    otlpEndpoint: "http://127.0.0.1:9",
    router,
    routerUrl: "http://localhost:4401",
    entities: { get: (ctx, ref) => catalog.getEntity(ctx, ref) },
    tokens: { rotate: async () => "token" },
    gitDoor: { authenticate: async () => undefined },
  });
  const paths = createPaths({
    log: quietLog,
    db,
    runtime,
    workflows,
    dataDir: folder,
    goldenPathsDir: join(root, "golden-paths"),
    publicUrl,
    templates: { list: (ctx) => catalog.listTemplates(ctx) },
    catalog: catalogForPaths(catalog, runtime),
    conditions: conditionsForPaths(cel),
    platform: platformForPaths([...catalog.handlers, ...delivery.handlers], runtime),
    git: delivery,
    repositories,
    standards: {
      evaluate: async () => ({ verdict: "allow", findings: [] }),
      judge: async () => ({ verdict: "allow", findings: [], decisionId: "dec_test" }),
    },
    delivery,
  });
  handlers = [...catalog.handlers, ...delivery.handlers, ...paths.handlers];
  const relay = createRelay({ db, log: quietLog, subscriptions: [...paths.subscriptions, ...delivery.subscriptions] });
  await catalog.start();
  await paths.start();
  await workflows.launch();
  await relay.start();
  close = async () => {
    await relay.stop();
    await workflows.drain(3_000);
    await Promise.all([paths.stop(), catalog.stop(), router.close()]);
    await cel.close();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  };
  await call("catalog.source.import", { target: join(folder, "estate.yaml"), watch: false });
  await db.query(
    `insert into delivery.workload (entity_ref, environment, name, kind, desired, health)
     values ('component:default/shop', 'dev', 'shop', 'service', 'running', 'healthy')`,
  );
});
afterAll(() => close());

test("both are offered on a component, and the end only while it has not come", async () => {
  const components = ["ci-pipeline", "hand-over", "retire-service", "service-credential"];
  expect((await offeredOn("component:default/shop")).toSorted()).toEqual(components);
  expect(await offeredOn("group:default/payments")).toEqual([]);
});

test("a hand-over gives a thing to another team, with the rights of who asked for it", async () => {
  const values = { entity: "component:default/ledger", to: "group:default/shipping", reason: "They run it anyway." };
  expect((await run("hand-over", values, { scopes: new Set(["paths:read", "paths:write", "catalog:read"]) })).error).toMatch(
    /catalog:write/,
  );
  expect(await ownerOf("component:default/ledger")).toBe("payments");
  const done = await run("hand-over", values);
  expect(done).toMatchObject({ status: "succeeded", outputs: { entityRef: "component:default/ledger" } });
  expect(await ownerOf("component:default/ledger")).toMatch(/shipping/);
});

test("a service is not retired while another depends on it; then it is stopped and marked, once", async () => {
  const values = { reason: "Nobody needs it." };
  await expect(
    call("paths.path.preview", { path: "retire-service", values: { ...values, entity: "component:default/ledger" } }),
  ).rejects.toThrow(/component:default\/shop still depends on it/);
  await expect(
    call("paths.path.run", { path: "retire-service", values: { ...values, entity: "component:default/ledger" } }),
  ).rejects.toMatchObject({
    problems: [{ at: "entity" }],
  });
  const done = await run("retire-service", { ...values, entity: "component:default/shop" });
  expect(done.error).toBeUndefined();
  expect(done.steps.map(({ status }) => status)).toEqual(["completed", "completed", "completed", "completed", "completed"]);
  const { rows } = await database.db.query("select desired from delivery.workload where entity_ref = 'component:default/shop'");
  expect(rows).toEqual([{ desired: "stopped" }]);
  const { entity } = await call<EntityView>("catalog.entity.get", { ref: "component:default/shop" });
  expect(entity.spec?.["lifecycle"]).toBe("retired");
  expect(await offeredOn("component:default/shop")).toEqual(["hand-over"]);
});

async function call<T>(name: string, input: unknown, as: Partial<Call> = {}): Promise<T> {
  const handler = handlers.find(({ operation }) => operation.name === name);
  if (handler === undefined) throw new Error(`no operation ${name}`);
  return (await perform(database.runtime, handler, callAs(as), input)) as T;
}

async function run(path: string, values: Record<string, unknown>, as: Partial<Call> = {}): Promise<Run> {
  const { id } = await call<Run>("paths.path.run", { path, values }, as);
  return eventually(async () => {
    const found = await call<Run>("paths.run.get", { id });
    if (found.endedAt === undefined) throw new Error(`still ${found.status}`);
    return found;
  }, 40_000);
}

async function offeredOn(entityRef: string): Promise<string[]> {
  const { items } = await call<{ items: { name: string }[] }>("paths.path.list", { entityRef });
  return items.map(({ name }) => name);
}

async function ownerOf(ref: string): Promise<unknown> {
  return (await call<EntityView>("catalog.entity.get", { ref })).entity.spec?.["owner"];
}
