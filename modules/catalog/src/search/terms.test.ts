import fc from "fast-check";
import { expect, test } from "vitest";

import { finish } from "../source/turns.ts";
import { createTerms } from "./terms.ts";
import { isNear } from "./tokens.ts";

const word = fc.array(fc.constantFrom("a", "b", "c", "d"), { minLength: 1, maxLength: 11 }).map((letters) => letters.join(""));

test("finds by beginning, by middle and by likeness what a look at every word finds, while words come and are put in order", () => {
  fc.assert(
    fc.property(fc.array(word, { maxLength: 60 }), fc.array(word, { minLength: 1, maxLength: 5 }), (some, asked) => {
      const terms = createTerms();
      const known = new Set(some);
      for (const text of some.slice(0, 30)) terms.add(text, 0);
      const preparing = terms.preparing();
      preparing.next();
      expect(textsOf(terms.beginningWith("a")).every((one) => one.startsWith("a"))).toBe(true);
      for (const text of some.slice(30)) terms.add(text, 0);
      finish(preparing);
      for (const text of asked) {
        const all = [...known];
        expect(textsOf(terms.beginningWith(text))).toEqual(all.filter((one) => one.startsWith(text)).sort());
        expect(textsOf(terms.containing(text))).toEqual(all.filter((one) => one.includes(text)).sort());
        if (text.length < 4) continue;
        const slips = text.length >= 8 ? 2 : 1;
        const near = all.filter((one) => isNear(text, one, slips)).sort();
        const found = textsOf(terms.lookingLike(text));
        if (slips === 1) expect(found).toEqual(near);
        // Two pairs of letters that changed places can touch every third: they are the only ones that may be missed.
        else expect(near).toEqual(expect.arrayContaining(found));
      }
    }),
    { numRuns: 1_000 },
  );
});

function textsOf(terms: Iterable<{ readonly text: string }>): string[] {
  return Array.from(terms, ({ text }) => text).sort();
}
