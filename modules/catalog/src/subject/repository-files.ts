import { basename, dirname, join, posix } from "node:path";

import { parse as parseToml } from "smol-toml";
import { parseDocument } from "yaml";

import type { CatalogDeps } from "../deps.ts";
import { readFolderTree } from "../source/folder-tree.ts";
import { pathOfPage } from "../source/git-address.ts";
import { cloneFolder } from "../source/open-tree.ts";
import { readRepositoryTree } from "../source/repository-tree.ts";
import { decodeText, type Tree } from "../source/tree.ts";

/** Where an entity is described. */
export interface Described {
  readonly location: string;
  readonly kind: string;
  readonly target: string;
  readonly branch: string | null;
  /** Of the source's files when they were read last. */
  readonly fingerprint: string | null;
}

/** The files beside the descriptor of an entity, as rules see them. */
export interface RepositoryFiles {
  readonly found: boolean;
  /** Paths from the folder of the descriptor; at most so many, and `cut` says that there are more. */
  readonly paths: readonly string[];
  readonly cut: boolean;
  /** Those that were asked for and are there: the text, and the data of JSON, YAML and TOML. */
  readonly files: Readonly<Record<string, { readonly text?: string; readonly data?: unknown }>>;
}

export interface Folders {
  read(described: Described, patterns: readonly string[]): Promise<RepositoryFiles>;
}

const NOT_FOUND: RepositoryFiles = { found: false, paths: [], cut: false, files: {} };
const MOST_PATHS = 2_000;
const MOST_FILES = 100;
const MOST_BYTES = 256 * 1024;
/** Trees that are kept: of sources that did not change, they are right. */
const MOST_KEPT = 200;

/**
 * Reads the repository of an entity: the folder in which its `catalog-info.yaml` stands, in a folder, a clone or on the embedded Git
 * host. A file that describes a whole estate is nobody's repository, so other names do not count.
 */
export function createFolders(deps: Pick<CatalogDeps, "repositories" | "dataDir">): Folders {
  const kept = new Map<string, Promise<Kept>>();
  return {
    read: async (described, patterns) => {
      const place = placeOf(described, deps.dataDir);
      if (!place) return NOT_FOUND;
      const folder = await open(place, described);
      if (!folder) return NOT_FOUND;
      const wanted = folder.paths.filter((path) => patterns.some((pattern) => path === pattern || posix.matchesGlob(path, pattern)));
      const files = await Promise.all(wanted.slice(0, MOST_FILES).map(async (path) => [path, await folder.file(path)] as const));
      return {
        found: true,
        paths: folder.paths.slice(0, MOST_PATHS),
        cut: folder.paths.length > MOST_PATHS,
        files: Object.fromEntries(files.flatMap(([path, file]) => (file ? [[path, file]] : []))),
      };
    },
  };

  async function open(place: FilePlace, { fingerprint }: Described): Promise<Kept | undefined> {
    const head = place.kind === "repository" ? await deps.repositories?.head(place.name, place.branch).catch(() => undefined) : fingerprint;
    if (head === undefined) return undefined;
    const key = `${place.kind} ${place.kind === "repository" ? place.name : place.root} ${place.dir} ${head}`;
    let found = head === null ? undefined : kept.get(key);
    if (!found) {
      found = openTree(place).then((tree) => keep(tree, place.kind === "repository" ? place.dir : ""));
      if (head !== null) kept.set(key, found);
      if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value!);
    }
    return found.catch(() => {
      kept.delete(key);
      return undefined;
    });
  }

  function openTree(place: FilePlace): Promise<Tree> {
    return place.kind === "repository"
      ? readRepositoryTree(deps.repositories!, place.name, place.branch)
      : readFolderTree(join(place.root, place.dir));
  }
}

type FilePlace =
  | { readonly kind: "repository"; readonly name: string; readonly branch: string; readonly dir: string }
  | { readonly kind: "folder"; readonly root: string; readonly dir: string };

interface Kept {
  readonly paths: readonly string[];
  file(path: string): Promise<{ readonly text?: string; readonly data?: unknown } | undefined>;
}

function placeOf({ location, kind, target, branch }: Described, dataDir: string | undefined): FilePlace | undefined {
  if (!/^catalog-info[^/]*$/.test(basename(location))) return undefined;
  if (kind === "folder") return { kind: "folder", root: dirname(location), dir: "" };
  if (kind === "repository") {
    const path = location.slice(`repository:${target}/`.length);
    return { kind: "repository", name: target, branch: branch ?? "main", dir: dirname(path) === "." ? "" : dirname(path) };
  }
  const path = kind === "git" ? pathOfPage(target, location) : undefined;
  if (path === undefined || dataDir === undefined) return undefined;
  return { kind: "folder", root: cloneFolder(dataDir, { target, branch }), dir: dirname(path) };
}

function keep(tree: Tree, dir: string): Kept {
  const prefix = dir === "" ? "" : `${dir}/`;
  const paths = tree.files.filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length));
  const read = new Map<string, Promise<{ readonly text?: string; readonly data?: unknown } | undefined>>();
  return {
    paths,
    file: (path) => {
      let file = read.get(path);
      if (!file) read.set(path, (file = readFile(tree, `${prefix}${path}`)));
      return file;
    },
  };
}

/** What is too large or no text is there, but has no `text`: a rule that reads it is unknown, not failed. */
async function readFile(tree: Tree, path: string): Promise<{ readonly text?: string; readonly data?: unknown } | undefined> {
  const bytes = await tree.read(path, MOST_BYTES).catch(() => null);
  if (bytes === undefined) return undefined;
  const text = bytes === null ? undefined : decodeText(bytes);
  if (text === undefined) return {};
  const data = dataOf(path, text);
  return data === undefined ? { text } : { text, data };
}

function dataOf(path: string, text: string): unknown {
  try {
    if (path.endsWith(".json")) return JSON.parse(text);
    if (path.endsWith(".toml")) return JSON.parse(JSON.stringify(parseToml(text)));
    if (!/\.ya?ml$/.test(path)) return undefined;
    const document = parseDocument(text, { logLevel: "silent" });
    return document.errors.length > 0 ? undefined : (JSON.parse(JSON.stringify(document.toJS({ maxAliasCount: 100 }) ?? null)) as unknown);
  } catch {
    return undefined;
  }
}
