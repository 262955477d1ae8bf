import { importSource, syncSource } from "@roadbed/contracts/catalog";
import { apiChanged, diffApi, getApi, listApiVersions } from "@roadbed/contracts/catalog/docs";
import { callAs } from "@roadbed/testkit";
import { describe, expect, test } from "vitest";

import { component, useWorld } from "../world.suite.ts";

const world = useWorld();

const OPENAPI = `openapi: 3.1.0
info: { title: Orders, version: VERSION }
paths:
  /orders:
    get:
      summary: List orders
      parameters: [{ name: limit, in: query, schema: { type: integer, maximum: 100 } }]
      responses: { "200": { description: They, content: { application/json: { schema: { type: object, required: [items], properties: { items: { type: array, items: { type: object, properties: { id: { type: string } } } } } } } } } }
`;

function api(definition: string, name = "orders-api"): string {
  const text = definition.replaceAll(/^/gm, "    ");
  return `apiVersion: backstage.io/v1alpha1
kind: API
metadata: { name: ${name} }
spec:
  type: openapi
  lifecycle: production
  owner: team-a
  definition: |
${text}
`;
}

/** Imports an API with a provider and a consumer; answers the source's id. */
async function publish(): Promise<string> {
  await world.put("catalog-info.yaml", api(OPENAPI.replace("VERSION", "1.0.0")));
  await world.put("shop/catalog-info.yaml", component("shop", "  consumesApis: [orders-api]\n"));
  await world.put("orders/catalog-info.yaml", component("orders", "  providesApis: [orders-api]\n"));
  return (await world.ask(importSource, { target: world.folder, watch: false })).source.id;
}

const ref = "api:default/orders-api";

