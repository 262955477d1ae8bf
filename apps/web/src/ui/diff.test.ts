import { expect, test } from "vitest";

import { linesOf } from "./Diff.tsx";

test("a patch becomes numbered lines, and marks of a conflict stand out", () => {
  expect(linesOf("@@ -1,2 +1,3 @@ x\n a\n-b\n+c\n+<<<<<<< yours\n\\ No newline at end of file\n")).toEqual([
    { kind: "hunk", text: "@@ -1,2 +1,3 @@ x" },
    { kind: "same", left: 1, right: 1, text: "a" },
    { kind: "removed", left: 2, text: "b" },
    { kind: "added", right: 2, text: "c" },
    { kind: "mark", right: 3, text: "<<<<<<< yours" },
    { kind: "hunk", text: "No newline at end of file" },
  ]);
  expect(linesOf("")).toEqual([]);
});
