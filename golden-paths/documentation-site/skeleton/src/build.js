import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { escape, toHtml } from "./markdown.js";

const HOME = join(dirname(fileURLToPath(import.meta.url)), "..");

/**
 * Builds the site: each Markdown file of `docs/` becomes a page in the order of `nav` in mkdocs.yml; other files are copied. Links are
 * relative, so that the site works below any address. Throws with one line for each link that leads nowhere. Answers the pages.
 */
export async function build({ from = HOME, to = join(HOME, "public") } = {}) {
  const docs = join(from, "docs");
  const names = (await readdir(docs, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(docs.length + 1).replaceAll("\\", "/"));
  const { title, nav } = readSettings(await readFile(join(from, "mkdocs.yml"), "utf8"));
  const pages = await Promise.all(names.filter((name) => name.endsWith(".md")).map((name) => readPage(docs, name, nav)));
  pages.sort((a, b) => a.place - b.place || (a.name < b.name ? -1 : 1));
  const faults = [
    ...nav.filter(({ file }) => !names.includes(file)).map(({ file }) => `mkdocs.yml: ${file} is not there`),
    ...pages.flatMap((page) => findDeadLinks(page, pages, names)),
  ];
  if (!names.includes("index.md")) faults.push("docs/index.md is not there");
  if (faults.length > 0) throw new Error(`Links that lead nowhere:\n${faults.join("\n")}`);

  await rm(to, { recursive: true, force: true });
  for (const page of pages) await write(join(to, page.path), frame(page, pages, title));
  await write(join(to, "style.css"), await readFile(join(from, "src/style.css"), "utf8"));
  await write(join(to, "search.json"), JSON.stringify(pages.map(({ path, title: name, text }) => ({ path, title: name, text }))));
  for (const name of names.filter((one) => !one.endsWith(".md"))) {
    await mkdir(dirname(join(to, name)), { recursive: true });
    await cp(join(docs, name), join(to, name));
  }
  return pages;
}

/** `site_name` and `nav` of mkdocs.yml, as this site writes them: one page a line. */
function readSettings(text) {
  const nav = [...text.matchAll(/^\s*-\s+(?:"([^"]+)"|([^:\n]+)):\s*([\w./-]+\.md)\s*$/gm)].map(([, quoted, bare, file]) => ({ title: (quoted ?? bare).trim(), file }));
  const [, written = "Documentation"] = /^site_name:\s*(.+)$/m.exec(text) ?? [];
  return { nav, title: written.startsWith('"') ? JSON.parse(written) : written };
}

async function readPage(docs, name, nav) {
  const markdown = await readFile(join(docs, name), "utf8");
  const { html, headings } = toHtml(markdown);
  const place = nav.findIndex(({ file }) => file === name);
  return {
    name,
    path: name.replace(/\.md$/, ".html"),
    title: nav[place]?.title ?? headings[0]?.title ?? name.replace(/\.md$/, ""),
    place: place < 0 ? nav.length : place,
    html,
    headings,
    text: html.replace(/<[^>]+>/g, " ").replace(/\s+/g, " ").trim().slice(0, 20_000),
  };
}

function findDeadLinks({ name, html, headings }, pages, names) {
  const targets = [...html.matchAll(/\b(?:href|src)="([^"]+)"/g)].map(([, target]) => target);
  return targets.filter((target) => !/^[a-z][a-z0-9+.-]*:|^\/\//i.test(target)).flatMap((target) => {
    const [path = "", anchor] = target.split("#");
    const file = path === "" ? name : posix.join(posix.dirname(name), path);
    const page = file === name ? { headings } : pages.find((one) => one.name === file);
    const fits = names.includes(file) && (!anchor || page === undefined || page.headings.some(({ id }) => id === anchor));
    return fits ? [] : [`docs/${name}: ${target}`];
  });
}

function frame(page, pages, title) {
  const up = posix.relative(posix.dirname(`/${page.path}`), "/") || ".";
  const items = pages.map(({ path, title: name }) => `<li><a href="${up}/${path}"${path === page.path ? ' aria-current="page"' : ""}>${escape(name)}</a></li>`);
  const parts = page.headings.filter(({ level }) => level === 2).map(({ id, title: name }) => `<li><a href="#${id}">${escape(name)}</a></li>`);
  const body = page.html.replace(/(\bhref="(?![a-z][a-z0-9+.-]*:)[^"#]*)\.md(?=["#])/gi, "$1.html");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(page.title)} · ${escape(title)}</title>
<link rel="stylesheet" href="${up}/style.css">
</head>
<body>
<a class="skip" href="#content">Skip to content</a>
<header><a href="${up}/index.html">${escape(title)}</a></header>
<nav aria-label="Pages"><ul>
${items.join("\n")}
</ul></nav>
<main id="content">
${body}
</main>
${parts.length < 2 ? "" : `<aside aria-label="On this page"><ul>\n${parts.join("\n")}\n</ul></aside>\n`}</body>
</html>
`;
}

async function write(file, text) {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const pages = await build();
  console.log(`${pages.length} pages in public/`);
}
