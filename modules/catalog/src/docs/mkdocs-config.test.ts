import { expect, test } from "vitest";

import { editUrlOf } from "./edit-url.ts";
import { readMkdocsConfig } from "./mkdocs-config.ts";

test("reads the navigation with its sections, in order, and leaves addresses out", () => {
  const { nav, folder } = readMkdocsConfig(`
site_name: Handbook
docs_dir: handbook
nav:
  - index.md
  - Guides:
      - First steps: guides/first.md
      - Operate:
          - guides/./backup.md
  - Elsewhere: https://example.com
plugins:
  - techdocs-core
markdown_extensions:
  - pymdownx.emoji:
      emoji_index: !!python/name:material.extensions.emoji.twemoji
`);
  expect(folder).toBe("handbook");
  expect([...nav]).toEqual([
    ["index.md", { title: undefined, section: [] }],
    ["guides/first.md", { title: "First steps", section: ["Guides"] }],
    ["guides/backup.md", { title: undefined, section: ["Guides", "Operate"] }],
  ]);
});

test("a file that does not parse costs the navigation, not the pages", () => {
  expect(readMkdocsConfig("nav: [").nav.size).toBe(0);
  expect(readMkdocsConfig("nav: [").folder).toBe("docs");
});

test("the editor's address: said by the file, else the host's own", () => {
  const { editUrlOf: said } = readMkdocsConfig("repo_url: https://code.example.com/team/x/\nedit_uri: edit/trunk/handbook\n");
  expect(said("guides/first.md")).toBe("https://code.example.com/team/x/edit/trunk/handbook/guides/first.md");
  const git = (target: string, branch: string | null = "main") => editUrlOf({ kind: "git", target, branch }, "docs/a.md", null);
  expect(git("https://github.com/acme/x.git")).toBe("https://github.com/acme/x/edit/main/docs/a.md");
  expect(git("https://gitlab.com/acme/x", null)).toBe("https://gitlab.com/acme/x/-/edit/HEAD/docs/a.md");
  expect(git("https://code.example.com/x")).toBeUndefined();
  expect(editUrlOf({ kind: "folder", target: "/srv/x", branch: null }, "docs/a.md", null)).toBeUndefined();
});
