import { expect, test } from "vitest";

import { propertyWords, readValue, standingWords, trustState, valueWords } from "./words.ts";

test("fields are called as one speaks of them", () => {
  expect(["spec.owner", "spec.type", "metadata.labels.tier"].map(propertyWords)).toEqual(["owner", "type", "labels.tier"]);
});

test("values stand on one line", () => {
  expect(["group:default/team-a", "plain", ["a", "b"], [], undefined, { a: 1 }].map(valueWords)).toEqual([
    "team-a",
    "plain",
    "a, b",
    "an empty list",
    "nothing",
    '{"a":1}',
  ]);
});

test("what is typed is text, unless it is plainly something else", () => {
  expect(["team-a", "12", "true", '["a"]', "[half", "1.2.3", ""].map(readValue)).toEqual(["team-a", 12, true, ["a"], "[half", "1.2.3", ""]);
});

test("who says it, and how well", () => {
  expect(standingWords({ standing: "lock", source: "x", actor: "Ada" })).toBe("locked by Ada");
  expect(standingWords({ standing: "standby", source: "repo two" })).toBe("repo two, which describes it too");
  const some = [
    { trust: 0, stale: true },
    { trust: 0.2, stale: true },
    { trust: 0.2, stale: false },
    { trust: 0.9, stale: false },
  ];
  expect(some.map(trustState)).toEqual(["fail", "warn", "unknown", "ok"]);
});
