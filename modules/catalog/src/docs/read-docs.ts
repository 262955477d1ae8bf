import { createHash } from "node:crypto";
import { posix } from "node:path";

import { parse } from "yaml";

import { isRecord } from "../entity/validate-spec.ts";
import { decodeText, type Tree } from "../source/tree.ts";

export interface DocPage {
  /** Relative to the folder of the documentation, e.g. `guides/setup.md`. */
  readonly path: string;
  readonly title: string;
  readonly markdown: string;
}

/** The documentation in one folder of a source; entities point to it. */
export interface DocRoot {
  /** Folder relative to the root of the source; "" is the root itself. */
  readonly root: string;
  /** In the order in which they are to be read: `index.md` first, or as `mkdocs.yml` says. */
  readonly pages: readonly DocPage[];
  readonly hash: string;
}

const MAX_PAGE_BYTES = 1024 * 1024;
const MAX_PAGES = 500;

/** Reads the Markdown beside a descriptor: a `docs` folder (or the one that `mkdocs.yml` names), else the README. */
export async function readDocs(tree: Tree, root: string): Promise<DocRoot | undefined> {
  const config = await readConfig(tree, root);
  const folder = posix.normalize(posix.join(root, config.folder));
  const pages = folder.startsWith("..") ? [] : await readPages(tree, folder, config.nav);
  if (pages.length === 0) pages.push(...(await readReadme(tree, root)));
  if (pages.length === 0) return undefined;
  const hash = createHash("sha256");
  for (const { path, title, markdown } of pages) hash.update(`${path}\0${title}\0${markdown}\0`);
  return { root, pages, hash: hash.digest("base64url") };
}

interface Config {
  readonly folder: string;
  /** Title by path, in reading order. */
  readonly nav: ReadonlyMap<string, string | undefined>;
}

async function readConfig(tree: Tree, root: string): Promise<Config> {
  for (const name of ["mkdocs.yml", "mkdocs.yaml"]) {
    const text = await readText(tree, posix.join(root, name));
    if (text === undefined) continue;
    const config = parseLeniently(text);
    if (!isRecord(config)) break;
    const nav = new Map<string, string | undefined>();
    collectNav(config.nav, undefined, nav, 0);
    return { folder: typeof config.docs_dir === "string" ? config.docs_dir : "docs", nav };
  }
  return { folder: "docs", nav: new Map() };
}

/** A broken `mkdocs.yml` costs the order of the pages, not the pages. */
function parseLeniently(text: string): unknown {
  try {
    return parse(text, { logLevel: "silent", uniqueKeys: false, maxAliasCount: 100 }) as unknown;
  } catch {
    return undefined;
  }
}

function collectNav(nav: unknown, title: string | undefined, into: Map<string, string | undefined>, depth: number): void {
  if (depth > 10) return;
  if (typeof nav === "string") into.set(posix.normalize(nav), title);
  else if (Array.isArray(nav)) for (const item of nav) collectNav(item, undefined, into, depth + 1);
  else if (isRecord(nav)) for (const [name, item] of Object.entries(nav)) collectNav(item, name, into, depth + 1);
}

async function readPages(tree: Tree, folder: string, nav: Config["nav"]): Promise<DocPage[]> {
  const prefix = folder === "" || folder === "." ? "" : `${folder}/`;
  const order = [...nav.keys()];
  const rank = (path: string): number => (nav.has(path) ? order.indexOf(path) : order.length + (path === "index.md" ? 0 : 1));
  const paths = startingWith(tree.files, prefix)
    .filter((file) => /\.(?:md|markdown)$/i.test(file))
    .map((file) => file.slice(prefix.length))
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
    .slice(0, MAX_PAGES);
  const pages: DocPage[] = [];
  for (const path of paths) {
    const markdown = await readText(tree, prefix + path);
    if (markdown !== undefined) pages.push({ path, title: nav.get(path) ?? titleOf(markdown, path), markdown });
  }
  return pages;
}

async function readReadme(tree: Tree, root: string): Promise<DocPage[]> {
  const prefix = root === "" ? "" : `${root}/`;
  for (const name of ["README.md", "readme.md", "Readme.md"]) {
    const markdown = await readText(tree, prefix + name);
    if (markdown !== undefined) return [{ path: "index.md", title: titleOf(markdown, "README.md"), markdown }];
  }
  return [];
}

async function readText(tree: Tree, path: string): Promise<string | undefined> {
  const bytes = await tree.read(path, MAX_PAGE_BYTES).catch(() => undefined);
  // Postgres keeps no NUL in a text.
  return bytes === undefined ? undefined : decodeText(bytes)?.replaceAll("\0", "");
}

/** The first heading, else the name of the file in words. */
function titleOf(markdown: string, path: string): string {
  const heading = /^#[ \t]+(.{1,200})$/m
    .exec(markdown.slice(0, 20_000))?.[1]
    ?.replace(/\s+#+\s*$/, "")
    .trim();
  if (heading) return heading;
  const words = posix
    .basename(path)
    .replace(/\.\w+$/, "")
    .replaceAll(/[-_]+/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The part of a sorted list that begins with `prefix`, found without looking at the rest. */
function startingWith(sorted: readonly string[], prefix: string): string[] {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < prefix) low = middle + 1;
    else high = middle;
  }
  let end = low;
  while (end < sorted.length && sorted[end]!.startsWith(prefix)) end++;
  return sorted.slice(low, end);
}
