/** What telemetry counts takes a release back: spans, an objective, its alert, the wire of a rollout, over both modules as the server wires them. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { migrateClickHouse } from "@roadbed/clickhouse";
import type { Deployment } from "@roadbed/contracts/delivery";
import type { Rollout } from "@roadbed/contracts/delivery/rollouts";
import { applySlos } from "@roadbed/contracts/telemetry/slos";
import { perform } from "@roadbed/core";
import { migrations as deliveryTables, type DeliveryDeps } from "@roadbed/delivery";
import { clickhouseMigrations, createTelemetry, migrations as telemetryTables, type Telemetry } from "@roadbed/telemetry";
import {
  callAs,
  createTestClickHouse,
  createTestDatabase,
  eventually,
  quietLog,
  type TestClickHouse,
  type TestDatabase,
} from "@roadbed/testkit";
import { WORKFLOW_TABLES } from "@roadbed/workflows/testing";
import { afterAll, beforeAll, expect, test } from "vitest";

import { objectivesForDelivery } from "../apps/server/src/ports.ts";
import { fetchText } from "../modules/delivery/src/fixtures/clients.ts";
import { release } from "../modules/delivery/src/fixtures/releases.ts";
import { startServer, type TestServer } from "../modules/delivery/src/fixtures/server.ts";
import { tracesOf, type SpanFacts } from "../modules/telemetry/src/fixtures/spans-of.ts";

type Objectives = NonNullable<DeliveryDeps["objectives"]>;

const MINUTE = 60_000;
const WAIT = 90_000;
const author = { name: "Ada Example", email: "ada@example.org" };
/** Nothing but the wire can end it: it pauses until somebody says go on. */
const PAUSED = "rollout:\n  strategy: canary\n  steps: [{ weight: 50 }, { pause: {} }]\n  tripwires: { budgetBurn: true }\n";

let database: TestDatabase;
let store: TestClickHouse;
let telemetry: Telemetry;
let dataDir: string;
let server: TestServer;
/** What rollouts were told when they asked, by component. */
const told = new Map<string, Awaited<ReturnType<Objectives>>[]>();

beforeAll(async () => {
  [store, database] = await Promise.all([
    createTestClickHouse(),
    createTestDatabase([telemetryTables, deliveryTables], { prepare: WORKFLOW_TABLES }),
  ]);
  await migrateClickHouse(store.client, [clickhouseMigrations]);
  const { db, runtime } = database;
  const things = {
    hiddenFrom: async () => [],
    ownerOf: async () => "group:default/owners",
    onCallOf: async () => [],
    whoseServices: async () => new Map(),
  };
  // Objectives are looked at when a test says so.
  telemetry = createTelemetry({ clickhouse: store.client, log: quietLog, objectives: { db, runtime, things, everyMs: 3_600_000 } });
  await telemetry.start();
  dataDir = await mkdtemp(join(tmpdir(), "budget-burn-"));
  const port = objectivesForDelivery(telemetry);
  const objectives: Objectives = async (ctx, what) => {
    const found = await port(ctx, what);
    told.set(what.entityRef, [...(told.get(what.entityRef) ?? []), found]);
    return found;
  };
  server = await startServer({
    databaseUrl: database.url,
    dataDir,
    log: quietLog,
    ports: { objectives },
    // A process that takes its time to start on a busy machine is not what is tested here.
    timing: { startMs: 60_000 },
  });
});
afterAll(async () => {
  await server.stop();
  await telemetry.stop();
  await Promise.all([store.close(), database.drop()]);
  await rm(dataDir, { recursive: true, force: true });
});

test("an objective that begins to burn at the rate of a page takes the release back; one at the rate of a ticket does not", async () => {
  await deploy("orders");
  await objective("orders");
  const waiting = await rollOut("orders");

  // Failures that are over an hour old, and well since: the long windows burn, for which nobody is called.
  await look("orders", (now) => [...requests(now - 90 * MINUTE, 40, 40), ...requests(now - 3 * MINUTE, 40, 0)]);
  await toldThat("orders", async () => (await firing("orders")).length > 0);
  expect((await firing("orders")).filter((rule) => rule.startsWith("page-"))).toEqual([]);
  expect(await rolloutOf("orders")).toMatchObject({ id: waiting.id, state: "pausing" });

  await look("orders", (now) => requests(now - 3 * MINUTE, 200, 200));
  expect(await firing("orders")).toContain("page-fast");
  const over = await eventually(async () => {
    const one = await rolloutOf("orders");
    if (one.endedAt === undefined) throw new Error(JSON.stringify(one));
    return one;
  }, WAIT);
  expect(over).toMatchObject({ id: waiting.id, state: "rolled-back", weight: 0 });
  expect(over.reason).toMatch(/^Tripwire: error budget, Answers of orders: /);
  expect(await fetchText(`${server.routerUrl}/dev/orders/`)).toEqual([200, "v1"]);
  const { items } = await call<{ items: Deployment[] }>("delivery.deployment.list", { entityRef: "component:default/orders" });
  expect(items[0]).toMatchObject({ status: "rolled-back", error: over.reason });
}, 300_000);

