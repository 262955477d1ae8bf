import { describe, expect, it } from "vitest";

import { blocksOf, definitionsIn } from "./blocks.ts";

const markdown = (text: string) => ({ kind: "markdown", text });

describe("blocksOf", () => {
  it("leaves a plain page whole", () => expect(blocksOf("# A\n\ntext\n")).toEqual([markdown("# A\n\ntext\n")]));

  it("takes what is indented below a mark, blank lines included, and ends before what is not", () => {
    expect(blocksOf('before\n\n!!! warning "Mind this"\n    one\n\n    two\n\nafter')).toEqual([
      markdown("before\n"),
      { kind: "admonition", type: "warning", title: "Mind this", folded: undefined, blocks: [markdown("one\n\ntwo")] },
      markdown("\nafter"),
    ]);
  });

  it("knows folded ones, open and closed, and takes the type for a title", () => {
    expect(blocksOf("??? tip\n    a\n???+ info\n    b")).toMatchObject([
      { type: "tip", title: "Tip", folded: true },
      { type: "info", title: "Info", folded: false },
    ]);
  });

  it("puts tabs that follow each other into one set", () => {
    expect(blocksOf('=== "npm"\n\n    ```sh\n    npm i\n    ```\n\n=== "yarn"\n\n    x\n')).toMatchObject([
      { kind: "tabs", tabs: [{ title: "npm", blocks: [{ text: "\n```sh\nnpm i\n```" }] }, { title: "yarn" }] },
    ]);
  });

  it("reads GitHub's alerts and blocks inside blocks", () => {
    expect(blocksOf("> [!NOTE]\n> one\n> two")).toEqual([
      { kind: "admonition", type: "note", title: "Note", folded: undefined, blocks: [markdown("one\ntwo")] },
    ]);
    expect(blocksOf("!!! note\n    a\n    !!! tip\n        b")).toMatchObject([
      { blocks: [{ text: "a" }, { type: "tip", blocks: [{ text: "b" }] }] },
    ]);
  });

  it("leaves code alone, and marks of the generator out of the rest", () => {
    expect(blocksOf("```\n!!! note\n    {: .x }\n```\n![a](b.png){: width=20 } :material-check: done")).toEqual([
      markdown("```\n!!! note\n    {: .x }\n```\n![a](b.png)  done"),
    ]);
  });
});

it("definitionsIn finds where links lead that are named elsewhere", () => {
  expect(definitionsIn("[a][x]\n\n[x]: y.md\n[^1]: a note\n")).toBe("[x]: y.md");
});
