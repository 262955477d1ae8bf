import fc from "fast-check";
import { expect, test } from "vitest";

import { findCircle } from "./check-environment.ts";
import { inOrder, type EnvironmentRecord } from "./environment-store.ts";

const record = (name: string, upstream: readonly string[]): EnvironmentRecord => ({ name, upstream }) as EnvironmentRecord;

test("environments stand after those from which releases come", () => {
  const all = [
    record("prod-us", ["staging"]),
    record("prod-eu", ["staging", "load"]),
    record("load", ["staging"]),
    record("staging", ["dev"]),
    record("dev", []),
  ];
  expect(inOrder(all).map(({ name }) => name)).toEqual(["dev", "staging", "load", "prod-us", "prod-eu"]);
  // One whose upstream is gone is not lost.
  expect(inOrder([record("b", ["gone"]), record("a", ["b"])]).map(({ name }) => name)).toEqual(["b", "a"]);
});

test("a circle is told by its way", () => {
  const known = new Map([
    ["dev", []],
    ["staging", ["dev"]],
    ["prod", ["staging"]],
  ]);
  expect(findCircle("dev", ["prod"], known)).toEqual(["dev", "staging", "prod", "dev"]);
  expect(findCircle("dev", ["dev"], known)).toEqual(["dev", "dev"]);
  expect(findCircle("prod", ["staging", "dev"], known)).toBeUndefined();
});

test("what is refused as a circle is just what would be one: any order that is accepted can be put in a row", () => {
  const name = fc.constantFrom("a", "b", "c", "d", "e");
  fc.assert(
    fc.property(fc.array(fc.tuple(name, fc.array(name, { maxLength: 3 })), { maxLength: 12 }), (sayings) => {
      const known = new Map<string, readonly string[]>();
      for (const [one, upstream] of sayings) if (findCircle(one, upstream, known) === undefined) known.set(one, upstream);
      const row = inOrder([...known].map(([one, upstream]) => record(one, upstream))).map((one) => one.name);
      for (const [one, upstream] of known) {
        for (const before of upstream) if (known.has(before)) expect(row.indexOf(before)).toBeLessThan(row.indexOf(one));
      }
    }),
  );
});
