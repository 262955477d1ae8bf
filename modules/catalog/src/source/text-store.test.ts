import fc from "fast-check";
import { expect, test } from "vitest";

import { createTextStore } from "./text-store.ts";

test("texts come back as they were put, in any order, across pages", () => {
  const text = fc.record({ letters: fc.string({ unit: "grapheme" }), times: fc.integer({ min: 1, max: 40_000 }) });
  fc.assert(
    fc.property(fc.array(text, { maxLength: 60 }), fc.infiniteStream(fc.nat()), (written, picks) => {
      const store = createTextStore();
      const texts = written.map(({ letters, times }) =>
        JSON.stringify({ letters: letters.repeat(Math.min(times, 2_000_000 / (letters.length + 1))) }),
      );
      const places = texts.map((one) => store.put(one));
      expect(places.map((place) => store.get(place))).toEqual(texts);
      for (const pick of texts.length > 0 ? picks.take(20) : []) {
        const at = pick % texts.length;
        expect(store.get(places[at]!)).toBe(texts[at]);
      }
    }),
    { numRuns: 30 },
  );
});
