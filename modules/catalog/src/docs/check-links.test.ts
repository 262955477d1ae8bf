import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { checkLinks } from "./check-links.ts";
import { referencesIn } from "./doc-links.ts";

const FILES = new Set(["img/map.png", "../README.md", "../src"]);
const GUIDE = { path: "guides/first.md", markdown: "# First steps\n\n## Set it up\n\n## Set it up\n\n## Own {#mine}\n" };

/** What is wrong with one line in the index. */
function faults(line: string): string[] {
  const pages = [{ path: "index.md", markdown: `# Home\n\n${line}\n` }, GUIDE];
  return checkLinks(pages, (path) => FILES.has(path)).map(({ line: at, link, reason }) => `${at} ${link}: ${reason}`);
}

describe("a link is right when it leads", () => {
  test.each([
    "[to a page](guides/first.md)",
    "[without its ending](guides/first)",
    "[to a heading](guides/first.md#set-it-up) and [its twin](guides/first.md#set-it-up-1)",
    "[to an anchor of its own](guides/first.md#mine)",
    "[here](#home)",
    "[elsewhere](https://example.com/not-asked) or [by mail](mailto:a@example.com)",
    "[to the source](../README.md), [to a folder](../src/)",
    "![the map](img/map.png)",
    '[with a title](guides/first.md "First")',
    "`[in code](nowhere.md)`",
    "~~~\n[in code](nowhere.md)\n~~~",
    "[by name][first]\n\n[first]: guides/first.md",
  ])("%s", (line) => expect(faults(line)).toEqual([]));
});

describe("and is told with its line and the mend when it does not", () => {
  test.each([
    ["[gone](nowhere.md)", ["3 nowhere.md: there is no page or file nowhere.md"]],
    ["![gone](img/none.png)", ["3 img/none.png: there is no picture img/none.png"]],
    ["[no heading](guides/first.md#tear-down)", ["3 guides/first.md#tear-down: guides/first.md has no heading #tear-down"]],
    ["[script](javascript:alert)", ["3 javascript:alert: is of a scheme that is not followed"]],
    ["[nothing]()", ["3 : names nothing"]],
    ["text\n[by name][x]\n\n[x]: gone.md", ["6 gone.md: there is no page or file gone.md"]],
    ["[![badge](img/none.png)](guides/first.md)", ["3 img/none.png: there is no picture img/none.png"]],
  ])("%s", (line, expected) => expect(faults(line)).toEqual(expected));
});

test("any text is read without fail, and in time", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...Array.from("[]()!`~#<>: \n\\a.")), maxLength: 300 }), (markdown) => {
      for (const { line } of referencesIn(markdown)) expect(line).toBeLessThanOrEqual(markdown.split("\n").length);
    }),
  );
  expect(referencesIn("[".repeat(50_000))).toEqual([]);
  expect(referencesIn(`${"`".repeat(20_000)} ${"[a](".repeat(5_000)}`)).toBeDefined();
});
