import { describe, expect, test } from "vitest";

import { diffDefinitions } from "./diff-definitions.ts";

const PATHS = {
  "/orders": {
    get: {
      parameters: [{ name: "limit", in: "query", schema: { type: "integer", maximum: 100 } }],
      responses: { 200: { content: { "application/json": { schema: { type: "array", items: { $ref: "#/components/schemas/Order" } } } } } },
    },
    post: {
      requestBody: { content: { "application/json": { schema: { $ref: "#/components/schemas/NewOrder" } } } },
      responses: { 201: { content: { "application/json": { schema: { $ref: "#/components/schemas/Order" } } } }, 409: {} },
    },
  },
  "/orders/{id}": { get: { parameters: [{ name: "id", in: "path", required: true, schema: { type: "string" } }], responses: { 200: {} } } },
};
const SCHEMAS = {
  Order: {
    type: "object",
    required: ["id", "state"],
    properties: {
      id: { type: "string" },
      state: { enum: ["open", "paid"] },
      parent: { $ref: "#/components/schemas/Order" },
      note: { type: "string" },
    },
  },
  NewOrder: { type: "object", required: ["item"], properties: { item: { type: "string", maxLength: 50 }, gift: { type: "boolean" } } },
};

type Json = Record<string, any>;

/** The document above, after somebody changed it. */
function openApi(change: (document: Json) => void = () => {}): string {
  const document = structuredClone({
    openapi: "3.1.0",
    info: { title: "Orders", version: "1" },
    paths: PATHS,
    components: { schemas: SCHEMAS },
  });
  change(document);
  return JSON.stringify(document);
}

function diff(change: (document: Json) => void): string[] {
  return diffDefinitions(openApi(), openApi(change)).map(({ severity, at, what }) => `${severity}: ${at}: ${what}`);
}

describe("OpenAPI", () => {
  test("finds nothing in a document and itself, also with schemas that name themselves", () => {
    expect(diff(() => {})).toEqual([]);
  });

  test.each<[string, (document: Json) => void, string[]]>([
    ["an operation that is gone", (d) => delete d.paths["/orders"].post, ["breaking: POST /orders: is gone"]],
    ["an operation that is new", (d) => (d.paths["/health"] = { get: {} }), ["safe: GET /health: is new"]],
    [
      "a deprecated operation that is gone breaks nobody who listened",
      (d) => (d.paths["/orders/{id}"].get = { ...d.paths["/orders/{id}"].get, deprecated: true }),
      ["safe: GET /orders/{id}: is deprecated now"],
    ],
    [
      "a field of an answer that is gone, wherever the schema is used",
      (d) => delete d.components.schemas.Order.properties.note,
      ["breaking: GET /orders: `[].note` is gone", "breaking: POST /orders: `note` is gone"],
    ],
    [
      "a field of an answer that need not be there any more",
      (d) => (d.components.schemas.Order.required = ["id"]),
      ["breaking: GET /orders: `[].state` need not be there any more", "breaking: POST /orders: `state` need not be there any more"],
    ],
    [
      "a value more in an answer",
      (d) => d.components.schemas.Order.properties.state.enum.push("void"),
      ['risky: GET /orders: `[].state` has the new value "void"', 'risky: POST /orders: `state` has the new value "void"'],
    ],
    [
      "a field of the body that is required now",
      (d) => d.components.schemas.NewOrder.required.push("gift"),
      ["breaking: POST /orders: `gift` is required now"],
    ],
    [
      "a new field of the body: harmless when optional",
      (d) => (d.components.schemas.NewOrder.properties.colour = { type: "string" }),
      ["safe: POST /orders: `colour` is new, optional"],
    ],
    [
      "a bound that lets through less",
      (d) => (d.components.schemas.NewOrder.properties.item.maxLength = 20),
      ["breaking: POST /orders: `item`: maxLength is 20, was 50"],
    ],
    [
      "a bound that lets through more",
      (d) => (d.paths["/orders"].get.parameters[0].schema.maximum = 500),
      ["safe: GET /orders: `limit`: maximum is 500, was 100"],
    ],
    [
      "another type",
      (d) => (d.components.schemas.NewOrder.properties.item = { type: "integer" }),
      ["breaking: POST /orders: `item` is integer, was string", "safe: POST /orders: `item`: maxLength is gone, was 50"],
    ],
    [
      "a parameter that is new and required",
      (d) => d.paths["/orders"].get.parameters.push({ name: "shop", in: "query", required: true, schema: {} }),
      ["breaking: GET /orders: the query parameter `shop` is new and required"],
    ],
    ["an answer that is gone", (d) => delete d.paths["/orders"].post.responses[409], ["risky: POST /orders: the answer 409 is gone"]],
    ["a sign-in that is asked for", (d) => (d.paths["/orders"].post.security = [{ key: [] }]), ["breaking: POST /orders: needs key now"]],
    [
      "a path parameter with another name is the same one",
      (d) => {
        d.paths["/orders/{orderId}"] = d.paths["/orders/{id}"];
        d.paths["/orders/{orderId}"].get.parameters[0].name = "orderId";
        delete d.paths["/orders/{id}"];
      },
      [],
    ],
  ])("%s", (_, change, expected) => {
    expect(diff(change)).toEqual(expected);
  });

  test("puts what breaks first, and reads YAML as well", () => {
    const yaml = "openapi: 3.0.0\ninfo: {title: A, version: '1'}\npaths:\n  /a: {get: {}}\n";
    expect(diffDefinitions(yaml, yaml.replace("/a", "/b")).map(({ severity }) => severity)).toEqual(["breaking", "safe"]);
  });

  test("a document of thousands of operations that share schemas in rings is compared in linear time", () => {
    const many = (change = false): string =>
      openApi((d) => {
        for (let at = 0; at < 3_000; at++) d.paths[`/orders/${at}`] = d.paths["/orders"];
        for (let at = 0; at < 200; at++) {
          const next = (step: number) => ({ $ref: `#/components/schemas/S${(at + step) % 200}` });
          d.components.schemas[`S${at}`] = { type: "object", properties: { a: next(1), b: next(7), c: next(31) } };
        }
        d.components.schemas.Order.properties.s = { $ref: "#/components/schemas/S0" };
        if (change) delete d.paths["/orders/7"];
      });
    expect(diffDefinitions(many(), many(true))).toHaveLength(2);
  });
});

