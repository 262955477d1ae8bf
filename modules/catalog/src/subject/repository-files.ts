import { basename, dirname, join, posix } from "node:path";

import { parse as parseToml } from "smol-toml";
import { parseDocument } from "yaml";

import { DomainError } from "@roadbed/core";

import type { CatalogDeps } from "../deps.ts";
import { readFolderTree } from "../source/folder-tree.ts";
import { pathOfPage } from "../source/git-address.ts";
import { cloneFolder } from "../source/open-tree.ts";
import { readRepositoryTree } from "../source/repository-tree.ts";
import { decodeText, type Tree } from "../source/tree.ts";
import type { HostedFiles } from "./hosted-files.ts";

/** Where an entity is described. */
export interface Described {
  readonly ref: string;
  readonly source_id: string;
  readonly last_sync_at: Date | null;
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

/** Files that are there and cannot be read now, with the reason: what no data says is not that there are none. */
export interface UnknownFiles {
  readonly because: string;
}

export interface Folders {
  read(described: Described, patterns: readonly string[]): Promise<RepositoryFiles | UnknownFiles>;
}

const NOT_FOUND: RepositoryFiles = { found: false, paths: [], cut: false, files: {} };
const MOST_PATHS = 2_000;
const MOST_FILES = 100;
const MOST_BYTES = 256 * 1024;
/** Trees that are kept: of sources that did not change, they are right. */
const MOST_KEPT = 200;

/**
 * Reads the repository of an entity: the folder in which its `catalog-info.yaml` stands, in a folder, a clone or on the embedded Git
 * host, or at the host that a connection reads. A file that describes a whole estate is nobody's repository, so other names do not count.
 */
export function createFolders(
  deps: Pick<CatalogDeps, "repositories" | "dataDir"> & { readonly hosted?: HostedFiles | undefined },
): Folders {
  const kept = new Map<string, Promise<Kept>>();
  return {
    read: async (described, patterns) => {
      const place = placeOf(described, deps.dataDir);
      if (!place) return NOT_FOUND;
      if (place.kind === "hosted") return readHosted(place, described, patterns);
      const folder = await open(place, described);
      if ("because" in folder) return folder;
      const wanted = folder.paths.filter((path) => isWanted(path, patterns));
      const files = await Promise.all(wanted.slice(0, MOST_FILES).map(async (path) => [path, await folder.file(path)] as const));
      return {
        found: true,
        paths: folder.paths.slice(0, MOST_PATHS),
        cut: folder.paths.length > MOST_PATHS,
        files: Object.fromEntries(files.flatMap(([path, file]) => (file ? [[path, file]] : []))),
      };
    },
  };

  async function readHosted(
    { repository, dir }: HostedFilePlace,
    { ref, source_id: sourceId, last_sync_at: readAt }: Described,
    patterns: readonly string[],
  ): Promise<RepositoryFiles | UnknownFiles> {
    if (!deps.hosted) return { because: "this server reads no files at other hosts" };
    const looked = await deps.hosted.look(ref, { sourceId, repository, dir, readAt }, patterns);
    if ("because" in looked) return looked;
    const wanted = looked.paths.filter((path) => isWanted(path, patterns)).slice(0, MOST_FILES);
    return {
      found: true,
      paths: looked.paths.slice(0, MOST_PATHS),
      cut: looked.isPart || looked.paths.length > MOST_PATHS,
      files: Object.fromEntries(wanted.map((path) => [path, contentOf(path, looked.text(path))])),
    };
  }

  async function open(place: Exclude<FilePlace, HostedFilePlace>, { fingerprint }: Described): Promise<Kept | UnknownFiles> {
    const head = place.kind === "repository" ? await deps.repositories?.head(place.name, place.branch).catch(() => undefined) : fingerprint;
    if (head === undefined && place.kind === "repository") return { because: `the repository ${place.name} has no branch ${place.branch}` };
    const key = `${place.kind} ${place.kind === "repository" ? place.name : place.root} ${place.dir} ${head}`;
    let found = head == null ? undefined : kept.get(key);
    if (!found) {
      found = openTree(place).then((tree) => keep(tree, place.kind === "repository" ? place.dir : ""));
      if (head != null) kept.set(key, found);
      if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value!);
    }
    return found.catch((error: unknown) => {
      kept.delete(key);
      return { because: error instanceof DomainError ? error.message : "its folder cannot be read" };
    });
  }

  function openTree(place: Exclude<FilePlace, HostedFilePlace>): Promise<Tree> {
    return place.kind === "repository"
      ? readRepositoryTree(deps.repositories!, place.name, place.branch)
      : readFolderTree(join(place.root, place.dir));
  }
}

type FilePlace =
  | { readonly kind: "repository"; readonly name: string; readonly branch: string; readonly dir: string }
  | { readonly kind: "folder"; readonly root: string; readonly dir: string }
  | HostedFilePlace;

interface HostedFilePlace {
  readonly kind: "hosted";
  readonly repository: string;
  readonly dir: string;
}

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
  if (kind === "connector") return hostedPlaceOf(location);
  const path = kind === "git" ? pathOfPage(target, location) : undefined;
  if (path === undefined || dataDir === undefined) return undefined;
  return { kind: "folder", root: cloneFolder(dataDir, { target, branch }), dir: dirname(path) };
}

/** The page of a file at GitHub (`/acme/shop/blob/main/path`) or GitLab (`/acme/shop/-/blob/main/path`). */
function hostedPlaceOf(location: string): HostedFilePlace | undefined {
  const { pathname } = URL.parse(location) ?? {};
  const [, repository, path] = /^\/(.+?)(?:\/-)?\/blob\/[^/]+\/(.+)$/.exec(pathname ?? "") ?? [];
  if (repository === undefined || path === undefined) return undefined;
  const dir = dirname(decodeURIComponent(path));
  return { kind: "hosted", repository: decodeURIComponent(repository), dir: dir === "." ? "" : dir };
}

function isWanted(path: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => path === pattern || posix.matchesGlob(path, pattern));
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
  return contentOf(path, bytes === null ? undefined : decodeText(bytes));
}

function contentOf(path: string, text: string | undefined): { readonly text?: string; readonly data?: unknown } {
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
