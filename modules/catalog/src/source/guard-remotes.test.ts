import { ForbiddenError, UnavailableError } from "@roadbed/core";
import { expect, test } from "vitest";

import type { RemoteCall, Remotes } from "../deps.ts";
import { guardRemotes, hostOf } from "./guard-remotes.ts";

test.each([
  ["https://git.example.com/team/a.git", "git.example.com", "git.example.com"],
  ["https://ada:secret@Git.Example.com:8443/a.git", "git.example.com", "git.example.com:8443"],
  ["http://[::1]:3000/a.git", "::1", "[::1]:3000"],
  ["ssh://git@git.example.com:22/a.git", "git.example.com", "git.example.com"],
  ["ssh://git@git.example.com:2222/a.git", "git.example.com", "git.example.com:2222"],
  ["git@git.example.com:team/a.git", "git.example.com", "git.example.com"],
])("%s is on %s, allowed as %s", (address, name, allowedAs) => expect(hostOf(address)).toEqual({ name, allowedAs }));
test.each(["file:///srv/a", "/srv/a", "nonsense"])("%s is on no host", (address) => expect(hostOf(address)).toBeUndefined());

function recorded(o: { readonly proxied?: boolean } = {}): Remotes & { readonly calls: RemoteCall[] } {
  const calls: RemoteCall[] = [];
  const take = async (call: RemoteCall) => {
    calls.push(call);
    return { hash: "a" };
  };
  return { calls, clone: take, fetch: take, ...o };
}

test("a repository is read at the addresses that were checked; a refused host is not asked at all", async () => {
  const remotes = recorded();
  const guarded = guardRemotes(remotes, async (name) => {
    if (name === "inside.example") throw new ForbiddenError("It is in a private network.");
    return [{ address: "93.184.216.34" }, { address: "2606:4700::1111" }];
  });
  await guarded.clone({ url: "https://outside.example/a.git", dir: "/d" });
  await guarded.fetch({ url: "file:///srv/a", dir: "/d" });
  for (const call of ["clone", "fetch"] as const)
    await expect(guarded[call]({ url: "https://inside.example/a.git", dir: "/d" })).rejects.toMatchObject({ code: "FORBIDDEN" });
  expect(remotes.calls).toEqual([
    { url: "https://outside.example/a.git", dir: "/d", addresses: ["93.184.216.34", "2606:4700::1111"] },
    { url: "file:///srv/a", dir: "/d" },
  ]);
});

test("behind a proxy names may be unknown here, and private addresses are refused all the same", async () => {
  const remotes = recorded({ proxied: true });
  const guarded = guardRemotes(remotes, async (name) => {
    throw name === "inside.example" ? new ForbiddenError("It is in a private network.") : new UnavailableError("It is not known.");
  });
  await guarded.clone({ url: "https://outside.example/a.git", dir: "/d" });
  await expect(guarded.clone({ url: "https://inside.example/a.git", dir: "/d" })).rejects.toMatchObject({ code: "FORBIDDEN" });
  expect(remotes.calls).toEqual([{ url: "https://outside.example/a.git", dir: "/d" }]);
});
