import { createHash } from "node:crypto";
import { access, mkdir, realpath, rm, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join } from "node:path";

import { ForbiddenError, InvalidError, NotFoundError, UnavailableError } from "@roadbed/core";

import type { CatalogDeps } from "../deps.ts";
import { isInside, readFolderTree } from "./folder-tree.ts";
import { pageOfFile, pathOfPage, splitTarget } from "./git-address.ts";
import { readRepositoryTree } from "./repository-tree.ts";
import type { SourceRow } from "./source-store.ts";
import type { Tree } from "./tree.ts";

export interface OpenTree {
  readonly tree: Tree;
  /** The one file that was named instead of a folder. */
  readonly only?: string;
  /** Folders to watch, absolute. */
  readonly folders: readonly string[];
}

export type TreeDeps = Pick<CatalogDeps, "repositories" | "remotes" | "dataDir" | "allowedFolders">;

/** Lists what a source holds now. `address` may carry credentials that are not kept. Throws a `DomainError` when it cannot be reached. */
export async function openTree(
  deps: TreeDeps,
  source: Pick<SourceRow, "kind" | "target" | "branch">,
  o: { readonly address?: string; readonly signal?: AbortSignal } = {},
): Promise<OpenTree> {
  if (source.kind === "repository") return openRepository(deps, source);
  if (source.kind === "git") return openGit(deps, source, o);
  if (source.kind === "folder") return openFolder(deps, source.target);
  if (source.kind === "upload")
    throw new InvalidError("A file that was uploaded is not kept.", {
      mend: "Upload it again under the same name: that replaces what it brought.",
    });
  throw new InvalidError("Entities that were registered by a call have no source to read.", {
    mend: "Register them again, or put them into a file.",
  });
}

async function openFolder(deps: TreeDeps, target: string): Promise<OpenTree> {
  if (!isAbsolute(target))
    throw new InvalidError(`"${target}" is not an absolute path.`, { mend: "Name the folder from the root: /srv/catalog." });
  await checkAllowed(deps.allowedFolders, target);
  const found = await stat(target).catch(() => undefined);
  const folder = found?.isFile() ? dirname(target) : target;
  const tree = await readFolderTree(folder);
  const folders = tree.folders.map((path) => join(tree.root, path));
  return found?.isFile() ? { tree, only: basename(target), folders: folders.slice(0, 1) } : { tree, folders };
}

async function checkAllowed(allowed: readonly string[] | undefined, target: string): Promise<void> {
  if (!allowed) return;
  const real = await realpath(target).catch(() => target);
  for (const folder of allowed) if (isInside(await realpath(folder).catch(() => folder), real)) return;
  throw new ForbiddenError(`The folder ${target} may not be read.`, {
    mend: `Folders may be read below ${allowed.join(", ") || "(none)"}.`,
  });
}

async function openRepository({ repositories }: TreeDeps, { target, branch }: Pick<SourceRow, "target" | "branch">): Promise<OpenTree> {
  if (!repositories)
    throw new UnavailableError("This server has no Git host of its own.", { mend: "Import the repository by its address." });
  return { tree: await readRepositoryTree(repositories, target, branch ?? "main"), folders: [] };
}

/** Where the clone of a Git source is kept. */
export function cloneFolder(dataDir: string, { target, branch }: Pick<SourceRow, "target" | "branch">): string {
  const name = createHash("sha256")
    .update(`${target}\0${branch ?? ""}`)
    .digest("hex");
  return join(dataDir, "clones", name.slice(0, 24));
}

async function openGit(
  { remotes, dataDir }: TreeDeps,
  { target, branch }: Pick<SourceRow, "target" | "branch">,
  { address = target, signal }: { readonly address?: string; readonly signal?: AbortSignal },
): Promise<OpenTree> {
  if (!remotes || dataDir === undefined) {
    throw new UnavailableError("This server fetches no repositories.", { mend: "Clone it and import the folder." });
  }
  const dir = cloneFolder(dataDir, { target, branch });
  await mkdir(dirname(dir), { recursive: true });
  const { path: only } = splitTarget(target);
  const options = {
    url: splitTarget(address).repository,
    dir,
    depth: 1,
    ...(branch === null ? {} : { branch }),
    ...(signal ? { signal } : {}),
  };
  const { hash } = await fetchOrClone(remotes, options);
  const tree = await readFolderTree(dir, (path) => pageOfFile(target, branch, path));
  if (only !== undefined && !tree.files.includes(only)) {
    throw new NotFoundError("file", target, "Look at the address: the file must be there, on that branch.");
  }
  const read = { tree: { ...tree, fingerprint: hash, pathOf: (page: string) => pathOfPage(target, page) }, folders: [] };
  return only === undefined ? read : { ...read, only };
}

type Remotes = NonNullable<TreeDeps["remotes"]>;

async function fetchOrClone(remotes: Remotes, options: Parameters<Remotes["clone"]>[0]): Promise<{ readonly hash: string }> {
  const isThere = await access(join(options.dir, ".git", "HEAD")).then(
    () => true,
    () => false,
  );
  if (isThere) return remotes.fetch(options);
  // What an interrupted clone left would be in the way.
  await rm(options.dir, { recursive: true, force: true });
  return remotes.clone(options);
}
