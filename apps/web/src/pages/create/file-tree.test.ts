import { describe, expect, it } from "vitest";

import { toTree } from "./file-tree.ts";

describe("toTree", () => {
  it("shows folders before files, each once", () => {
    const rows = toTree(["README.md", "src/main.ts", "src/http/app.ts", ".ci/run"].map((path) => ({ path })));
    expect(rows.map(({ name, depth, file }) => `${"  ".repeat(depth)}${name}${file === undefined ? "/" : ""}`)).toEqual([
      ".ci/",
      "  run",
      "src/",
      "  http/",
      "    app.ts",
      "  main.ts",
      "README.md",
    ]);
  });
});
