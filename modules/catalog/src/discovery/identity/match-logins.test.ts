import { describe, expect, it } from "vitest";

import type { KnownEntity } from "../combine/draft.ts";
import { ADA, repositoryOf } from "../combine/sample-repositories.suite.ts";
import { candidatesFor, clearly, loginsOf } from "./match-logins.ts";

const user = (name: string, title: string, email?: string): KnownEntity => ({
  ref: `user:default/${name}`,
  kind: "user",
  title,
  ...(email === undefined ? {} : { email }),
  memberOf: [],
  states: [],
  proposed: false,
});
const USERS = [
  user("alovelace", "Ada Lovelace", "ada.lovelace@example.com"),
  user("ghopper", "Grace Hopper", "grace@example.com"),
  user("ahopper", "Anna Hopper"),
];
const best = (login: string, name?: string) => {
  const [first] = candidatesFor({ login, seenIn: [], ...(name === undefined ? {} : { name }) }, USERS);
  return first && [first.user.slice("user:default/".length), first.confidence, first.reason];
};

describe("who a login is", () => {
  it("is certain only by the same address", () => {
    expect(best("email:grace@example.com")).toEqual(["ghopper", 0.99, "the e-mail addresses are the same"]);
  });

  it("is certain by the account that the catalogue has, however the host's address looks; who has it twice is asked for", () => {
    const ada = { ...USERS[0]!, accounts: ["countess"] };
    const who = (seen: object) => clearly(candidatesFor({ login: "", seenIn: [], ...seen }, [ada, USERS[1]!]));
    expect(who({ login: "handle:countess" })).toMatchObject({ user: ada.ref, confidence: 0.97 });
    expect(who({ login: "email:7+countess@users.noreply.github.com" })).toMatchObject({ user: ada.ref, confidence: 0.97 });
    expect(who({ login: "email:me@home.example", account: "countess" })).toMatchObject({ user: ada.ref, confidence: 0.97 });
    expect(who({ login: "email:countess@home.example" })).toBeUndefined();
    const other = { ...USERS[1]!, accounts: ["countess"] };
    expect(clearly(candidatesFor({ login: "handle:countess", seenIn: [] }, [ada, other]))).toBeUndefined();
  });

  it("is likely by the account in a no-reply address, by names and by what is made from them", () => {
    expect(best("email:123+ghopper@users.noreply.github.com")).toEqual([
      "ghopper",
      0.85,
      "ghopper is the user's name in an address of the Git host",
    ]);
    expect(best("handle:ada-lovelace")).toEqual(["alovelace", 0.8, "ada-lovelace stands before the @ of the user's address"]);
    expect(best("email:me@home.example", "Lovelace, Ada")).toEqual([
      "alovelace",
      0.75,
      "the names hold the same words: Lovelace, Ada and Ada Lovelace",
    ]);
    expect(best("email:me@home.example", "Ada Lovelaçe")).toEqual(["alovelace", 0.8, "the names are the same: Ada Lovelaçe"]);
    expect(best("handle:nobody")).toBeUndefined();
  });

  it("proposes none of two that are nearly as good, and shows both", () => {
    const candidates = candidatesFor({ login: "handle:hopper", seenIn: [] }, USERS);
    expect(candidates.map((one) => one.user)).toEqual(["user:default/ahopper", "user:default/ghopper"]);
    expect(clearly(candidates)).toBeUndefined();
  });

  it("leaves out whom it was said not to be", () => {
    expect(candidatesFor({ login: "handle:ghopper", seenIn: [] }, USERS, new Set(["user:default/ghopper"]))).toEqual([]);
  });
});

it("gathers logins of commits, CODEOWNERS and build files, and no bots or teams", async () => {
  const repository = await repositoryOf(
    "x",
    { CODEOWNERS: "* @shop/team @ada-l grace@example.com\n", "package.json": `{"name":"x","author":"Al <al@example.com>"}` },
    { authors: [ADA, { name: "renovate[bot]", email: "bot@renovate.com", commits: 9, last: "2026-02-01" }] },
  );
  expect(loginsOf([repository])).toEqual([
    { login: "email:ada@example.com", name: "Ada Lovelace", seenIn: ["x: commits"] },
    { login: "email:al@example.com", name: "Al", seenIn: ["x: package.json"] },
    { login: "email:grace@example.com", seenIn: ["x: CODEOWNERS"] },
    { login: "handle:ada-l", seenIn: ["x: CODEOWNERS"] },
  ]);
});
