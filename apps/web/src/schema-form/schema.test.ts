import { describe, expect, it } from "vitest";

import { fieldsOf, fits, pruned, setAt, withDefaults, type Schema, type Values } from "./schema.ts";

const page: Schema = {
  type: "object",
  required: ["name"],
  properties: { name: { type: "string" }, type: { type: "string", enum: ["service", "ai-service"], default: "service" } },
  dependencies: {
    type: {
      oneOf: [
        { properties: { type: { enum: ["service"] } } },
        {
          properties: { type: { enum: ["ai-service"] }, residency: { type: "string", enum: ["eu", "us"], default: "eu" } },
          required: ["residency"],
        },
      ],
    },
  },
};
const names = (schema: Schema, values: Values): string[] =>
  fieldsOf(schema, values).map(({ name, required }) => `${name}${required ? "*" : ""}`);

describe("fieldsOf", () => {
  it("asks a further question only when an answer calls for it", () => {
    expect(names(page, { type: "service" })).toEqual(["name*", "type"]);
    expect(names(page, { type: "ai-service" })).toEqual(["name*", "type", "residency*"]);
  });
  it("puts a further question after the answer that calls for it", () => {
    const longer: Schema = { ...page, properties: { ...(page["properties"] as object), last: {} } };
    expect(names(longer, { type: "ai-service" })).toEqual(["name*", "type", "residency*", "last"]);
  });
  it("keeps all choices of the field that a branch hangs on", () => {
    expect(fieldsOf(page, { type: "ai-service" }).find(({ name }) => name === "type")?.schema["enum"]).toEqual(["service", "ai-service"]);
  });
  it("reads if, then and else", () => {
    const schema = JSON.parse(
      `{ "properties": { "db": {} }, "if": { "properties": { "db": { "const": true } }, "required": ["db"] }, "then": { "properties": { "engine": {} } }, "else": { "properties": { "why": {} } } }`,
    ) as Schema;
    expect(names(schema, { db: true })).toEqual(["db", "engine"]);
    expect(names(schema, {})).toEqual(["db", "why"]);
  });
  it("orders as the path says", () =>
    expect(names({ properties: { a: {}, b: {}, c: {} }, "ui:order": ["c", "*"] }, {})).toEqual(["c", "a", "b"]));
});

describe("withDefaults", () => {
  it("fills in defaults, also of questions that a default calls for", () => {
    expect(
      withDefaults({ ...page, properties: { ...(page["properties"] as object), type: { type: "string", default: "ai-service" } } }, {}),
    ).toEqual({ type: "ai-service", residency: "eu" });
  });
  it("never overwrites an answer", () => expect(withDefaults(page, { type: "ai-service" })["type"]).toBe("ai-service"));
});

describe("pruned", () => {
  it("drops answers to questions that no longer apply, and empty texts", () => {
    expect(pruned([page], { name: "x", type: "service", residency: "eu", other: 1, title: "" })).toEqual({ name: "x", type: "service" });
  });
});

describe("setAt", () => {
  it("sets a nested field without touching the rest", () => expect(setAt({ a: { b: 1, c: 2 } }, "a.b", 3)).toEqual({ a: { b: 3, c: 2 } }));
});

describe("fits", () => {
  it("knows integers from numbers", () => {
    expect(fits({ type: "integer" }, 1)).toBe(true);
    expect(fits({ type: "integer" }, 1.5)).toBe(false);
  });
});
