import fc from "fast-check";
import { expect, test } from "vitest";

import { choosePeople, type Stale } from "./choose-people.ts";

const stale = (ref: string, trust = 0.1): Stale => ({
  ref,
  fact: { property: "spec.owner", trust, locked: false, stale: true, losing: [] },
});
const people: Readonly<Record<string, readonly string[]>> = { a: ["user:default/ada", "user:default/bo"], b: ["user:default/ada"], c: [] };
const candidatesFor = (ref: string): readonly string[] => people[ref.slice(0, 1)] ?? [];

test("the least trusted is asked about first, and of a group whoever was asked least", () => {
  const asked = choosePeople([stale("a1", 0.4), stale("a2", 0.2), stale("a3", 0.3)], {
    candidatesFor,
    askedThisWeek: new Map(),
    perWeek: 2,
  });
  expect(asked.map(({ ref, person }) => `${ref} ${person}`)).toEqual(["a2 user:default/ada", "a3 user:default/bo", "a1 user:default/ada"]);
});

test("whoever has had enough questions this week is left alone", () => {
  const askedThisWeek = new Map([["user:default/ada", 2]]);
  const asked = choosePeople([stale("b1"), stale("a1"), stale("c1")], { candidatesFor, askedThisWeek, perWeek: 2 });
  expect(asked.map(({ ref, person }) => `${ref} ${person}`)).toEqual(["a1 user:default/bo"]);
});

test("nobody is ever asked more than the limit, whatever there is to ask", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 40 }), fc.nat(4), fc.nat(4), (refs, perWeek, before) => {
      const askedThisWeek = new Map([["user:default/ada", before]]);
      const asked = choosePeople(
        refs.map((ref, at) => stale(`${ref}${at}`)),
        { candidatesFor, askedThisWeek, perWeek },
      );
      const counts = Map.groupBy(asked, ({ person }) => person);
      expect(counts.get("user:default/bo")?.length ?? 0).toBeLessThanOrEqual(perWeek);
      expect(counts.get("user:default/ada")?.length ?? 0).toBeLessThanOrEqual(Math.max(0, perWeek - before));
    }),
  );
});
