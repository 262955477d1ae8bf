import { expect, test } from "vitest";

import { validateValues } from "./validate-values.ts";

const page = {
  title: "Service",
  schema: {
    type: "object",
    required: ["name", "owner"],
    properties: {
      name: { type: "string", pattern: "^[a-z]+$", maxLength: 63, errorMessage: { pattern: "use lower-case letters only" } },
      owner: { type: "string", "ui:field": "OwnerPicker", "ui:options": { catalogFilter: { kind: "Group" } } },
      replicas: { type: "integer", default: 2, minimum: 1 },
      size: { type: "string", enum: ["small", "large"] },
      site: { type: "string", format: "uri" },
      kind: { type: "string", enum: ["plain", "ai"], default: "plain" },
    },
    dependencies: {
      kind: {
        oneOf: [
          { properties: { kind: { const: "plain" } } },
          { properties: { kind: { const: "ai" }, region: { type: "string", enum: ["eu", "us"] } }, required: ["region"] },
        ],
      },
    },
  },
};
const problemsOf = (values: Record<string, unknown>): unknown => validateValues([page], values).problems;

test("values that fit have no problem and get the defaults", () => {
  const { problems, values } = validateValues([page], { name: "orders", owner: "group:default/a" });
  expect(problems).toEqual([]);
  expect(values).toEqual({ name: "orders", owner: "group:default/a", replicas: 2, kind: "plain" });
});

test("each problem names its field in words", () => {
  expect(problemsOf({ name: "Ünï", replicas: 0, size: "smal", site: "nope" })).toEqual(
    expect.arrayContaining([
      { field: "owner", reason: "is needed", mend: "Give it a value." },
      { field: "name", reason: "use lower-case letters only" },
      { field: "replicas", reason: "must be at least 1" },
      { field: "size", reason: "must be one of small, large", mend: "Did you mean small?" },
      { field: "site", reason: "is not a web address such as https://example.org/path" },
    ]),
  );
});

test("a name of 64 letters is one too long", () => {
  expect(problemsOf({ name: "a".repeat(64), owner: "x" })).toEqual([
    { field: "name", reason: "must have at most 63 characters, and has 64", mend: "Shorten it." },
  ]);
  expect(problemsOf({ name: "a".repeat(63), owner: "x" })).toEqual([]);
});

test("a field that depends on another is asked for only then", () => {
  expect(problemsOf({ name: "a", owner: "x", kind: "ai" })).toEqual([{ field: "region", reason: "is needed", mend: "Give it a value." }]);
  expect(problemsOf({ name: "a", owner: "x", kind: "ai", region: "eu" })).toEqual([]);
  expect(problemsOf({ name: "a", owner: "x", kind: "ai", region: "moon" })).toEqual([{ field: "region", reason: "must be one of eu, us" }]);
});

test("each page is checked by itself", () => {
  const second = { title: "More", schema: { type: "object", required: ["repoUrl"], properties: { repoUrl: { type: "string" } } } };
  expect(validateValues([page, second], { name: "a", owner: "x" }).problems).toEqual([
    { field: "repoUrl", reason: "is needed", mend: "Give it a value." },
  ]);
});

test("a wrong type is told in words", () => {
  expect(problemsOf({ name: 5, owner: null })).toEqual([
    { field: "name", reason: "must be a string, and is a number" },
    { field: "owner", reason: "must be a string, and is nothing" },
  ]);
});

test("what is no schema is told with the page's title", () => {
  expect(() => validateValues([{ title: "Bad", schema: { type: "nosuch" } }], {})).toThrow(/the form page "Bad" is not a JSON Schema/);
});
