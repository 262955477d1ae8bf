import fc from "fast-check";
import { expect, test } from "vitest";

import { planPush } from "./plan-push.ts";

const plan = (ours: Record<string, string>, theirs: Record<string, string>, left: Record<string, string>, history: string[] = []) =>
  planPush({
    ours: new Map(Object.entries(ours)),
    theirs: new Map(Object.entries(theirs)),
    left,
    isOurs: async (commit) => history.includes(commit),
  });

test("what is new is made, what moved goes forward, what is gone is taken away", async () => {
  expect(await plan({ main: "b", "env/dev": "x" }, { main: "a", "env/pr-1": "p" }, { main: "a", "env/pr-1": "p" })).toEqual({
    updates: [
      { branch: "main", from: "a", to: "b" },
      { branch: "env/dev", from: null, to: "x" },
      { branch: "env/pr-1", from: "p", to: null },
    ],
    foreign: [],
    undone: [],
  });
});

test("a branch that was set back or removed is brought forward and told, one with other commits has to be looked at first", async () => {
  expect(await plan({ main: "c" }, { main: "a" }, { main: "b" }, ["a", "b", "c"])).toEqual({
    updates: [{ branch: "main", from: "a", to: "c" }],
    foreign: [],
    undone: ["main"],
  });
  expect((await plan({ main: "c" }, {}, { main: "b" })).undone).toEqual(["main"]);
  expect(await plan({ main: "c" }, { main: "z" }, { main: "b" }, ["a", "b"])).toEqual({
    updates: [],
    foreign: [{ branch: "main", theirs: "z" }],
    undone: [],
  });
});

test("whatever stands there, nothing of somebody else is moved unseen, and branches that never were ours are left alone", async () => {
  const heads = fc.dictionary(fc.constantFrom("main", "env/dev", "env/prod", "theirs"), fc.constantFrom("a", "b", "c", "z"));
  await fc.assert(
    fc.asyncProperty(heads, heads, heads, async (ours, theirs, left) => {
      const { updates, foreign } = await plan(ours, theirs, left, ["a", "b"]);
      for (const { branch, from } of updates) {
        expect(from).toBe(theirs[branch] ?? null);
        if (from !== null && ours[branch] !== undefined) expect(from === left[branch] || ["a", "b"].includes(from)).toBe(true);
        if (ours[branch] === undefined) expect(left[branch]).toBeDefined();
      }
      const handled = new Set([...updates, ...foreign].map(({ branch }) => branch));
      for (const branch of Object.keys(ours)) expect(handled.has(branch) || theirs[branch] === ours[branch]).toBe(true);
    }),
  );
});