describe("catalog.api.get", () => {
  test("lists the operations, the details of one, and who provides and consumes it", async () => {
    await publish();
    const read = await world.ask(getApi, { ref });
    expect(read).toMatchObject({ format: "openapi", title: "Orders", version: "1.0.0" });
    expect(read.operations).toEqual([
      { id: "GET /orders", group: "orders", method: "GET", path: "/orders", summary: "List orders", deprecated: false },
    ]);
    expect(read.providers.map((one) => one.ref)).toEqual(["component:default/orders"]);
    expect(read.consumers).toEqual([{ ref: "component:default/shop", owner: "group:default/team-a", found: true }]);
    const { details } = await world.ask(getApi, { ref, operation: "GET /orders" });
    expect(details?.parameters).toMatchObject([{ name: "limit", where: "query", type: "integer", bounds: "at most 100" }]);
    expect(details?.answers[0]?.fields.map(({ name }) => name)).toEqual(["items", "items[].id"]);
  });

  test("says what is wrong with a definition that cannot be read, and with an operation that is not there", async () => {
    await publish();
    await world.put("bad.yaml", api("hello", "bad-api"));
    await world.put("catalog-info.yaml", `${api(OPENAPI)}---\n${api("hello", "bad-api")}`);
    await world.ask(importSource, { target: world.folder, watch: false });
    await expect(world.ask(getApi, { ref: "api:default/bad-api" })).rejects.toMatchObject({
      code: "INVALID",
      problems: [{ at: "definition", reason: "its format is not known" }],
    });
    await expect(world.ask(getApi, { ref, operation: "PUT /orders" })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(world.ask(getApi, { ref: "component:default/shop" })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("catalog.api.diff", () => {
  async function republish(id: string, change: (definition: string) => string): Promise<void> {
    await world.put("catalog-info.yaml", api(change(OPENAPI.replace("VERSION", "2.0.0"))));
    await world.ask(syncSource, { id });
  }

  test("compares the last two definitions and names whom the change breaks", async () => {
    const id = await publish();
    await expect(world.ask(diffApi, { ref })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await republish(id, (text) => text.replace("maximum: 100", "maximum: 10"));
    const diff = await world.ask(diffApi, { ref });
    expect(diff).toMatchObject({
      from: { version: "1.0.0" },
      to: { id: "current", version: "2.0.0" },
      counts: { breaking: 1, risky: 0, safe: 0 },
    });
    expect(diff.changes).toEqual([{ severity: "breaking", at: "GET /orders", what: "`limit`: maximum is 10, was 100" }]);
    expect(diff.affected.map((one) => one.ref)).toEqual(["component:default/shop"]);
  });

  test("lists every definition there was, and compares any two of them", async () => {
    const id = await publish();
    await republish(id, (text) => text.replace("/orders:", "/purchases:"));
    await republish(id, (text) => text.replace("2.0.0", "3.0.0"));
    const { items } = await world.ask(listApiVersions, { ref });
    expect(items.map(({ version }) => version)).toEqual(["3.0.0", "2.0.0", "1.0.0"]);
    expect(items[1]?.from).toBe(items[2]?.until);
    const back = await world.ask(diffApi, { ref, from: items[1]!.id, to: items[2]!.id });
    expect(back.changes.map(({ severity, at, what }) => `${severity} ${at} ${what}`)).toEqual([
      "breaking GET /purchases is gone",
      "safe GET /orders is new",
    ]);
    const first = await world.ask(listApiVersions, { ref, limit: 1 });
    const rest = await world.ask(listApiVersions, { ref, limit: 5, cursor: first.nextCursor });
    expect([...first.items, ...rest.items]).toEqual(items);
  });

  test("checks a draft against what is published, and keeps nothing of it", async () => {
    await publish();
    const draft = OPENAPI.replace("VERSION", "9").replace("parameters:", "deprecated: true\n      parameters:");
    const diff = await world.ask(diffApi, { ref, definition: draft });
    expect(diff).toMatchObject({
      to: { id: "draft", version: "9" },
      changes: [{ severity: "safe", what: "is deprecated now" }],
      affected: [],
    });
    expect((await world.ask(listApiVersions, { ref })).items).toHaveLength(1);
  });

  test("tells of a published change once, with how much of it breaks", async () => {
    const id = await publish();
    await republish(id, (text) => text.replace("get:", "put:"));
    const subscription = world.catalog.subscriptions.find(({ name }) => name === "catalog.tell-api-changes")!;
    const told: unknown[] = [];
    await world.write((ctx) =>
      subscription.receive(
        { ...ctx, ...callAs(), emit: (type, _subject, payload) => void (type.name === apiChanged.name && told.push(payload)) },
        {
          id: "x",
          seq: 1n,
          name: "catalog.entity.changed",
          subject: ref,
          time: new Date(),
          actor: "system:test",
          payload: { ref, kind: "API", sample: false },
        },
      ),
    );
    expect(told).toEqual([{ ref, breaking: 1, risky: 0, consumers: ["component:default/shop"] }]);
  });
});

test("a definition of ten megabytes is taken in, read in a thread of its own and compared", async () => {
  const paths = Object.fromEntries(
    Array.from({ length: 12_000 }, (_, at) => [
      `/things/${at}`,
      {
        get: {
          summary: "x".repeat(500),
          responses: { 200: { content: { "application/json": { schema: { $ref: "#/components/schemas/T" } } } } },
        },
      },
    ]),
  );
  const document = {
    openapi: "3.1.0",
    info: { title: "Large", version: "1" },
    paths,
    components: { schemas: { T: { type: "object", properties: { a: { type: "string" } } } } },
  };
  await world.put("large.json", JSON.stringify(document, null, 1));
  await world.put("catalog-info.yaml", api("x", "large-api").replace(/definition: \|\n.*\n/, "definition: { $text: ./large.json }\n"));
  const { problems } = await world.ask(importSource, { target: world.folder, watch: false });
  expect(problems).toEqual([]);
  const large = "api:default/large-api";
  expect((await world.ask(getApi, { ref: large })).operations).toHaveLength(12_000);
  document.components.schemas.T.properties = {} as never;
  const diff = await world.ask(diffApi, { ref: large, definition: JSON.stringify(document) });
  expect(diff.counts.breaking).toBe(1_000);
});
