import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";

import { callWith, createCel, entitiesOf, readAll } from "../lib/connector.suite.ts";
import { openDouble, type Double, type Reply } from "../lib/double.ts";
import { apiDocumentsConnector, ApiDocumentsSettings } from "./api-documents-connector.ts";
import { readDocument } from "./document.ts";

const cel = createCel();
afterAll(() => cel.close());
let double: Double;
let pages: Record<string, Reply>;
beforeEach(async () => {
  pages = {
    "/openapi.json": { body: OPENAPI, headers: { etag: '"1"' } },
    "/events.yaml": { body: ASYNCAPI },
    "/orders/schema.graphql": { body: SDL },
    "/graphql": { body: INTROSPECTED },
  };
  double = await openDouble(({ url, headers }) => {
    const page = pages[url.pathname] ?? { status: 404, body: "no" };
    return page.headers?.["etag"] !== undefined && headers["if-none-match"] === page.headers["etag"] ? { status: 304 } : page;
  });
});
afterEach(() => double.close());

const OPENAPI = {
  openapi: "3.1.0",
  info: { title: "Orders API", version: "1.2.0", "x-owner": "group:default/team-a" },
  "x-system": "shop",
  paths: {},
};
const ASYNCAPI = `# events\nasyncapi: 3.0.0\ninfo:\n  title: 'Order events' # words\n  version: "2.0"\n  x-owner: team-b\n\n  license:\n    title: not this\nchannels: {}\n`;
const SDL = `# x-owner: team-c\ntype Query {\n  order(id: ID!): Order\n}\ntype Order { id: ID! }\n`;
const name = (of: string) => ({ kind: "SCALAR", name: of, ofType: null });
const INTROSPECTED = {
  data: {
    __schema: {
      queryType: { name: "Query" },
      types: [
        {
          kind: "OBJECT",
          name: "Query",
          fields: [
            {
              name: "carts",
              args: [{ name: "first", defaultValue: "10", type: name("Int") }],
              type: { kind: "NON_NULL", ofType: { kind: "LIST", ofType: name("ID") } },
              isDeprecated: true,
            },
          ],
        },
        { kind: "ENUM", name: "State", enumValues: [{ name: "OPEN" }] },
        name("ID"),
        { kind: "OBJECT", name: "__Type", fields: [] },
      ],
    },
  },
};

const all = () => ({
  documents: ["/openapi.json", "/events.yaml", "/orders/schema.graphql"].map((path) => `${double.url}${path}`),
  graphql: [`${double.url}/graphql`],
  owner: "group:default/docs",
});
const read = (over: object = {}, state = {}) => readAll(apiDocumentsConnector, { ...all(), ...over }, callWith(cel, { state }));

test("each document becomes an API with its definition, owner and system of extensions or settings", async () => {
  const [orders, events, graph, carts] = entitiesOf(await read({ system: "retail" })).map(({ entity }) => entity);
  expect(orders).toMatchObject({
    kind: "API",
    metadata: { name: "orders-api", title: "Orders API" },
    spec: {
      type: "openapi",
      version: "1.2.0",
      owner: "group:default/team-a",
      system: "shop",
      lifecycle: "production",
      definition: JSON.stringify(OPENAPI),
    },
  });
  expect(events).toMatchObject({
    metadata: { name: "order-events" },
    spec: { type: "asyncapi", version: "2.0", owner: "team-b", system: "retail", definition: ASYNCAPI },
  });
  expect(graph).toMatchObject({ metadata: { name: "orders" }, spec: { type: "graphql", owner: "team-c" } });
  expect(carts?.spec).toMatchObject({
    type: "graphql",
    owner: "group:default/docs",
    definition: "schema {\n  query: Query\n}\n\nenum State {\n  OPEN\n}\n\ntype Query {\n  carts(first: Int = 10): [ID]! @deprecated\n}\n",
  });
});

test("what is as it was is not sent again, and stays", async () => {
  const state = (await read()).find((reading) => reading.type === "state")!.state;
  expect(state).toEqual({ etags: { [`${double.url}/openapi.json`]: '"1"' } });
  const again = await read({}, state);
  expect(again).toContainEqual({ type: "unchanged", locationPrefix: `${double.url}/openapi.json#api` });
  expect(again.find((reading) => reading.type === "state")?.state).toEqual(state);
});

describe("what is wrong", () => {
  test("one document that cannot be read is a problem, and the others are read", async () => {
    pages["/openapi.json"] = { body: "<html>Swagger UI</html>" };
    pages["/events.yaml"] = { status: 500, body: {} };
    pages["/graphql"] = { body: { errors: [{ message: "introspection is disabled" }] } };
    const readings = await read();
    const problems = readings.filter((reading) => reading.type === "problem");
    expect(problems.map(({ reason }) => reason)).toEqual([
      expect.stringContaining("no OpenAPI"),
      expect.stringContaining("500"),
      expect.stringContaining("introspection is disabled"),
    ]);
    expect(problems[0]?.mend).toContain("not of a page");
    expect(entitiesOf(readings)).toHaveLength(1);
  });

  test("when none answers, or one asks to wait, nothing is said at all", async () => {
    pages["/events.yaml"] = { status: 429, headers: { "retry-after": "3" } };
    await expect(read()).rejects.toMatchObject({ code: "TOO_MANY" });
    pages = {};
    await expect(read()).rejects.toMatchObject({ code: "INVALID" });
  });

  test("the token is given to one host only, and which one must be said", async () => {
    await read({ documents: [`${double.url}/openapi.json`], graphql: [], token: "t0ken", tokenHost: "other.example.com" });
    expect(double.asked.at(-1)?.headers.authorization).toBeUndefined();
    await read({ documents: [`${double.url}/openapi.json`], graphql: [], token: "t0ken" });
    expect(double.asked.at(-1)?.headers.authorization).toBe("Bearer t0ken");
    expect(() => ApiDocumentsSettings.parse({ documents: ["https://a.example.com/x", "https://b.example.com/y"], token: "t" })).toThrow(
      "tokenHost",
    );
    expect(() => ApiDocumentsSettings.parse({})).toThrow("documents");
  });
});

test.each([
  ["swagger: '2.0'\ninfo:\n    title: Old\n", { type: "openapi", title: "Old" }],
  ['"openapi": 3.0.3\r\ninfo:\r\n  title: Windows\r\n  version: 1\r\n', { type: "openapi", title: "Windows", version: "1" }],
  ["openapi: 3.0.0\ninfo:\n  title: >-\n    Folded\n  version: 1.0\n", { type: "openapi", title: undefined, version: "1.0" }],
  ['syntax = "proto3";\nservice Orders {}\n', { type: "grpc" }],
  ['schema @link(url: "x") {\n  query: Q\n}\n', { type: "graphql" }],
])("documents are told apart by what they say of themselves: %j", (text, wanted) => {
  expect(readDocument(text)).toMatchObject(wanted);
});

test("what is none is none", () => {
  for (const text of ["", "{}", "{", "kind: Component\n", "<html></html>", "type of thing: {"]) expect(readDocument(text)).toBeUndefined();
});
