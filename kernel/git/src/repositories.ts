import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";

import { NotFoundError } from "@roadbed/core";

import { commitFiles, keepFiles, moveBranchTo, type CommitFilesOptions } from "./commit-files.ts";
import { exportTree, listFiles, readFile, readHead, readLog, readTreeHash } from "./read-repository.ts";
import {
  isAncestor,
  readBlobs,
  readDifferences,
  readLastTouched,
  readPatches,
  readTree,
  type FileDifference,
  type FilePatch,
  type TreeEntry,
} from "./read-tree.ts";
import { checkRef, checkRepositoryName, isRepositoryName } from "./names.ts";
import { runGit } from "./run-git.ts";

export type { CommitFilesOptions, FileChange } from "./commit-files.ts";
export type { FileDifference, FilePatch, TreeEntry } from "./read-tree.ts";

export interface Commit {
  readonly hash: string;
  /** The whole message, without the last line break. */
  readonly message: string;
  readonly author: { readonly name: string; readonly email: string };
  readonly at: Date;
}

/** Bare repositories, one folder `<name>.git` each. Every method throws `InvalidError` for a bad name and `NotFoundError` for an unknown one. */
export interface Repositories {
  /** The folder they are in, absolute. */
  readonly root: string;
  /** Makes the repository unless it is there; answers whether it was made. */
  init(name: string, options?: { readonly defaultBranch?: string }): Promise<boolean>;
  exists(name: string): Promise<boolean>;
  /** Names in alphabetical order. */
  list(): Promise<string[]>;
  remove(name: string): Promise<void>;
  /**
   * Writes files on top of a branch as one commit. `expectedParent` (a hash, or null for "the branch is not there yet") guards
   * against a lost update: `ConflictError` when the branch is elsewhere, unless it stands at this very commit already, so that
   * a repeated call answers the first one's hash.
   */
  commitFiles(name: string, options: CommitFilesOptions): Promise<{ readonly hash: string }>;
  /** Keeps a tree of files under `refs/roadbed/<ref>`: no branch, not shown to clients, never tidied away. */
  keepFiles(
    name: string,
    options: Pick<CommitFilesOptions, "files" | "message" | "author"> & { readonly ref: string },
  ): Promise<{ readonly hash: string }>;
  /** By compare-and-swap; `to` null takes the branch away. False when it does not stand at `from`. */
  moveBranch(name: string, branch: string, from: string, to: string | null): Promise<boolean>;
  /** The newest commit of a branch; undefined when there is no such branch. */
  head(name: string, branch: string): Promise<string | undefined>;
  /** Newest first; empty when the ref does not exist. `since` leaves out what that commit holds already, where it is there. */
  log(name: string, options: { readonly ref: string; readonly limit: number; readonly since?: string | undefined }): Promise<Commit[]>;
  /** Of the tree of a commit. */
  treeHash(name: string, ref: string): Promise<string>;
  listFiles(name: string, ref: string): Promise<string[]>;
  /** All files of a commit with their hashes; undefined when there is no such commit. */
  tree(name: string, ref: string): Promise<{ readonly commit: string; readonly files: readonly TreeEntry[] } | undefined>;
  /** Contents by hash; unknown hashes are left out. */
  blobs(name: string, hashes: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>>;
  differences(name: string, from: string, to: string): Promise<readonly FileDifference[]>;
  /** The same with the lines; `paths` limits it to some files. */
  patches(name: string, from: string, to: string, paths?: readonly string[]): Promise<readonly FilePatch[]>;
  /** The newest commit after `from` that touched each file. */
  lastTouched(
    name: string,
    input: { readonly from: string; readonly to: string; readonly paths: readonly string[] },
  ): Promise<ReadonlyMap<string, Commit>>;
  isAncestor(name: string, older: string, newer: string): Promise<boolean>;
  /** Undefined when there is no such file; `TooLargeError` above 32 MB. */
  readFile(name: string, ref: string, path: string): Promise<Uint8Array | undefined>;
  /**
   * Writes the files of a commit into `dir`, without `.git`. Symbolic links become plain files that hold their target, unless
   * `symlinks` is set: then whoever reads `dir` must see to it that none leads out.
   */
  exportTree(name: string, commit: string, dir: string, options?: { readonly symlinks?: boolean }): Promise<void>;
}

export function openRepositories(root: string): Repositories {
  const home = resolve(root);
  const gitDirOf = (name: string): string => join(home, `${checkRepositoryName(name)}.git`);

  async function existing(name: string): Promise<string> {
    const dir = gitDirOf(name);
    if (await isFolder(dir)) return dir;
    throw new NotFoundError("repository", name);
  }

  return {
    root: home,
    init: (name, options) => initRepository(home, gitDirOf(name), checkRef(options?.defaultBranch ?? "main")),
    exists: (name) => isFolder(gitDirOf(name)),
    list: () => listRepositories(home),
    remove: async (name) => removeRepository(home, await existing(name)),
    commitFiles: async (name, options) => commitFiles(await existing(name), options),
    keepFiles: async (name, options) => keepFiles(await existing(name), options),
    moveBranch: async (name, branch, from, to) => moveBranchTo(await existing(name), branch, from, to),
    tree: async (name, ref) => readTree(await existing(name), ref),
    blobs: async (name, hashes) => readBlobs(await existing(name), hashes),
    differences: async (name, from, to) => readDifferences(await existing(name), from, to),
    patches: async (name, from, to, paths) => readPatches(await existing(name), from, to, paths),
    lastTouched: async (name, input) => readLastTouched(await existing(name), input),
    isAncestor: async (name, older, newer) => isAncestor(await existing(name), older, newer),
    head: async (name, branch) => readHead(await existing(name), branch),
    log: async (name, options) => readLog(await existing(name), options),
    treeHash: async (name, ref) => readTreeHash(await existing(name), ref),
    listFiles: async (name, ref) => listFiles(await existing(name), ref),
    readFile: async (name, ref, path) => readFile(await existing(name), ref, path),
    exportTree: async (name, commit, dir, options) => exportTree(await existing(name), commit, dir, options?.symlinks ?? false),
  };
}

/** Made aside and renamed, so that a repository is there whole or not at all. */
async function initRepository(root: string, dir: string, defaultBranch: string): Promise<boolean> {
  if (await isFolder(dir)) return false;
  const draft = join(root, ".drafts", randomUUID());
  await mkdir(draft, { recursive: true });
  try {
    await runGit({ args: ["init", "--quiet", "--bare", "--template=", `--initial-branch=${defaultBranch}`, "--", draft] });
    await rename(draft, dir);
    return true;
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (await isFolder(dir)) return false;
    throw error;
  }
}

async function removeRepository(root: string, dir: string): Promise<void> {
  const grave = join(root, ".drafts", randomUUID());
  await mkdir(join(root, ".drafts"), { recursive: true });
  await rename(dir, grave);
  await rm(grave, { recursive: true, force: true });
}

async function listRepositories(root: string): Promise<string[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && entry.name.endsWith(".git"))
    .map((entry) => entry.name.slice(0, -".git".length))
    .filter(isRepositoryName)
    .sort();
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
