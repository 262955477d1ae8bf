import { describe, expect, test } from "vitest";

import { keyOfAddress, nameOf, pageOfFile, pathOfPage, readTarget } from "./git-address.ts";

describe("readTarget", () => {
  test.each([
    ["/srv/catalog", "folder", "/srv/catalog"],
    ["https://github.com/acme/orders.git", "git", "https://github.com/acme/orders.git"],
    ["git@github.com:acme/orders.git", "git", "git@github.com:acme/orders.git"],
    ["ssh://git@host/acme/orders", "git", "ssh://git@host/acme/orders"],
    ["repository:orders", "repository", "orders"],
  ])("%s is a %s", (text, kind, target) => {
    expect(readTarget(text)).toMatchObject({ kind, target });
  });

  test("credentials are used, and are no part of what is kept", () => {
    expect(readTarget("https://ada:s3cret@github.com/acme/orders.git")).toEqual({
      kind: "git",
      address: "https://ada:s3cret@github.com/acme/orders.git",
      target: "https://github.com/acme/orders.git",
    });
    expect(readTarget("ssh://git:s3cret@host/acme/orders")).toMatchObject({ target: "ssh://git@host/acme/orders" });
  });
});

test("one repository has one key, however it is written", () => {
  const addresses = [
    "https://github.com/Acme/orders.git",
    "http://github.com/acme/orders/",
    "git@github.com:acme/orders.git",
    "ssh://git@github.com/acme/orders",
    "https://ada:token@github.com/acme/orders",
  ];
  expect(new Set(addresses.map(keyOfAddress))).toEqual(new Set(["github.com/acme/orders"]));
});

test.each([
  ["https://github.com/acme/orders.git", null, "https://github.com/acme/orders/blob/HEAD/a/b.yaml"],
  ["https://gitlab.example.com/acme/orders", "main", "https://gitlab.example.com/acme/orders/-/blob/main/a/b.yaml"],
  ["git@github.com:acme/orders.git", null, "git@github.com:acme/orders.git#a/b.yaml"],
  ["file:///srv/git/orders.git", null, "file:///srv/git/orders.git#a/b.yaml"],
])("the page of a file in %s leads back to it", (target, branch, page) => {
  expect(pageOfFile(target, branch, "a/b.yaml")).toBe(page);
  expect(pathOfPage(target, page)).toBe("a/b.yaml");
  expect(pathOfPage("https://github.com/acme/other", page)).toBeUndefined();
});

test.each([
  ["/srv/catalog/", "catalog"],
  ["https://github.com/acme/orders.git", "orders"],
  ["git@github.com:acme/orders.git", "orders"],
])("%s is called %s", (target, name) => {
  expect(nameOf(target)).toBe(name);
});
