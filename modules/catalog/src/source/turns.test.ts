import fc from "fast-check";
import { expect, test } from "vitest";

import { finish, finishInTurns, sorting } from "./turns.ts";

test("sorts as a plain sort does, what equals in the order in which it came", async () => {
  // More than are taken between two stops, with many that equal.
  const list = Array.from({ length: 20_011 }, (_, at) => ({ at, key: (at * 7_919) % 1_013 }));
  const compare = (a: { key: number }, b: { key: number }): number => a.key - b.key;
  expect(finish(sorting(list, compare))).toEqual([...list].sort(compare));
  expect(await finishInTurns(sorting(list, compare))).toEqual([...list].sort(compare));
  fc.assert(
    fc.property(fc.array(fc.nat(20)), (some) => {
      expect(finish(sorting(some, (a, b) => a - b))).toEqual([...some].sort((a, b) => a - b));
    }),
  );
});
