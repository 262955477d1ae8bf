import { expect, test } from "vitest";

import { asKind, freshName, renamed, setPart } from "./kind-document.ts";

test("a form changes its part of a document and nothing else", () => {
  const draft = asKind({ metadata: { name: "A", x: 1 }, spec: { schema: { properties: { a: {} } }, derived: { d: {} } } });
  const next = setPart(draft, "spec", "schema", { properties: {} });
  expect(next.spec).toEqual({ schema: { properties: {} }, derived: { d: {} } });
  expect(Object.keys(setPart(next, "spec", "schema", {}).spec)).toEqual(["derived"]);
  expect(setPart(draft, "metadata", "title", "T").metadata).toEqual({ name: "A", x: 1, title: "T" });
  expect(asKind(undefined)).toEqual({ apiVersion: "roadbed.dev/v1", kind: "Kind", metadata: {}, spec: {} });
});

test("names stay apart and in their place", () => {
  expect(freshName({ field: {}, field2: {} }, "field")).toBe("field3");
  expect(Object.keys(renamed({ a: 1, b: 2 }, "a", "c"))).toEqual(["c", "b"]);
  expect(renamed({ a: 1, b: 2 }, "a", "b")).toEqual({ a: 1, b: 2 });
});
