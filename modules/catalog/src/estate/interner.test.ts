import fc from "fast-check";
import { expect, test } from "vitest";

import { createInterner } from "./interner.ts";

test("an interner gives every text one number, and the number its text", () => {
  const text = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("", "a", "\0", "ä", "\ud800"));
  fc.assert(
    fc.property(fc.array(text, { maxLength: 2_000 }), (texts) => {
      const interner = createInterner();
      const numbers = new Map<string, number>();
      for (const one of texts) {
        expect(interner.find(one)).toBe(numbers.get(one));
        const id = interner.idOf(one);
        expect(id).toBe(numbers.get(one) ?? numbers.size);
        numbers.set(one, id);
      }
      for (const [one, id] of numbers) expect([interner.textOf(id), interner.find(one)]).toEqual([one, id]);
      expect(interner.size).toBe(numbers.size);
    }),
    { numRuns: 50 },
  );
});
