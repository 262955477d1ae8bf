import { InvalidError } from "@roadbed/core";
import { expect, test } from "vitest";

import { makeProjection } from "./project.ts";

const entity = {
  kind: "Component",
  metadata: { name: "a", annotations: { "github.com/project-slug": "x/y", "a.b": "1" }, tags: ["t"] },
  spec: { owner: "o", deep: { er: { est: 1 } } },
};

test.each<[fields: string[], expected: object]>([
  [["kind"], { kind: "Component" }],
  [["kind,metadata.name"], { kind: "Component", metadata: { name: "a" } }],
  [["metadata.annotations.github.com/project-slug"], { metadata: { annotations: { "github.com/project-slug": "x/y" } } }],
  [["metadata.annotations.a.b"], { metadata: { annotations: { "a.b": "1" } } }],
  [["spec.deep.er", "spec.deep.er.est"], { spec: { deep: { er: { est: 1 } } } }],
  [["spec.deep.er.est", "spec.deep"], { spec: { deep: { er: { est: 1 } } } }],
  [["metadata.tags", "no.such"], { metadata: { tags: ["t"] } }],
])("%j", (fields, expected) => {
  expect(makeProjection(fields)!(entity)).toEqual(expected);
});

test("no fields are all fields, and the document is not touched", () => {
  expect(makeProjection([" ", ","])).toBeUndefined();
  const before = structuredClone(entity);
  makeProjection(["metadata", "metadata.name", "spec.deep.er.est"])!(entity);
  expect(entity).toEqual(before);
});

test("items of lists cannot be named", () => {
  expect(() => makeProjection(["metadata.tags[0]"])).toThrow(InvalidError);
});

test("a field called __proto__ is a field", () => {
  const odd = JSON.parse('{"metadata":{"__proto__":{"x":1}}}') as Record<string, unknown>;
  const kept = makeProjection(["metadata.__proto__.x"])!(odd);
  expect(JSON.stringify(kept)).toBe('{"metadata":{"__proto__":{"x":1}}}');
  expect(({} as { x?: number }).x).toBeUndefined();
});
