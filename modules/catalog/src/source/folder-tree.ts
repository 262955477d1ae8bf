import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { lstat, open, readdir, realpath } from "node:fs/promises";
import { join, posix, relative, sep } from "node:path";

import { InvalidError, TooLargeError } from "@roadbed/core";

import { breathe } from "./breathe.ts";
import type { Tree } from "./tree.ts";

/** Folders that hold what others made: never descriptors of this source. */
export const SKIPPED: ReadonlySet<string> = new Set(["node_modules", ".git", ".hg", ".svn", ".roadbed"]);
const MAX_FILES = 200_000;

export interface FolderTree extends Tree {
  /** Absolute path, links resolved. */
  readonly root: string;
  /** Every folder walked, relative; "" is the root. */
  readonly folders: readonly string[];
}

/**
 * Lists a folder and all below it. A link is followed only if it stays inside. Throws `InvalidError` when the folder is not
 * there or may not be read.
 */
export async function readFolderTree(
  folder: string,
  locate: (path: string) => string = (path) => join(folder, path),
  skips: ReadonlySet<string> = SKIPPED,
): Promise<FolderTree> {
  const root = await realpath(folder).catch((error: NodeJS.ErrnoException) => {
    throw unreadable(folder, error);
  });
  const files: { path: string; stamp: string }[] = [];
  const skipped: { file: string; reason: string; mend: string }[] = [];
  const folders: string[] = [];
  const real = new Set<string>();
  const sizes = new Map<string, number>();
  await walk("");
  files.sort((a, b) => (a.path < b.path ? -1 : 1));

  return {
    root,
    folders,
    skipped,
    fingerprint: fingerprintOf(files),
    files: files.map(({ path }) => path),
    locationOf: locate,
    sizeOf: (path) => sizes.get(path),
    read: (path, limit) => readInside(root, path, limit),
  };

  async function walk(dir: string): Promise<void> {
    const here = join(root, dir);
    if (real.has(here) || files.length >= MAX_FILES) return;
    real.add(here);
    folders.push(dir);
    const entries = await readdir(here, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
      if (dir === "") throw unreadable(folder, error);
      skipped.push({ file: dir, reason: `the folder cannot be read: ${error.code}`, mend: "Let the server's user read it." });
      return [];
    });
    for (const entry of entries) {
      await breathe();
      const path = posix.join(dir, entry.name);
      if (entry.isSymbolicLink()) await visitLink(path);
      else if (entry.isDirectory() && !skips.has(entry.name)) await walk(path);
      else if (entry.isFile()) await addFile(path, join(here, entry.name));
    }
  }

  async function visitLink(path: string): Promise<void> {
    const target = await realpath(join(root, path)).catch(() => undefined);
    if (target === undefined) return;
    if (!isInside(root, target)) {
      skipped.push({
        file: path,
        reason: "is a link that leaves the folder",
        mend: "Copy what it points to, or add that folder as a source.",
      });
      return;
    }
    const found = await lstat(target);
    if (found.isDirectory()) await walk(relative(root, target).split(sep).join("/"));
    else if (found.isFile()) await addFile(path, target);
  }

  async function addFile(path: string, absolute: string): Promise<void> {
    if (files.length === MAX_FILES) {
      skipped.push({ file: path, reason: `the folder holds more than ${MAX_FILES} files`, mend: "Name a smaller folder." });
      return;
    }
    if (files.length > MAX_FILES) return;
    const { size, mtimeMs, ino } = await lstat(absolute);
    sizes.set(path, size);
    files.push({ path, stamp: `${size}:${mtimeMs}:${ino}` });
  }
}

export function isInside(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

/** A file below `root`, which has its links resolved; undefined when there is none, or when a link leads out of it. */
export async function readInside(root: string, path: string, limit: number): Promise<Uint8Array | undefined> {
  // Resolved again at the moment of reading: what was a file when it was listed may be a link now.
  const absolute = await realpath(join(root, path)).catch(() => undefined);
  if (absolute === undefined || !isInside(root, absolute)) return undefined;
  const file = await open(absolute, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(() => undefined);
  if (!file) return undefined;
  try {
    const found = await file.stat();
    if (!found.isFile()) return undefined;
    if (found.size > limit) throw new TooLargeError(`${path} has ${found.size} bytes; ${limit} is the most`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

function fingerprintOf(files: readonly { readonly path: string; readonly stamp: string }[]): string {
  const hash = createHash("sha256");
  for (const { path, stamp } of files) hash.update(`${path}\0${stamp}\n`);
  return hash.digest("base64url");
}

function unreadable(folder: string, error: NodeJS.ErrnoException): InvalidError {
  const reasons: Record<string, string> = { ENOENT: "is not there", ENOTDIR: "is not a folder", EACCES: "may not be read" };
  return new InvalidError(`The folder ${folder} ${reasons[error.code ?? ""] ?? `cannot be read: ${error.code}`}.`, {
    mend: "Name a folder on the machine where the server runs, as an absolute path.",
    problems: [{ at: "target", reason: reasons[error.code ?? ""] ?? String(error.code) }],
  });
}
