import assert from "node:assert/strict";
import { cp, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { build } from "../src/build.js";
import { toHtml } from "../src/markdown.js";

const home = join(dirname(fileURLToPath(import.meta.url)), "..");

async function copy() {
  const folder = await mkdtemp(join(tmpdir(), "docs-"));
  for (const name of ["docs", "src", "mkdocs.yml"]) await cp(join(home, name), join(folder, name), { recursive: true });
  return folder;
}

test("every page of docs is built, in the frame, with links that are relative", async () => {
  const to = join(await mkdtemp(join(tmpdir(), "docs-")), "public");
  const pages = await build({ to });
  assert.deepEqual((await readdir(to)).filter((name) => name.endsWith(".html")).length, pages.filter(({ name }) => !name.includes("/")).length);
  const html = await readFile(join(to, "index.html"), "utf8");
  assert.match(html, /<a href="\.\/index\.html" aria-current="page">/);
  assert.doesNotMatch(html, /(href|src)="\/|\.md"/);
  assert.equal(JSON.parse(await readFile(join(to, "search.json"), "utf8")).length, pages.length);
});

test("a link or an anchor that leads nowhere stops the build and is named", async () => {
  const folder = await copy();
  await writeFile(join(folder, "docs/bad.md"), "# Bad\n\n[gone](gone.md), [far](index.md#nowhere), [there](index.md), <https://example.org>\n");
  await assert.rejects(build({ from: folder, to: join(folder, "public") }), (error) => /bad\.md: gone\.md/.test(error.message) && /bad\.md: index\.md#nowhere/.test(error.message) && !/example/.test(error.message));
});

test("a page in a folder finds its way back", async () => {
  const folder = await copy();
  await cp(join(folder, "docs/index.md"), join(folder, "docs/guides/first.md"));
  await writeFile(join(folder, "docs/guides/first.md"), "# First\n\n[home](../index.md)\n");
  await build({ from: folder, to: join(folder, "public") });
  assert.match(await readFile(join(folder, "public/guides/first.html"), "utf8"), /href="\.\.\/index\.html">home/);
});

test("Markdown becomes what it means", () => {
  const html = (text) => toHtml(text).html;
  assert.equal(html("# One *two*"), '<h1 id="one-two">One <em>two</em></h1>');
  assert.equal(html("a **b** `c < d`"), "<p>a <strong>b</strong> <code>c &lt; d</code></p>");
  assert.equal(html("- a\n- b\n  - c"), "<ul>\n<li>a</li>\n<li><p>b</p>\n<ul>\n<li>c</li>\n</ul></li>\n</ul>");
  assert.equal(html("1. a\n2. b"), "<ol>\n<li>a</li>\n<li>b</li>\n</ol>");
  assert.equal(html("```js\na < b\n```"), '<pre><code class="language-js">a &lt; b\n</code></pre>');
  assert.match(html("| a | b |\n|---|---|\n| 1 | `2` |"), /<td>1<\/td><td><code>2<\/code><\/td>/);
  assert.equal(html("> quoted"), "<blockquote>\n<p>quoted</p>\n</blockquote>");
});

test("what somebody writes runs nothing in a reader's browser", () => {
  const { html } = toHtml('<script>alert(1)</script> [x](javascript:alert(1)) ![y](data:text/html,z) <img src=x onerror=alert(1)> "q"');
  assert.doesNotMatch(html, /<script|javascript:|data:|<img src=x/);
});

test("titles that are the same get addresses of their own", () => {
  assert.deepEqual(toHtml("## A\n## A\n## A").headings.map(({ id }) => id), ["a", "a-1", "a-2"]);
});
