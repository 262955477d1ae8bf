import { describe, expect, it } from "vitest";

import { Scope } from "@roadbed/contracts/identity";
import { mayGive, PURPOSES, scopeGroups } from "./scopes.ts";

describe("scopeGroups", () => {
  it("explains every scope of the contract in words, once", () => {
    const shown = scopeGroups().flatMap(({ scopes }) => scopes);
    expect(shown.map(({ scope }) => scope).toSorted()).toEqual(Scope.options.filter((scope) => scope !== "*").toSorted());
    expect(shown.filter(({ what }) => what === "")).toEqual([]);
  });
  it("shows a scope it has no words for by its name", () =>
    expect(scopeGroups(["nothing:read"])).toEqual([
      { title: "nothing", scopes: [{ scope: "nothing:read", label: "nothing:read", what: "" }] },
    ]));
});

describe("PURPOSES", () => {
  it("names only scopes there are", () => {
    const all: readonly string[] = Scope.options;
    expect(PURPOSES.flatMap(({ scopes }) => scopes).filter((scope) => !all.includes(scope))).toEqual([]);
  });
});

describe("mayGive", () => {
  it("gives what one has, and all to who may do all", () => {
    expect(mayGive(["catalog:read"], "catalog:read")).toBe(true);
    expect(mayGive(["catalog:read"], "catalog:write")).toBe(false);
    expect(mayGive(["*"], "identity:admin")).toBe(true);
  });
  it("opens Git and OTLP to who may do the same by the page", () => {
    expect(mayGive(["delivery:read"], "git:read")).toBe(true);
    expect(mayGive(["delivery:read"], "git:write")).toBe(false);
    expect(mayGive(["telemetry:write"], "otlp:write")).toBe(true);
  });
});
