import { parseRef, type Entity } from "@roadbed/contracts/catalog";
import { describe, expect, test } from "vitest";

import { createKinds } from "../kinds/registry.ts";
import { RELATION_TYPES, statementsOf } from "./relations.ts";

function stated(kind: string, spec: Record<string, unknown>, namespace = "default"): string[] {
  const entity = { apiVersion: "backstage.io/v1alpha1", kind, metadata: { name: "x", namespace }, spec } as Entity;
  return statementsOf(entity, createKinds()).map(({ code, target }) => `${RELATION_TYPES[code]} ${target}`);
}

describe("parseRef", () => {
  test.each([
    ["a", "component", "default", "a"],
    ["n/a", "component", "n", "a"],
    ["api:a", "api", "default", "a"],
    ["api:n/a", "api", "n", "a"],
    [" api:n/a ", "api", "n", "a"],
    ["n/a:b", "component", "n", "a:b"],
  ])("%j", (text, kind, namespace, name) => {
    expect(parseRef(text, { kind: "component" })).toEqual({ kind, namespace, name });
  });

  test.each(["", ":a", "api:", "/a", "n/", "api:/a", "api:n/"])("%j is none", (text) => {
    expect(() => parseRef(text, { kind: "component" })).toThrow(TypeError);
  });
});

describe("statementsOf", () => {
  test.each<[string, Record<string, unknown>, string[]]>([
    ["Component", { owner: "a" }, ["ownedBy group:default/a"]],
    ["Component", { owner: "user:a" }, ["ownedBy user:default/a"]],
    ["Component", { owner: "Team/A" }, ["ownedBy group:team/a"]],
    ["Component", { system: "s", subcomponentOf: "c" }, ["partOf system:default/s", "partOf component:default/c"]],
    ["Component", { providesApis: ["a"], consumesApis: ["b"] }, ["providesApi api:default/a", "consumesApi api:default/b"]],
    [
      "Component",
      { dependsOn: ["Resource:DB"], dependencyOf: ["component:c"] },
      ["dependsOn resource:default/db", "dependencyOf component:default/c"],
    ],
    ["API", { owner: "a", system: "s" }, ["ownedBy group:default/a", "partOf system:default/s"]],
    ["Resource", { dependsOn: ["component:c"] }, ["dependsOn component:default/c"]],
    ["System", { domain: "d" }, ["partOf domain:default/d"]],
    ["Domain", { subdomainOf: "d" }, ["partOf domain:default/d"]],
    [
      "Group",
      { parent: "p", children: ["c"], members: ["m"] },
      ["parentOf group:default/c", "childOf group:default/p", "hasMember user:default/m"],
    ],
    ["User", { memberOf: ["g"] }, ["memberOf group:default/g"]],
    ["Template", { owner: "a", steps: [] }, ["ownedBy group:default/a"]],
    [
      "AiResource",
      { owner: "a", system: "s", dependsOn: ["api:b"] },
      ["ownedBy group:default/a", "partOf system:default/s", "dependsOn api:default/b"],
    ],
    ["Location", { targets: ["./a.yaml"] }, []],
  ])("%s %j", (kind, spec, expected) => {
    expect(stated(kind, spec)).toEqual(expected);
  });

  test("takes the namespace of the entity where none is said", () => {
    expect(stated("Component", { owner: "a", dependsOn: ["resource:other/b"] }, "team")).toEqual([
      "ownedBy group:team/a",
      "dependsOn resource:other/b",
    ]);
  });

  test("every relation has its way back beside it", () => {
    expect(RELATION_TYPES.length % 2).toBe(0);
    expect(RELATION_TYPES.indexOf("ownerOf")).toBe(RELATION_TYPES.indexOf("ownedBy") ^ 1);
  });
});
