import { expect, test } from "vitest";

import { selectPolicies } from "./select-policies.ts";

const ALL = [{ name: "agent-tools", pack: "ai" }, { name: "model-pinned", pack: "ai" }, { name: "own" }];

test("by pack, by name, and all where none is named", () => {
  const names = (only: string[]): string[] => selectPolicies(ALL, only).map(({ name }) => name);
  expect(names([])).toEqual(["agent-tools", "model-pinned", "own"]);
  expect(names(["ai"])).toEqual(["agent-tools", "model-pinned"]);
  expect(names(["own", "model-pinned"])).toEqual(["model-pinned", "own"]);
});

test("what there is not is told: a set that lost a policy lets nothing more pass", () => {
  expect(() => selectPolicies(ALL, ["ai", "gone"])).toThrow("policy or pack gone not found");
});
