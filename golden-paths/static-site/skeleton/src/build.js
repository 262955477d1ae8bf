import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const HOME = join(dirname(fileURLToPath(import.meta.url)), "..");

/**
 * Builds the site: each page of `site/pages` in the frame of `site/layout.html`, and the assets beside it under names that
 * change with their content. Links are made relative, so that the site works below any address. Throws with one line for
 * each link that leads nowhere. Answers the pages.
 */
export async function build({ from = join(HOME, "site"), to = join(HOME, "public") } = {}) {
  await rm(to, { recursive: true, force: true });
  await mkdir(to, { recursive: true });
  const assets = await copyAssets(join(from, "assets"), join(to, "assets"));
  const layout = await readFile(join(from, "layout.html"), "utf8");
  const names = (await readdir(join(from, "pages"), { recursive: true })).filter((name) => name.endsWith(".html")).sort();
  const pages = await Promise.all(names.map(async (name) => readPage(from, name.replaceAll("\\", "/"))));
  const faults = pages.flatMap((page) => findDeadLinks(page, pages, assets));
  faults.push(...findDeadLinks({ path: "index.html", body: layout, label: "layout.html" }, pages, assets));
  if (faults.length > 0) throw new Error(`Links that lead nowhere:\n${faults.join("\n")}`);
  for (const page of pages) {
    const html = relate(frame(layout, page, pages), page.path, assets);
    await mkdir(dirname(join(to, page.path)), { recursive: true });
    await writeFile(join(to, page.path), html);
  }
  return pages;
}

/** `<!-- title: About -->` and `<!-- order: 2 -->` at a page's beginning say how it is called and where it stands. */
async function readPage(from, path) {
  const text = await readFile(join(from, "pages", path), "utf8");
  const fields = Object.fromEntries([...text.matchAll(/^<!--\s*(\w+):\s*(.*?)\s*-->\s*$/gm)].map(([, key, value]) => [key, value]));
  return { path, label: `pages/${path}`, title: fields.title ?? path, order: Number(fields.order ?? 100), body: text.replace(/^<!--.*?-->\s*$/gm, "").trim() };
}

function frame(layout, page, pages) {
  const items = pages
    .filter(({ path }) => path !== "404.html")
    .toSorted((a, b) => a.order - b.order)
    .map(({ path, title }) => `<a href="/${path}"${path === page.path ? ' aria-current="page"' : ""}>${title}</a>`);
  return layout.replace("<!-- title -->", () => page.title).replace("<!-- navigation -->", () => items.join("\n")).replace("<!-- content -->", () => page.body);
}

/** `/about.html` in a page of a folder becomes `../about.html`, and assets get their new names. */
function relate(html, path, assets) {
  const up = posix.relative(posix.dirname(`/${path}`), "/") || ".";
  return html.replace(/\b(href|src)="\/([^"#?]*)/g, (_all, name, target) => `${name}="${up}/${assets.get(target) ?? target}`);
}

function findDeadLinks({ path, body, label }, pages, assets) {
  const known = new Set([...pages.map((page) => page.path), ...assets.keys(), ""]);
  const targets = [...body.matchAll(/\b(?:href|src)="([^"#?]+)/g)].map(([, target]) => target);
  const inside = targets.filter((target) => !/^[a-z][a-z0-9+.-]*:|^\/\//i.test(target));
  const place = (target) => (target.startsWith("/") ? target.slice(1) : posix.join(posix.dirname(path), target));
  return inside.filter((target) => !known.has(place(target))).map((target) => `${label}: ${target}`);
}

/** Answers the new name by the old one, e.g. `assets/style.css` → `assets/style.3f9a1c2b.css`. */
async function copyAssets(from, to) {
  await mkdir(to, { recursive: true });
  const names = new Map();
  for (const name of (await readdir(from, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())) {
    const file = join(name.parentPath, name.name);
    const path = file.slice(from.length + 1).replaceAll("\\", "/");
    const hash = createHash("sha256").update(await readFile(file)).digest("hex").slice(0, 8);
    const renamed = path.replace(/(\.[^.]+)?$/, (ending) => `.${hash}${ending}`);
    await mkdir(dirname(join(to, renamed)), { recursive: true });
    await cp(file, join(to, renamed));
    names.set(`assets/${path}`, `assets/${renamed}`);
  }
  return names;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const pages = await build();
  console.log(`${pages.length} pages in public/`);
}
