import { describe, expect, it } from "vitest";

import { callExamples } from "./call-examples.ts";
import type { ApiField, ApiOperation } from "@roadbed/contracts/api-document/open-api";

const field = (name: string, over: Partial<ApiField> = {}): ApiField => ({
  name,
  where: "body",
  type: "string",
  required: true,
  description: undefined,
  fallback: undefined,
  bounds: undefined,
  example: undefined,
  fields: [],
  ...over,
});
const operation = (name: string | undefined, method: string, path: string, over: Partial<ApiOperation> = {}): ApiOperation => ({
  deprecated: false,
  method,
  path,
  name,
  id: undefined,
  scope: undefined,
  risk: undefined,
  summary: "",
  description: undefined,
  parameters: [],
  body: [],
  responses: [],
  ...over,
});
const of = (given: ApiOperation) => callExamples(given, "http://localhost:4400");

describe("callExamples", () => {
  it("puts what stands in the path by position, and asks by GET without -X", () => {
    const { curl, command, tool } = of(
      operation("catalog.entity.get", "GET", "/api/v1/entities/{ref}", {
        parameters: [field("ref", { where: "path", example: "component:default/orders" })],
      }),
    );
    expect(curl).toContain("curl 'http://localhost:4400/api/v1/entities/component:default%2Forders'");
    expect(curl).toContain("authorization: Bearer $ROADBED_TOKEN");
    expect(command).toBe("npx roadbed entity get component:default/orders");
    expect(tool?.name).toBe("catalog_entity_get");
  });
  it("takes an operation's own command and place", () => {
    const { curl, command } = of(
      operation("catalog.source.import", "POST", "/api/v1/import", {
        body: [field("target"), field("watch", { type: "boolean", required: false })],
      }),
    );
    expect(command).toBe("npx roadbed import https://git.example.org/platform/catalog.git");
    expect(curl).toContain("-X POST");
    expect(curl).toContain(`-d '{"target":"https://git.example.org/platform/catalog.git"}'`);
  });
  it("never shows a secret on a command line", () => {
    const { command } = of(operation("identity.me.set-password", "PUT", "/api/v1/me/password", { body: [field("password")] }));
    expect(command).toBe("npx roadbed me set-password --password -");
  });
  it("makes an agent say why before what can do harm", () => {
    const { tool } = of(
      operation("catalog.source.delete", "DELETE", "/api/v1/sources/{id}", { parameters: [field("id", { where: "path" })] }),
    );
    expect(JSON.parse(tool?.call ?? "")).toMatchObject({
      name: "catalog_source_delete",
      arguments: { id: "<id>", reason: expect.any(String) as string },
    });
  });
  it("chooses the first of several words, also inside a list", () => {
    const { curl } = of(
      operation(undefined, "POST", "/x", { body: [field("mode", { type: '"fast" | "slow"' }), field("modes", { type: '("a" | "b")[]' })] }),
    );
    expect(curl).toContain(`-d '{"mode":"fast","modes":["a"]}'`);
  });
  it("has no command and no tool for an API that is not Roadbed's", () => {
    const { command, tool } = of(operation(undefined, "GET", "/carts/{id}", { parameters: [field("id", { where: "path" })] }));
    expect(command).toBeUndefined();
    expect(tool).toBeUndefined();
  });
});
