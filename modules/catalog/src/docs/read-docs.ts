import { createHash } from "node:crypto";
import { posix } from "node:path";

import { decodeText, type Tree } from "../source/tree.ts";
import { checkLinks, type DocProblem } from "./check-links.ts";
import { referencesIn } from "./doc-links.ts";
import { NO_CONFIG, readMkdocsConfig, type DocsConfig } from "./mkdocs-config.ts";

export interface DocPage {
  /** Relative to the folder of the documentation, e.g. `guides/setup.md`. */
  readonly path: string;
  readonly title: string;
  readonly markdown: string;
  /** Titles of the sections it stands in, outermost first. */
  readonly section: readonly string[];
  /** Relative to the root of the source. */
  readonly file: string;
  readonly editUrl: string | undefined;
}

/** A picture that a page shows. */
export interface DocAsset {
  /** Relative to the folder of the documentation. */
  readonly path: string;
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** The documentation in one folder of a source; entities point to it. */
export interface DocRoot {
  /** Folder relative to the root of the source; "" is the root itself. */
  readonly root: string;
  /** In the order in which they are to be read: `index.md` first, or as `mkdocs.yml` says. */
  readonly pages: readonly DocPage[];
  readonly assets: readonly DocAsset[];
  readonly problems: readonly DocProblem[];
  readonly hash: string;
}

const MAX_PAGE_BYTES = 1024 * 1024;
const MAX_PAGES = 500;
const MAX_ASSET_BYTES = 1024 * 1024;
const MAX_ASSETS = 200;

/** Reads the Markdown beside a descriptor: a `docs` folder (or the one that `mkdocs.yml` names), else the README. */
export async function readDocs(tree: Tree, root: string): Promise<DocRoot | undefined> {
  const config = await readConfig(tree, root);
  const folder = posix.normalize(posix.join(root, config.folder));
  let [base, pages] = [folder, folder.startsWith("..") ? [] : await readPages(tree, folder, config)];
  if (pages.length === 0) [base, pages] = [root, await readReadme(tree, root)];
  if (pages.length === 0) return undefined;
  const files = new Set(tree.files);
  const within = (path: string): string => posix.normalize(posix.join(base, path));
  const problems = checkLinks(pages, (path) => files.has(within(path)) || isFolder(tree.files, within(path)));
  const assets = await readAssets(tree, pages, within);
  return { root, pages, assets, problems, hash: hashOf(pages, assets, problems) };
}

async function readConfig(tree: Tree, root: string): Promise<DocsConfig> {
  for (const name of ["mkdocs.yml", "mkdocs.yaml"]) {
    const text = await readText(tree, posix.join(root, name));
    if (text !== undefined) return readMkdocsConfig(text);
  }
  return NO_CONFIG;
}

async function readPages(tree: Tree, folder: string, { nav, editUrlOf }: DocsConfig): Promise<DocPage[]> {
  const prefix = folder === "" || folder === "." ? "" : `${folder}/`;
  const order = new Map([...nav.keys()].map((path, at) => [path, at]));
  const rank = (path: string): number => order.get(path) ?? order.size + (path === "index.md" ? 0 : 1);
  const paths = startingWith(tree.files, prefix)
    .filter((file) => /\.(?:md|markdown)$/i.test(file))
    .map((file) => file.slice(prefix.length))
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
    .slice(0, MAX_PAGES);
  const pages: DocPage[] = [];
  for (const path of paths) {
    const markdown = await readText(tree, prefix + path);
    if (markdown === undefined) continue;
    const entry = nav.get(path);
    const title = entry?.title ?? titleOf(markdown, path);
    const section = entry?.section ?? (nav.size > 0 ? [] : sectionOf(path));
    pages.push({ path, title, section, markdown, file: prefix + path, editUrl: editUrlOf(path) });
  }
  return pages;
}

/** Without a navigation, folders are the sections. */
function sectionOf(path: string): string[] {
  return path.split("/").slice(0, -1).map(inWords);
}

async function readReadme(tree: Tree, root: string): Promise<DocPage[]> {
  const prefix = root === "" ? "" : `${root}/`;
  for (const name of ["README.md", "readme.md", "Readme.md"]) {
    const markdown = await readText(tree, prefix + name);
    if (markdown === undefined) continue;
    return [{ path: "index.md", title: titleOf(markdown, "README.md"), section: [], markdown, file: prefix + name, editUrl: undefined }];
  }
  return [];
}

const PICTURES: Readonly<Record<string, string>> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  avif: "image/avif",
  svg: "image/svg+xml",
};

/** Only what a page shows is kept, and only pictures. */
async function readAssets(tree: Tree, pages: readonly DocPage[], within: (path: string) => string): Promise<DocAsset[]> {
  const wanted = new Set<string>();
  for (const { path, markdown } of pages) {
    for (const { target, picture } of referencesIn(markdown)) {
      if (picture && !/^[a-z][a-z0-9+.-]*:|^\//i.test(target))
        wanted.add(posix.normalize(posix.join(posix.dirname(path), target.replace(/[?#].*$/, ""))));
    }
  }
  const assets: DocAsset[] = [];
  for (const path of [...wanted].sort().slice(0, MAX_ASSETS)) {
    const type = PICTURES[posix.extname(path).slice(1).toLowerCase()];
    if (type === undefined || within(path).startsWith("..")) continue;
    const bytes = await tree.read(within(path), MAX_ASSET_BYTES).catch(() => undefined);
    if (bytes !== undefined) assets.push({ path, type, bytes });
  }
  return assets;
}

function hashOf(pages: readonly DocPage[], assets: readonly DocAsset[], problems: readonly DocProblem[]): string {
  const hash = createHash("sha256");
  for (const { path, title, section, markdown, editUrl = "" } of pages)
    hash.update([path, title, ...section, markdown, editUrl, ""].join("\0"));
  for (const { path, bytes } of assets) hash.update(`${path}\0`).update(bytes);
  return hash.update(JSON.stringify(problems)).digest("base64url");
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
  return heading || inWords(posix.basename(path).replace(/\.\w+$/, ""));
}

function inWords(name: string): string {
  const words = name.replaceAll(/[-_]+/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function isFolder(sorted: readonly string[], path: string): boolean {
  return startingWith(sorted, `${path}/`).length > 0;
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
