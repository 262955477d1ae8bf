import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { showCalendar } from "@roadbed/contracts/delivery/calendar";
import type { Promotion } from "@roadbed/contracts/delivery/promotions";
import type { Rollout } from "@roadbed/contracts/delivery/rollouts";
import { perform, type OutputOf } from "@roadbed/core";
import { callAs, createTestDatabase, eventually, quietLog, type TestDatabase } from "@roadbed/testkit";
import { WORKFLOW_TABLES } from "@roadbed/workflows/testing";
import { afterAll, beforeAll, expect, test } from "vitest";

import { fetchText } from "../fixtures/clients.ts";
import { release } from "../fixtures/releases.ts";
import { ALLOW, startServer, type TestServer } from "../fixtures/server.ts";
import { GITOPS_REPOSITORY } from "../gitops/gitops-repository.ts";
import { migrations } from "../index.ts";
import { pushRepository } from "../internal-operations.ts";

const author = { name: "Ada Example", email: "ada@example.org" };
const PATIENCE = 90_000;
let policies = ALLOW;
let database: TestDatabase;
let dataDir: string;
let server: TestServer;

beforeAll(async () => {
  database = await createTestDatabase([migrations], { prepare: WORKFLOW_TABLES });
  dataDir = await mkdtemp(join(tmpdir(), "take-back-"));
  server = await startServer({
    databaseUrl: database.url,
    dataDir,
    log: quietLog,
    ports: { policies: { decide: (ctx, act) => policies.decide(ctx, act) } },
  });
  await call("delivery.environment.create", { name: "prod", upstream: ["dev"] });
}, 240_000);
afterAll(async () => {
  await server.stop();
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});

test("a first release that fails is taken out of Git again: there is nothing there, as before, and nothing comes by itself", async () => {
  const [code, manifest] = release({ version: "v1" });
  const sick = `if (process.env.ROADBED_ENVIRONMENT === "prod") process.exit(4);\n`;
  await create("fresh", [{ path: code!.path, content: sick + String(code!.content) }, manifest!]);
  await settled("fresh", "dev", 1);
  const { id } = await call<Promotion>("delivery.promotion.create", { release: "fresh#1", environment: "prod" });
  await eventually(async () => expect(await call("delivery.promotion.get", { id })).toMatchObject({ state: "failed" }), PATIENCE);
  await eventually(async () => expect(await server.repositories.listFiles(GITOPS_REPOSITORY, "env/prod")).toEqual([]), PATIENCE);
  const [commit, before] = await server.repositories.log(GITOPS_REPOSITORY, { ref: "env/prod", limit: 5 });
  expect(commit?.message).toContain("Take fresh out of prod again");
  expect(commit?.message).toContain("Roadbed-Removed: ");
  expect(before?.message).toContain("Promote fresh 1 to prod");
  expect(await call("delivery.hold.list", {})).toMatchObject({ items: [{ environment: "prod", why: "Release 1 failed." }] });
  // The row follows the commit.
  await eventually(
    async () => expect((await server.db.query("select 1 from delivery.desired where environment = 'prod'")).rowCount).toBe(0),
    PATIENCE,
  );
}, 240_000);

