import { expect, it } from "vitest";

import { navOf } from "./doc-tree.ts";

const pages = [
  { path: "index.md", title: "Home", section: [] },
  { path: "a.md", title: "First", section: ["Guides"] },
  { path: "b.md", title: "Backup", section: ["Guides", "Operate"] },
  { path: "c.md", title: "Last", section: ["Guides"] },
];
const drawn = (words?: string): string[] =>
  navOf(pages, words).map(({ kind, title, level }) => `${"  ".repeat(level)}${kind === "section" ? "# " : ""}${title}`);

it("shows each section before its first page", () => {
  expect(drawn()).toEqual(["Home", "# Guides", "  First", "  # Operate", "    Backup", "  Last"]);
});

it("finds pages by words of their title and section", () => {
  expect(drawn("operate back")).toEqual(["# Guides", "  # Operate", "    Backup"]);
  expect(drawn("nothing")).toEqual([]);
});