test("what burnt before the rollout began is not the release's doing, and neither is what burns in another environment", async () => {
  await deploy("bills");
  await objective("bills");
  await objective("bills", "elsewhere");
  await look("bills", (now) => requests(now - 3 * MINUTE, 200, 200));
  expect(await firing("bills")).toContain("page-fast");
  const waiting = await rollOut("bills");
  await look("bills", (now) => requests(now - 3 * MINUTE, 200, 200), "elsewhere");
  expect(await firing("bills", "elsewhere")).toContain("page-fast");
  await toldThat("bills", async () => true);
  expect(told.get("component:default/bills")!.at(-1)).toMatchObject([{ name: "bills-answers", burning: { since: expect.any(Date) } }]);
  const still = await eventually(async () => {
    const one = await call<Rollout>("delivery.rollout.get", { id: waiting.id });
    const wire = one.tripwires?.find(({ name }) => name === "error budget");
    if (wire === undefined) throw new Error(JSON.stringify(one.tripwires));
    return { state: one.state, wire };
  }, WAIT);
  expect(still).toMatchObject({ state: "pausing", wire: { now: "Answers of bills burnt before it began", tripped: false } });
  await call("delivery.rollout.abort", { id: waiting.id, reason: "It has been seen" });
}, 300_000);

async function objective(service: string, environment = "dev"): Promise<void> {
  const text = `
apiVersion: openslo/v1
kind: SLO
metadata: { name: ${nameOf(service, environment)}, displayName: Answers of ${service} }
spec:
  service: ${service}
  indicator: { spec: { availability: {} } }
  timeWindow: [{ duration: 30d }]
  objectives: [{ target: 0.99 }]
  minimumEvents: 10
  environment: ${environment}
`;
  const handler = telemetry.handlers.find(({ operation }) => operation.name === applySlos.name)!;
  await perform(database.runtime, handler, callAs(), { text });
}

function nameOf(service: string, environment: string): string {
  return environment === "dev" ? `${service}-answers` : `${service}-answers-${environment}`;
}

/** Sends what came by now, and has objectives looked at as of that same now: however long that takes, windows and spans fit each other. */
async function look(service: string, spans: (now: number) => SpanFacts[], environment = "dev"): Promise<void> {
  const now = new Date();
  const where = [{ key: "deployment.environment.name", value: { stringValue: environment } }];
  const body = tracesOf({ [service]: spans(Math.floor(now.getTime() / MINUTE) * MINUTE) }, where);
  const answer = await telemetry.intake.ingest({
    signal: "traces",
    contentType: "application/x-protobuf",
    contentEncoding: undefined,
    body,
  });
  expect(answer).toMatchObject({ rejected: 0 });
  await database.db.query("update telemetry.slo set look_at = '2000-01-01'");
  await telemetry.sloWatch!.look(now);
}

let id = 0;
/** So many requests from an instant on, the first ones failed. */
function requests(at: number, n: number, failed: number): SpanFacts[] {
  return Array.from({ length: n }, (_, i) => ({ id: ++id, trace: id, at: at + i, failed: i < failed }));
}

async function firing(service: string, environment = "dev"): Promise<string[]> {
  const { rows } = await database.db.query<{ alert: { firing: { rule: string }[] } }>("select alert from telemetry.slo where name = $1", [
    nameOf(service, environment),
  ]);
  return rows[0]!.alert.firing.map(({ rule }) => rule);
}

/** Until the rollout has asked what is so now, and acted on it: it asks anew only when it is done with the answer before. */
async function toldThat(service: string, isSo: () => Promise<boolean>): Promise<void> {
  expect(await isSo()).toBe(true);
  const ref = `component:default/${service}`;
  const before = told.get(ref)?.length ?? 0;
  await eventually(() => expect(told.get(ref)?.length ?? 0).toBeGreaterThan(before + 1), WAIT);
}

async function deploy(name: string): Promise<void> {
  const { operation } = server.delivery.handlers.find((one) => one.operation.name === "delivery.deployment.create")!;
  const files = release({ version: "v1" });
  await server.runtime.write(callAs(), operation, { name }, undefined, (ctx) =>
    server.delivery.createRepository(ctx, { name, description: "", branch: "main", files, message: "first", author, key: name }),
  );
  await eventually(async () => expect(await fetchText(`${server.routerUrl}/dev/${name}/`)).toEqual([200, "v1"]), WAIT);
}

/** The second release, as far as its pause. */
async function rollOut(name: string): Promise<Rollout> {
  const files = release({ version: "v2", manifest: PAUSED });
  const { hash } = await server.repositories.commitFiles(name, { branch: "main", message: "another", author, files });
  await call("delivery.deployment.create", { entityRef: `component:default/${name}`, commit: hash });
  return eventually(async () => {
    const one = await rolloutOf(name);
    if (one?.state !== "pausing") throw new Error(JSON.stringify(one ?? "none yet"));
    return one;
  }, WAIT);
}

async function rolloutOf(name: string): Promise<Rollout> {
  return (await call<{ items: Rollout[] }>("delivery.rollout.list", { entityRef: `component:default/${name}` })).items[0]!;
}

async function call<T>(name: string, input: unknown): Promise<T> {
  const handler = server.delivery.handlers.find(({ operation }) => operation.name === name)!;
  return (await perform(server.runtime, handler, callAs(), input)) as T;
}
