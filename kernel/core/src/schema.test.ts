import { expect, test } from "vitest";
import { z } from "zod";

import { closestWord, fieldsOf, inputJsonSchema, outputJsonSchema, takesUnknownFields, unknownFields, unwrap } from "./index.ts";

const Input = z.object({
  name: z.string().transform((name) => name.toLowerCase()),
  limit: z.coerce.number().int().min(1).default(50),
  facets: z
    .preprocess((value) => (typeof value === "string" ? value.split(",") : value), z.array(z.string()).optional())
    .describe("Fields"),
});

test("an input schema shows what a caller may send", () => {
  expect(inputJsonSchema(Input)).toMatchObject({
    type: "object",
    properties: {
      name: { type: "string" },
      limit: { type: "integer", minimum: 1, default: 50 },
      facets: { type: "array", items: { type: "string" }, description: "Fields" },
    },
    required: ["name"],
  });
  expect(inputJsonSchema(Input)).not.toHaveProperty("$schema");
});

test("a named schema becomes a reference", () => {
  const named = z.registry<{ id?: string }>();
  const Owner = z.object({ name: z.string() });
  named.add(Owner, { id: "Owner" });
  expect(outputJsonSchema(z.object({ a: Owner, b: Owner }), { named })).toMatchObject({
    properties: { a: { $ref: "#/$defs/Owner" }, b: { $ref: "#/$defs/Owner" } },
    $defs: { Owner: { type: "object" } },
  });
});

test("fields are found behind transforms and optionals", () => {
  expect(Object.keys(fieldsOf(Input.transform((value) => value)) ?? {})).toEqual(["name", "limit", "facets"]);
  expect(fieldsOf(z.string())).toBeUndefined();
  expect(unwrap(Input.shape.facets).def.type).toBe("array");
  expect(takesUnknownFields(Input)).toBe(false);
  expect(takesUnknownFields(z.looseObject({}))).toBe(true);
});

test("a slip of the finger finds its word, another word finds none", () => {
  expect(closestWord("fliter", ["filter", "limit"])).toBe("filter");
  expect(closestWord("enttiy", ["entity", "run"])).toBe("entity");
  expect(closestWord("banana", ["entity", "run"])).toBeUndefined();
});

test("an unknown field is named with the field that was meant; a loose schema takes any", () => {
  expect(unknownFields(Input, { name: "a", limti: 1, banana: 2 })).toEqual([
    { at: "limti", reason: "is not a known field", mend: "Did you mean limit?" },
    { at: "banana", reason: "is not a known field", mend: "Remove it; the fields are name, limit, facets." },
  ]);
  expect(unknownFields(z.object({}), { a: 1 })[0]?.mend).toBe("Remove it: there are no fields.");
  expect(unknownFields(z.looseObject({}), { a: 1 })).toEqual([]);
});

test("descriptions stay where names come from a registry of their own", () => {
  const named = z.registry<{ id?: string | undefined }>();
  expect(inputJsonSchema(Input, { named })).toMatchObject({ properties: { facets: { description: "Fields" } } });
});
