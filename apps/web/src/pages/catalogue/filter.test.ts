import { describe, expect, it } from "vitest";

import { filterOf, toggle } from "./filter.ts";
import { matchesText } from "./match.ts";

describe("filterOf", () => {
  it("is absent when nothing is chosen", () => expect(filterOf({ q: "cart", sort: "-name" })).toBeUndefined());
  it("names the entity's fields", () => {
    expect(filterOf({ kind: ["component", "api"], owner: ["group:default/team-a"] })).toBe(
      "kind=component,kind=api,relations.ownedBy=group:default/team-a",
    );
  });
  it("asks for things without an owner by an expression", () => expect(filterOf({ owner: ["none"] })).toContain("!has(entity.spec.owner)"));
});

describe("toggle", () => {
  it("adds, removes, and leaves nothing behind when empty", () => {
    expect(toggle(undefined, "api")).toEqual(["api"]);
    expect(toggle(["api", "system"], "api")).toEqual(["system"]);
    expect(toggle(["api"], "api")).toBeUndefined();
  });
});

describe("matchesText", () => {
  const row = {
    ref: "component:default/cart",
    kind: "Component",
    namespace: "default",
    name: "cart",
    tags: ["node"],
    sample: false,
    owner: "group:default/shop",
  };
  it("wants every word", () => {
    expect(matchesText(row, "cart node")).toBe(true);
    expect(matchesText(row, "cart java")).toBe(false);
    expect(matchesText(row, "  ")).toBe(true);
    expect(matchesText(row, "cart -node")).toBe(false);
    expect(matchesText(row, "kind:component cart")).toBe(true);
  });
});
