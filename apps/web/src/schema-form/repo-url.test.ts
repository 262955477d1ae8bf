import { expect, test } from "vitest";

import { parseRepo, writeRepo } from "./repo-url.ts";

test("a repository's place is written as Backstage reads it, and read again", () => {
  expect(writeRepo({ host: "gitlab.com", owner: "acme/shop", repo: "orders" })).toBe("gitlab.com?owner=acme%2Fshop&repo=orders");
  expect(parseRepo("gitlab.com?owner=acme%2Fshop&repo=orders")).toEqual({ host: "gitlab.com", owner: "acme/shop", repo: "orders" });
  expect(parseRepo("")).toEqual({});
  expect(parseRepo("github.com?owner=&repo=x")).toEqual({ host: "github.com", repo: "x" });
});

test("of the embedded host the name is all that matters", () => {
  expect(writeRepo({ host: "roadbed", repo: "orders" })).toBe("roadbed?owner=roadbed&repo=orders");
  expect(writeRepo({ host: "roadbed", repo: "" })).toBeUndefined();
});
