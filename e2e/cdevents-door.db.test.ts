import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createHttpServer, type FastifyInstance } from "@roadbed/http";
import { createTestDatabase, quietLog, type TestDatabase } from "@roadbed/testkit";
import { WORKFLOW_TABLES } from "@roadbed/workflows/testing";
import { afterAll, beforeAll, expect, test } from "vitest";

import { openCdEventsDoor } from "../apps/server/src/doors/cdevents-door.ts";
import { startServer, type TestServer } from "../modules/delivery/src/fixtures/server.ts";
import { migrations } from "../modules/delivery/src/index.ts";

let database: TestDatabase;
let dataDir: string;
let delivery: TestServer;
let door: FastifyInstance;
let address: string;

beforeAll(async () => {
  database = await createTestDatabase([migrations], { prepare: WORKFLOW_TABLES });
  dataDir = await mkdtemp(join(tmpdir(), "cdevents-door-"));
  delivery = await startServer({ databaseUrl: database.url, dataDir, log: quietLog });
  door = createHttpServer({ log: quietLog, checks: [] });
  openCdEventsDoor(door, {
    handlers: delivery.delivery.handlers,
    runtime: delivery.runtime,
    authenticate: async ({ headers }) => {
      if (headers.cookie !== undefined) return { actor: ROBOT, scopes: new Set(["*"]), via: "cookie" };
      const scopes = { "Bearer writer": ["delivery:write"], "Bearer reader": ["delivery:read"] }[headers.authorization ?? ""];
      return scopes && { actor: ROBOT, scopes: new Set(scopes), via: "token" };
    },
  });
  address = await door.listen({ port: 0, host: "127.0.0.1" });
}, 60_000);
afterAll(async () => {
  await door.close();
  await delivery.stop();
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});

const ROBOT = { kind: "service", id: "ci", name: "CI" } as const;
const EVENT = {
  context: {
    specversion: "0.5.0",
    id: "evt-1",
    source: "/ci",
    type: "dev.cdevents.service.deployed.0.3.0",
    timestamp: "2026-11-27T12:00:00Z",
  },
  subject: { id: "orders", content: { environment: { id: "live" }, artifactId: "pkg:oci/orders@sha256%3Aab" } },
};

test("an event is taken once, in both forms of CloudEvents, and its replay is said to be one", async () => {
  expect(await post(EVENT, { "content-type": "application/json" })).toMatchObject({ status: 202 });
  expect(await post(EVENT, { "content-type": "application/json" })).toMatchObject({ status: 200 });
  const structured = { specversion: "1.0", id: "x", source: "/ci", type: EVENT.context.type, data: EVENT };
  expect(await post(structured, { "content-type": "application/cloudevents+json; charset=utf-8" })).toMatchObject({ status: 200 });
  const another = { ...structured, data: { ...EVENT, context: { ...EVENT.context, id: "evt-2" } } };
  expect(await post(another, { "content-type": "application/cloudevents+json" })).toMatchObject({ status: 202 });
  expect(await kept()).toEqual(["evt-1 service:ci", "evt-2 service:ci"]);
});

test("what comes without a token, with a cookie, or with a token that may only read is not taken", async () => {
  const late = { ...EVENT, context: { ...EVENT.context, id: "evt-3" } };
  expect(await post(late, { authorization: "" })).toMatchObject({ status: 401, text: expect.stringContaining("delivery:write") });
  expect(await post(late, { authorization: "Bearer forged" })).toMatchObject({ status: 401 });
  expect(await post(late, { cookie: "roadbed=1" })).toMatchObject({ status: 401 });
  expect(await post(late, { authorization: "Bearer reader" })).toMatchObject({ status: 403 });
  expect(await kept()).toHaveLength(2);
});

test("what is no event, a batch, or too large is refused with its reason", async () => {
  expect(await post("not json")).toMatchObject({ status: 400, text: expect.stringContaining("no JSON object") });
  expect(await post([EVENT])).toMatchObject({ status: 400, text: expect.stringContaining("batches are not taken") });
  expect(await post({ ...EVENT, context: { ...EVENT.context, id: "evt-4", type: "com.example.something" } })).toMatchObject({
    status: 400,
  });
  expect(await post({ ...EVENT, subject: { id: "orders", content: {} } })).toMatchObject({
    status: 400,
    text: expect.stringContaining("subject.content.environment"),
  });
  expect(await post({ ...EVENT, customData: "x".repeat(600 * 1024) })).toMatchObject({ status: 413 });
  expect(await kept()).toHaveLength(2);
});

async function post(body: unknown, headers: Record<string, string> = {}): Promise<{ status: number; text: string }> {
  const response = await fetch(`${address}/hooks/cdevents`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer writer", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: response.status, text: await response.text() };
}

async function kept(): Promise<string[]> {
  const { rows } = await delivery.db.query<{ said: string }>(
    "select event_id || ' ' || received_from as said from delivery.cdevent order by id",
  );
  return rows.map(({ said }) => said);
}
