import { expect, test } from "vitest";

import { treeOf } from "./tree.ts";

const team = (ref: string, parents: string[] = [], children: string[] = []) => ({ ref, parents, children });
const read = (teams: readonly ReturnType<typeof team>[]): string =>
  treeOf(teams)
    .map((row) => `${row.depth}${row.team.ref}`)
    .join(" ");

test("teams stand under those they belong to", () => {
  expect(read([team("a", [], ["c", "b"]), team("b", ["a"]), team("c", ["a"], ["d"]), team("d", ["c"]), team("z", ["elsewhere"])])).toBe(
    "0a 1b 1c 2d 0z",
  );
});

test("a circle is entered once and ends", () => {
  expect(read([team("a", ["b"], ["b"]), team("b", ["a"], ["a"])])).toBe("0a 1b");
  expect(read([team("a", ["a"], ["a"])])).toBe("0a");
});