describe("AsyncAPI", () => {
  const document = (payload: object, version = "3.0.0"): string =>
    JSON.stringify(
      version === "3.0.0"
        ? {
            asyncapi: version,
            info: { title: "Events", version: "1" },
            channels: { placed: { address: "orders.placed", messages: { placed: { payload } } } },
            operations: { tell: { action: "send", channel: { $ref: "#/channels/placed" } } },
          }
        : { asyncapi: version, info: {}, channels: { "orders.placed": { subscribe: { message: { payload } } } } },
    );
  const before = { type: "object", required: ["id"], properties: { id: { type: "string" }, total: { type: "number" } } };
  const after = { type: "object", required: ["id"], properties: { id: { type: "string" }, sum: { type: "number" } } };

  test.each(["3.0.0", "2.6.0"])("version %s: what the provider sends is received by clients", (version) => {
    expect(diffDefinitions(document(before, version), document(after, version))).toEqual([
      { severity: "breaking", at: "RECEIVE orders.placed", what: "`total` is gone" },
      { severity: "safe", at: "RECEIVE orders.placed", what: "`sum` is new" },
    ]);
  });
});

test("GraphQL: by the rules of the reference implementation", () => {
  const before = "type Query { order(id: ID!): Order  gone: Int }\ntype Order { id: ID! state: State }\nenum State { OPEN }";
  const after =
    "type Query { order(id: ID!, shop: ID!): Order }\ntype Order { id: ID! state: State note: String }\nenum State { OPEN PAID }";
  const found = diffDefinitions(before, after);
  expect(found.filter(({ severity }) => severity === "breaking").map(({ what }) => what)).toEqual([
    expect.stringContaining("Query.gone"),
    expect.stringContaining("shop"),
  ]);
  expect(found.filter(({ severity }) => severity === "risky").map(({ at }) => at)).toEqual(["State.PAID"]);
  expect(found.some(({ severity, what }) => severity === "safe" && what.includes("Order.note"))).toBe(true);
});

test("gRPC: by numbers and by names", () => {
  const before = `syntax = "proto3"; package shop;
    service Orders { rpc Get (Id) returns (Order); rpc List (Id) returns (stream Order); }
    message Id { string id = 1; }  message Order { string id = 1; int32 total = 2; string note = 3; }`;
  const after = `syntax = "proto3"; package shop;
    service Orders { rpc Get (Id) returns (Order); }
    message Id { string id = 1; }  message Order { string id = 1; string total = 2; string remark = 3; bool gift = 4; }`;
  expect(diffDefinitions(before, after).map(({ severity, at, what }) => `${severity}: ${at}: ${what}`)).toEqual([
    "breaking: shop.Orders.List: is gone",
    "breaking: shop.Order: `total` (number 2) is string, was int32",
    "risky: shop.Order: `note` (number 3) is called `remark` now",
    "safe: shop.Order: `gift` (number 4) is new",
  ]);
});

test("two formats cannot be compared, and what does not parse is said with its line", () => {
  expect(() => diffDefinitions("type Query { a: Int }", openApi())).toThrow("One definition is graphql, the other openapi.");
  expect(() => diffDefinitions("type Query { a: Int }", "type Query { a: }")).toThrow(/cannot be read: Syntax Error/);
  expect(() => diffDefinitions("x", "hello")).toThrow("its format is not known");
});
