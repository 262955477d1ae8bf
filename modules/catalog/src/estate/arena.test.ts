import fc from "fast-check";
import { expect, test } from "vitest";

import { createArena, SINGLY } from "./arena.ts";

test("an arena gives back what was kept, whatever was kept after it", () => {
  const list = fc.array(fc.integer({ min: 0, max: 0xffff_ffff }), { maxLength: 400 });
  fc.assert(
    fc.property(fc.array(list, { maxLength: 40 }), fc.integer({ min: 1, max: 40 }), (lists, times) => {
      for (const arena of [createArena(), SINGLY]) {
        const all = Array.from({ length: times }, () => lists).flat();
        const kept = all.map((one) => arena.keep(Uint32Array.from([...one, 7]), one.length));
        expect(kept.map((one) => [...one])).toEqual(all);
      }
    }),
    { numRuns: 50 },
  );
});
