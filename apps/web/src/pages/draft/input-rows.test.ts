import { expect, test } from "vitest";

import { inputRows } from "./input-rows.ts";

test("a schema becomes rows, what is needed first", () => {
  const schema = {
    required: ["url"],
    properties: {
      values: { type: "object", default: {} },
      mode: { enum: ["a", "b"] },
      files: { type: "array", items: { type: "string" } },
      path: { anyOf: [{ type: "string" }, { const: false }] },
      url: { type: "string", description: "Where" },
    },
  };
  expect(inputRows(schema).map(({ name, type, fallback }) => `${name} ${type} ${fallback}`.trim())).toEqual([
    "url string",
    "values object {}",
    'mode "a" | "b"',
    "files list of string",
    "path string | false",
  ]);
});
