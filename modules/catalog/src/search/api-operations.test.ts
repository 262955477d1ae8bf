import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";

import { operationsOf } from "./api-operations.ts";

const OPENAPI = `openapi: 3.0.0
info:
  title: Payments
  description: |
    paths:
      /not-a-path:
        get: {}
paths:
  /payments:
    parameters:
      - name: x
    get:
      summary: List payments
      responses:
        '200':
          description: ok
    post:
      operationId: createPayment
  "/payments/{id}":
    get:
      summary: "Get one: by id"
components: {}
`;
const PAYMENTS = [
  { title: "GET /payments", summary: "List payments" },
  { title: "POST /payments", summary: "createPayment" },
  { title: "GET /payments/{id}", summary: "Get one: by id" },
];

describe("the operations of an API", () => {
  test("are those of its OpenAPI document, in YAML as in JSON", () => {
    expect(operationsOf(OPENAPI)).toEqual(PAYMENTS);
    expect(operationsOf(JSON.stringify(parse(OPENAPI)))).toEqual(PAYMENTS);
  });

  test("are the channels of AsyncAPI, by either version", () => {
    expect(
      operationsOf(
        "asyncapi: 2.6.0\nchannels:\n  order.created:\n    subscribe:\n      summary: An order\n    publish:\n      operationId: send\n",
      ),
    ).toEqual([
      { title: "subscribe order.created", summary: "An order" },
      { title: "publish order.created", summary: "send" },
    ]);
    expect(
      operationsOf(
        "asyncapi: 3.0.0\nchannels:\n  orders:\n    address: shop/orders\noperations:\n  onOrder:\n    action: receive\n    title: Hear\n",
      ),
    ).toEqual([
      { title: "shop/orders", summary: "" },
      { title: "receive onOrder", summary: "Hear" },
    ]);
  });

  test("are the fields of GraphQL's entry types", () => {
    const schema = `"""type Query { no: Int }"""\ntype Query {\n  # comment: Int\n  "Doc" invoices(first: Int!, after: String): [Invoice!]!\n  me: User\n}\ntype Other { x: Int }\nextend type Mutation { pay(id: ID!): Payment }`;
    expect(operationsOf(schema)).toEqual([
      { title: "query invoices", summary: "Invoice" },
      { title: "query me", summary: "User" },
      { title: "mutation pay", summary: "Payment" },
    ]);
  });

  test("are the calls of gRPC services", () => {
    const proto = `syntax = "proto3";\n// service No { rpc X(A) returns (B); }\nservice Ledger {\n  rpc Append(Entry) returns (Receipt) {}\n  rpc Watch(stream Query) returns (stream acme.Entry);\n}\n`;
    expect(operationsOf(proto)).toEqual([
      { title: "Ledger.Append", summary: "Entry to Receipt" },
      { title: "Ledger.Watch", summary: "Query to acme.Entry" },
    ]);
  });

  test("are none where nothing can be read, and no text is too odd", () => {
    for (const text of ["", "{", "[]", "null", "openapi: 3\npaths: no", "__proto__:\n  x: 1\nopenapi: 1\n"])
      expect(operationsOf(text)).toEqual([]);
    const line = fc.constantFrom(
      "openapi: 3",
      "paths:",
      "  /a:",
      "    get:",
      "      summary: |",
      "- x",
      "type Query {",
      "}",
      "service A {",
      " rpc",
      "__proto__:",
    );
    fc.assert(fc.property(fc.array(fc.oneof(line, fc.string())), (lines) => Array.isArray(operationsOf(lines.join("\n")))));
  });
});
