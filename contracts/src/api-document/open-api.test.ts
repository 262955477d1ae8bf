import { describe, expect, it } from "vitest";

import { readOpenApi } from "./open-api.ts";

const document = {
  openapi: "3.1.0",
  info: { title: "Cart", version: "1" },
  components: {
    schemas: {
      Cart: {
        type: "object",
        required: ["id"],
        properties: { id: { type: "string" }, lines: { type: "array", items: { $ref: "#/components/schemas/Line" } } },
      },
      Line: { type: "object" },
      Ring: { $ref: "#/components/schemas/Ring" },
    },
  },
  paths: {
    "/api/v1/carts/{id}": {
      parameters: [{ name: "id", in: "path", required: true, schema: { type: "string" } }],
      get: {
        operationId: "cart.get",
        summary: "Read a cart",
        responses: { 200: { description: "It", content: { "application/json": { schema: { $ref: "#/components/schemas/Cart" } } } } },
      },
    },
    "/ring": {
      post: {
        tags: ["odd"],
        requestBody: { content: { "application/json": { schema: { $ref: "#/components/schemas/Ring" } } } },
        responses: {},
      },
    },
  },
};

describe("readOpenApi", () => {
  it("groups operations and reads their fields through references", () => {
    const api = readOpenApi(document);
    expect(api?.groups.map(({ name }) => name)).toEqual(["carts", "odd"]);
    const [get] = api?.groups[0]?.operations ?? [];
    expect(get).toMatchObject({
      method: "GET",
      id: "cart.get",
      parameters: [{ name: "id", where: "path", required: true, type: "string" }],
    });
    expect(get?.responses[0]?.fields.map(({ name, type }) => [name, type])).toEqual([
      ["id", "string"],
      ["lines", "object[]"],
    ]);
  });
  it("survives a reference that goes in a ring", () => expect(readOpenApi(document)?.groups[1]?.operations[0]?.body).toEqual([]));
  it("is undefined for what is no OpenAPI document", () => {
    expect(readOpenApi({ asyncapi: "2.0" })).toBeUndefined();
    expect(readOpenApi("nonsense")).toBeUndefined();
  });
  it("tells bounds in words, and none that only the number type has", () => {
    const fields = (properties: object) =>
      readOpenApi({
        openapi: "3.1.0",
        paths: { "/x": { post: { requestBody: { content: { "application/json": { schema: { properties } } } } } } },
      })?.groups[0]?.operations[0]?.body;
    const bounds = fields({
      limit: { type: "integer", minimum: 1, maximum: 500 },
      name: { type: "string", minLength: 1, maxLength: 100 },
      scopes: { type: "array", minItems: 1, items: { enum: ["a", "b"] } },
      total: { type: "integer", minimum: -9007199254740991, maximum: 9007199254740991 },
    })?.map(({ bounds: words }) => words);
    expect(bounds).toEqual(["1 to 500", "1 to 100 characters", "at least 1 entry", undefined]);
  });
  it("reads what is inside objects, as deep as one reads", () => {
    const ring = {
      openapi: "3.1.0",
      components: { schemas: { Node: { type: "object", properties: { next: { $ref: "#/components/schemas/Node" } } } } },
      paths: {
        "/x": { get: { responses: { 200: { content: { "application/json": { schema: { $ref: "#/components/schemas/Node" } } } } } } },
      },
    };
    let depth = 0;
    for (let at = readOpenApi(ring)?.groups[0]?.operations[0]?.responses[0]?.fields; at?.[0] !== undefined; at = at[0].fields) depth++;
    expect(depth).toBe(4);
  });
});
