import { createHmac } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { showCalendar } from "@roadbed/contracts/delivery/calendar";
import type { receiveCdEvent, ReceivedCdEvent, Sink } from "@roadbed/contracts/delivery/cdevents";
import type { Entity } from "@roadbed/contracts/catalog";
import { perform, type OutputOf } from "@roadbed/core";
import { callAs, createTestDatabase, eventually, quietLog, type TestDatabase } from "@roadbed/testkit";
import { WORKFLOW_TABLES } from "@roadbed/workflows/testing";
import { afterAll, beforeAll, expect, test } from "vitest";

import { service } from "../fixtures/apps.ts";
import { ALLOW, startServer, type TestServer } from "../fixtures/server.ts";
import { migrations } from "../index.ts";
import { pushRepository } from "../internal-operations.ts";
import { readCdEvent, unwrap } from "./cdevent.ts";

const author = { name: "Ada Example", email: "ada@example.org" };
const ORDERS = "component:default/orders";
let database: TestDatabase;
let dataDir: string;
let server: TestServer;
let posted: { address: string; headers: Headers; body: string }[] = [];
let answer = 200;

beforeAll(async () => {
  database = await createTestDatabase([migrations], { prepare: WORKFLOW_TABLES });
  dataDir = await mkdtemp(join(tmpdir(), "cdevents-"));
  const ports = {
    policies: ALLOW,
    fetch: async (url: string | URL | Request, init?: RequestInit) => {
      const request = new Request(url, init);
      posted.push({ address: request.url, headers: request.headers, body: await request.text() });
      return new Response(null, { status: answer });
    },
  };
  server = await startServer({ databaseUrl: database.url, dataDir, log: quietLog, ports });
  server.entities.set(ORDERS, { kind: "Component", metadata: { name: "orders", namespace: "default" }, spec: {} } as unknown as Entity);
}, 240_000);
afterAll(async () => {
  await server.stop();
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});

test("what happens here is told in both forms, signed, once, and only what was asked for", async () => {
  const all = await call<Sink>("delivery.sink.create", {
    title: "Data lake",
    address: "https://lake.example.org/in?key=hush",
    secret: "a long secret",
  });
  await call<Sink>("delivery.sink.create", {
    title: "Desk",
    address: "https://desk.example.org/",
    mode: "structured",
    types: ["service.deployed"],
  });
  expect(JSON.stringify(await call("delivery.sink.list", {}))).not.toContain("hush");
  await server.runtime.write(callAs(), pushRepository, {} as never, undefined, (ctx) =>
    server.delivery.createRepository(ctx, {
      name: "orders",
      description: "",
      branch: "main",
      files: service({ version: "v1" }),
      message: "first",
      author,
      key: "orders",
    }),
  );
  const lake = (): string[] => typesAt("lake.example.org");
  await eventually(async () => {
    expect(lake()).toEqual(expect.arrayContaining(["repository.created", "branch.created", "service.deployed", "artifact.published"]));
    expect(typesAt("desk.example.org")).toEqual(["service.deployed"]);
  }, 60_000);
  const ids = posted.filter(({ address }) => address.includes("lake")).map(({ headers }) => headers.get("ce-id"));
  expect(new Set(ids).size).toBe(ids.length);
  for (const { headers, body, address } of posted) {
    expect(() => readCdEvent(unwrap(JSON.parse(body) as Record<string, unknown>))).not.toThrow();
    if (!address.includes("lake")) expect(headers.get("content-type")).toContain("application/cloudevents+json");
    else expect(headers.get("x-roadbed-signature-256")).toBe(`sha256=${createHmac("sha256", "a long secret").update(body).digest("hex")}`);
  }
  // Who does not answer well is asked again later; nothing is lost, and why is shown.
  answer = 503;
  await call("delivery.environment.create", { name: "staging", upstream: ["dev"] });
  await eventually(async () => {
    const { items } = await call<{ items: Sink[] }>("delivery.sink.list", {});
    expect(items.find(({ id }) => id === all.id)).toMatchObject({
      waiting: expect.any(Number),
      lastError: "lake.example.org answered 503.",
    });
  }, 60_000);
  answer = 200;
  posted = [];
  await server.db.query("update delivery.sending set due_at = now()");
  await eventually(async () => expect(lake()).toContain("environment.created"), 60_000);
  expect(await call("delivery.sink.remove", { id: all.id })).toEqual({ removed: true });
}, 240_000);

test("what others tell is kept once, stands on the calendar and with its entity, and may not be seen by who does not see that", async () => {
  const event = deployed("orders", "evt-1");
  const first = await call<OutputOf<typeof receiveCdEvent>>("delivery.cdevent.receive", { event });
  expect(first).toMatchObject({ again: false, received: { entityRef: ORDERS, environment: "eu-live", known: true } });
  expect(
    await call("delivery.cdevent.receive", { event: { specversion: "1.0", id: "1", source: "/ci", type: "t", data: event } }),
  ).toMatchObject({ again: true });
  const { items } = await call<OutputOf<typeof showCalendar>>("delivery.calendar.show", { entityRef: ORDERS });
  expect(items.filter(({ state }) => state === "deployed elsewhere")).toMatchObject([
    { kind: "deployment", title: "orders", environments: ["eu-live"], detail: "Told by /ci: pkg:oci/orders@sha256%3Aab" },
  ]);
  const list = async (): Promise<ReceivedCdEvent[]> =>
    (await call<{ items: ReceivedCdEvent[] }>("delivery.cdevent.list", { entityRef: ORDERS })).items;
  expect(await list()).toHaveLength(1);
  server.hidden.add(ORDERS);
  expect(await list()).toEqual([]);
  await expect(call("delivery.cdevent.get", { id: first.received.id })).rejects.toMatchObject({ code: "NOT_FOUND" });
  expect(
    (await call<OutputOf<typeof showCalendar>>("delivery.calendar.show", {})).items.some(({ state }) => state === "deployed elsewhere"),
  ).toBe(false);
  server.hidden.clear();
  // What means nothing here is kept and listed; what is no CDEvent is refused with its field.
  const strange = { ...event, context: { ...event.context, id: "evt-2", type: "dev.cdevents.testcaserun.finished.0.2.0" } };
  expect(await call("delivery.cdevent.receive", { event: strange })).toMatchObject({ received: { known: false } });
  await expect(call("delivery.cdevent.receive", { event: { ...event, subject: { id: "orders", content: {} } } })).rejects.toMatchObject({
    code: "INVALID",
    problems: expect.arrayContaining([expect.objectContaining({ at: "subject.content.environment" })]),
  });
}, 240_000);

async function call<T>(name: string, input: unknown): Promise<T> {
  const handler = server.delivery.handlers.find(({ operation }) => operation.name === name)!;
  return (await perform(server.runtime, handler, callAs({ actor: { kind: "user", id: "ada", name: "Ada" } }), input)) as T;
}

/** As others were told at one address, in order. */
function typesAt(host: string): string[] {
  return posted
    .filter(({ address }) => new URL(address).host === host)
    .map(({ body }) =>
      readCdEvent(unwrap(JSON.parse(body) as Record<string, unknown>))
        .event.context.type.split(".")
        .slice(2, 4)
        .join("."),
    );
}

function deployed(name: string, id: string) {
  return {
    context: { specversion: "0.5.0", id, source: "/ci", type: "dev.cdevents.service.deployed.0.3.0", timestamp: new Date().toISOString() },
    subject: { id: name, content: { environment: { id: "eu-live" }, artifactId: "pkg:oci/orders@sha256%3Aab" } },
  };
}
