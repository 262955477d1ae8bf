import { expect, test } from "vitest";

import { compareTexts } from "./compare-texts.ts";

test("says what came, went and changed, with the lines, and is silent about what is the same", async () => {
  const before = new Map([
    ["a/one.yaml", "x: 1\ny: 2\n"],
    ["a/gone.yaml", "z: 1\n"],
    ["same.yaml", "s\n"],
  ]);
  const after = new Map([
    ["a/one.yaml", "x: 1\ny: 3\n"],
    ["b/new.yaml", "n: 1\nm: 2\n"],
    ["same.yaml", "s\n"],
  ]);
  const found = await compareTexts(before, after);
  expect(found.map(({ path, status, added, removed }) => [path, status, added, removed])).toEqual([
    ["a/gone.yaml", "deleted", 0, 1],
    ["a/one.yaml", "changed", 1, 1],
    ["b/new.yaml", "added", 2, 0],
  ]);
  expect(found[1]?.patch).toBe("@@ -1,2 +1,2 @@\n x: 1\n-y: 2\n+y: 3\n");
  expect(await compareTexts(after, after)).toEqual([]);
});
