import { describe, expect, test } from "vitest";

import { roleAfter, toGroupRefs, toPerson, toUsername } from "./claims.ts";

describe("toUsername", () => {
  test.each([
    ["ada", "ada"],
    ["Ada.Lovelace@example.org", "ada.lovelace"],
    ["Zoë Größe", "zoe-gro-e"],
    ["--x", "x"],
    ["日本", "user"],
    ["a".repeat(200), "a".repeat(50)],
  ])("%s", (wish, username) => expect(toUsername(wish)).toBe(username));
});

describe("toPerson", () => {
  test("names the person by issuer and subject, never by what can change", () => {
    const person = toPerson({ iss: "https://id.example", sub: "42", email: "ada@example.org", groups: ["dev", 7] }, "groups");
    expect(person).toEqual({
      subject: "https://id.example 42",
      username: "ada",
      displayName: "ada",
      email: "ada@example.org",
      groups: ["dev"],
    });
  });

  test("does not stumble over claims of a wrong shape", () => {
    expect(toPerson({ iss: "i", sub: "s", email: "not one", name: 7, roles: "one" }, "roles")).toMatchObject({
      email: undefined,
      displayName: "s",
      groups: ["one"],
    });
    expect(() => toPerson({ iss: "i" }, "groups")).toThrow();
  });
});

describe("roleAfter", () => {
  test.each([
    [undefined, [], [], "developer"],
    ["viewer", ["x"], [], "viewer"],
    ["admin", ["x"], [], "admin"],
    [undefined, ["ops"], ["ops"], "admin"],
    ["viewer", ["ops"], ["ops"], "admin"],
    ["admin", ["x"], ["ops"], "developer"],
    ["viewer", ["x"], ["ops"], "viewer"],
  ] as const)("%s with %j of %j is %s", (current, groups, adminGroups, role) => {
    expect(roleAfter(current, groups, adminGroups)).toBe(role);
  });
});

test("toGroupRefs takes what could be an entity, once", () => {
  expect(toGroupRefs(["Platform", "/org/platform", "two words", "", "a:b", "team_1"])).toEqual([
    "group:default/platform",
    "group:default/team_1",
  ]);
});
