import { allOperations } from "@roadbed/contracts/all";
import { expect, test } from "vitest";

import { openapi } from "../index.ts";

type Any = Record<string, any>;
const document = openapi(allOperations, { version: "1.2.3" }) as Any;
const described: Any[] = Object.values(document["paths"] as Any).flatMap((item: Any) => Object.values(item) as Any[]);

test("every operation is described once, under an id of its own", () => {
  expect(described.map((each) => each["x-roadbed-operation"] as string).toSorted()).toEqual(
    allOperations.map(({ name }) => name).toSorted(),
  );
  expect(new Set(described.map((each) => each["operationId"])).size).toBe(allOperations.length);
  expect(described.find((each) => each["operationId"] === "identityMeSetPassword")).toBeDefined();
});

test("path, query and body fields stand where they travel", () => {
  const get = document["paths"]["/api/v1/entities/{ref}"]["get"] as Any;
  expect(get["parameters"][0]).toMatchObject({ name: "ref", in: "path", required: true, schema: { type: "string" } });
  expect(get["parameters"].slice(1).map((each: Any) => each["in"])).not.toContain("path");
  const list = document["paths"]["/api/v1/entities"]["get"] as Any;
  expect(list["parameters"].find((each: Any) => each["name"] === "limit")).toMatchObject({
    in: "query",
    required: false,
    schema: { type: "integer", default: 50 },
  });
  const facets = document["paths"]["/api/v1/entity-facets"]["get"]["parameters"].find((each: Any) => each["name"] === "facets") as Any;
  expect(facets).toMatchObject({ schema: { type: "array" }, explode: true });
  const run = document["paths"]["/api/v1/paths/{path}/runs"]["post"] as Any;
  expect(run["requestBody"]["content"]["application/json"]["schema"]).toMatchObject({
    required: ["values"],
    properties: { values: { type: "object" } },
  });
  expect(run["requestBody"]["content"]["application/json"]["schema"]["properties"]).not.toHaveProperty("path");
  expect(Object.keys(run["responses"])).toEqual(expect.arrayContaining(["200", "400", "401", "403", "404", "409", "422", "429", "503"]));
});

test("named schemas are components, and every reference leads to one", () => {
  expect(document["components"]["schemas"]).toHaveProperty("Run");
  expect(document["paths"]["/api/v1/runs/{id}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]).toEqual({
    $ref: "#/components/schemas/Run",
  });
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference = ""]) => reference);
  expect(references.length).toBeGreaterThan(50);
  for (const reference of references)
    expect(document["components"]["schemas"]).toHaveProperty([reference.replace("#/components/schemas/", "")]);
  expect(JSON.stringify(document)).not.toContain("$defs");
});

test("each parameter of a path is declared, and nothing is declared twice", () => {
  for (const [path, item] of Object.entries(document["paths"] as Any)) {
    for (const operation of Object.values(item as Any) as Any[]) {
      const names = ((operation["parameters"] ?? []) as Any[]).map((each) => `${each["in"]}:${each["name"]}`);
      expect(new Set(names).size).toBe(names.length);
      for (const [, name] of path.matchAll(/\{(\w+)\}/g)) expect(names).toContain(`path:${name}`);
    }
  }
});