test("what goes back waits for no canary, and what waits stands on the calendar", async () => {
  const canary = "rollout:\n  strategy: canary\n  environments: { dev: { strategy: all-at-once } }\n";
  await create("steady", release({ version: "v1", manifest: canary }));
  await settled("steady", "dev", 1);
  await call("delivery.promotion.create", { release: "steady#1", environment: "prod" });
  await settled("steady", "prod", 1);
  await server.repositories.commitFiles("steady", {
    branch: "main",
    files: release({ version: "v2", manifest: canary }),
    message: "second",
    author,
  });
  await call("delivery.deployment.create", { entityRef: "component:default/steady" });
  await settled("steady", "dev", 2);
  const { id } = await call<Promotion>("delivery.promotion.create", { release: "steady#2", environment: "prod" });
  const [rollout] = await eventually(async () => {
    const items = await rollouts();
    if (items.length === 0) throw new Error("not yet");
    return items;
  }, PATIENCE);
  await eventually(() => call("delivery.rollout.resume", { id: rollout!.id, full: true, reason: "It is well." }), PATIENCE);
  await settled("steady", "prod", 2);
  const back = await call<Promotion>("delivery.promotion.rollback", {
    entityRef: "component:default/steady",
    environment: "prod",
    reason: "Totals are wrong.",
  });
  const done = await settled("steady", "prod", 1);
  expect(done).toMatchObject({ id: back.id, kind: "rollback" });
  expect((await fetchText(`${server.routerUrl}/prod/steady/`))[1]).toBe("v1");
  // It was decided about once: on the way there.
  expect(await rollouts()).toHaveLength(1);
  expect((await call<Promotion>("delivery.promotion.get", { id })).state).toBe("promoted");
  await call("delivery.environment.create", { name: "late", upstream: ["dev"], soakMinutes: 600 });
  await call("delivery.promotion.create", { release: "steady#2", environment: "late" });
  await eventually(async () => {
    const { items } = await call<OutputOf<typeof showCalendar>>("delivery.calendar.show", { environment: "late" });
    expect(items.filter(({ state }) => state === "waiting")).toMatchObject([
      { title: "steady 2 to late", planned: true, environments: ["late"] },
    ]);
  }, PATIENCE);
}, 300_000);

test("a policy that begins to deny in the middle of a rollout holds it: somebody decides", async () => {
  const canary =
    "rollout:\n  strategy: canary\n  steps: [{ weight: 10 }, { pause: {} }]\n  environments: { dev: { strategy: all-at-once } }\n";
  await create("ruled", release({ version: "v1", manifest: canary }));
  await settled("ruled", "dev", 1);
  await call("delivery.promotion.create", { release: "ruled#1", environment: "prod" });
  await settled("ruled", "prod", 1);
  const files = release({ version: "v2", manifest: canary });
  await server.repositories.commitFiles("ruled", { branch: "main", files, message: "second", author });
  await call("delivery.deployment.create", { entityRef: "component:default/ruled" });
  await settled("ruled", "dev", 2);
  const { id } = await call<Promotion>("delivery.promotion.create", { release: "ruled#2", environment: "prod" });
  await eventually(async () => expect((await call<Promotion>("delivery.promotion.get", { id })).deploymentId).toBeDefined(), PATIENCE);
  policies = {
    decide: async () => ({
      verdict: "deny",
      decisionId: "dec_2",
      evaluated: 1,
      reasons: ["the image is not signed"],
      digest: "1".repeat(64),
    }),
  };
  const held = await eventually(async () => {
    const [rollout] = await rollouts("component:default/ruled");
    if (rollout?.state !== "held") throw new Error(rollout?.state);
    return rollout;
  }, PATIENCE);
  expect(held).toMatchObject({ weight: 10, reason: "Policies deny it by now: the image is not signed" });
  expect((await fetchText(`${server.routerUrl}/prod/ruled/`))[0]).toBe(200);
  await call("delivery.rollout.abort", { id: held.id, reason: "It is signed first." });
  await eventually(async () => expect((await call<Promotion>("delivery.promotion.get", { id })).state).toBe("rolled-back"), PATIENCE);
  policies = ALLOW;
}, 300_000);

async function call<T>(name: string, input: unknown): Promise<T> {
  const handler = server.delivery.handlers.find(({ operation }) => operation.name === name)!;
  return (await perform(server.runtime, handler, callAs({ actor: { kind: "user", id: "ada", name: "Ada" } }), input)) as T;
}

async function create(name: string, files: { path: string; content: string | Uint8Array }[]): Promise<void> {
  await server.runtime.write(callAs(), pushRepository, {} as never, undefined, (ctx) =>
    server.delivery.createRepository(ctx, { name, description: "", branch: "main", files, message: "first", author, key: name }),
  );
}

async function rollouts(entityRef = "component:default/steady"): Promise<Rollout[]> {
  return (await call<{ items: Rollout[] }>("delivery.rollout.list", { entityRef })).items;
}

function settled(name: string, environment: string, number: number): Promise<Promotion> {
  return eventually(async () => {
    const { items } = await call<{ items: Promotion[] }>("delivery.promotion.list", {
      entityRef: `component:default/${name}`,
      environment,
    });
    if (items[0]?.release.number !== number || items[0].state !== "promoted") throw new Error(JSON.stringify(items[0]));
    return items[0];
  }, PATIENCE);
}
