import fc from "fast-check";
import { expect, test } from "vitest";

import { convertNumbers, toJson } from "./values.ts";

test("conversion there and back gives the same JSON", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const copy: unknown = structuredClone(value);
      expect(JSON.stringify(toJson(convertNumbers(copy)))).toBe(JSON.stringify(value));
    }),
  );
});

test("every whole number becomes an int, every other number stays a double, wherever it stands", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      for (const [before, after] of leaves(value, convertNumbers(structuredClone(value)))) {
        if (typeof before !== "number") expect(after).toBe(before);
        else expect(typeof after).toBe(Number.isSafeInteger(before) ? "bigint" : "number");
      }
    }),
  );
});

test("a field without a value is left out, so that has() is false", () => {
  expect(convertNumbers({ a: undefined, b: 1 })).toEqual({ b: 1n });
});

function leaves(before: unknown, after: unknown): [unknown, unknown][] {
  if (typeof before !== "object" || before === null) return [[before, after]];
  return Object.keys(before).flatMap((key) => leaves((before as Record<string, unknown>)[key], (after as Record<string, unknown>)[key]));
}
