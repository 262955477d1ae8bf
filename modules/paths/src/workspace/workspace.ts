import { InvalidError, TooLargeError } from "@roadbed/core";
import { constants, readFileSync } from "node:fs";
import { chmod, copyFile, cp, lstat, mkdir, readdir, readFile, realpath, rm, stat, writeFile } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";

/** What a path may make at most. */
export const LIMITS = { files: 5_000, bytes: 100_000_000 } as const;

export interface WorkspaceFile {
  /** Relative, with `/`. */
  readonly path: string;
  readonly bytes: number;
  readonly executable: boolean;
}

/**
 * Where a path inside a folder is on disk. Throws `InvalidError` for one that leads out of it, in words or over a
 * symbolic link. `what` names the input for the error.
 */
export async function resolveInside(folder: string, path: string, what: string): Promise<string> {
  const wanted = resolve(folder, path);
  if (isAbsolute(path) || path.includes("\0") || !isWithin(folder, wanted)) throw outside(what, path);
  const [realFolder, real] = await Promise.all([realOf(folder), realOf(wanted)]);
  if (!isWithin(realFolder, real)) throw outside(what, path);
  return wanted;
}

export function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === "" || (way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

/** All files below a folder, sorted, without `.git`. Links are not followed and not listed. */
export async function listFiles(folder: string): Promise<WorkspaceFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const kept = files.filter((file) => !relative(folder, file).split(sep).includes(".git"));
  if (kept.length > LIMITS.files) throw new TooLargeError(`A path may make ${LIMITS.files} files, and this one has ${kept.length}.`);
  const listed = await Promise.all(kept.map((file) => describeFile(folder, file)));
  const bytes = listed.reduce((sum, file) => sum + file.bytes, 0);
  if (bytes > LIMITS.bytes)
    throw new TooLargeError(`A path may make ${LIMITS.bytes / 1e6} MB, and this one has ${Math.round(bytes / 1e6)} MB.`);
  return listed.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Copies a tree as it is: modes and relative links that stay inside are kept, other links are left out. */
export async function copyTree(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true, mode: constants.COPYFILE_FICLONE, verbatimSymlinks: true });
}

/** What is written: texts and bytes, or another file as it is. */
export type Content = { readonly data: string | Uint8Array } | { readonly copyOf: string };

/** Writes a file and the folders above it; keeps an existing one unless `replace`. Answers whether it was written. */
export async function placeFile(path: string, content: Content, o: { readonly mode: number; readonly replace: boolean }): Promise<boolean> {
  if (!o.replace && (await exists(path))) return false;
  await mkdir(dirname(path), { recursive: true });
  if (await exists(path)) await rm(path, { recursive: true });
  if ("copyOf" in content) await copyFile(content.copyOf, path);
  else await writeFile(path, content.data);
  await chmod(path, o.mode & 0o111 ? 0o755 : 0o644);
  return true;
}

export async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** Up to here a file is read at once: the five ways through the pool of threads cost many times what the reading does. */
const AT_ONCE = 64_000;

/** The text of a file, or undefined when it is not text (a NUL byte, or not UTF-8). `bytes`: its size, where that is known. */
export async function readText(path: string, bytes = Infinity): Promise<string | undefined> {
  const data = bytes <= AT_ONCE ? readFileSync(path) : await readFile(path);
  if (data.subarray(0, 8_000).includes(0)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    return undefined;
  }
}

async function describeFile(folder: string, file: string): Promise<WorkspaceFile> {
  const { size, mode } = await stat(file);
  return { path: relative(folder, file).split(sep).join("/"), bytes: size, executable: (mode & 0o100) !== 0 };
}

/** The real place of a path whose last parts need not exist yet. */
async function realOf(path: string): Promise<string> {
  const parent = dirname(path);
  return realpath(path).catch(async () =>
    parent === path ? path : join(await realOf(parent), path.slice(parent.length + (parent === sep ? 0 : 1))),
  );
}

/** For a path that leads out of its folder; `what` names the input. */
export function outside(what: string, path: string): InvalidError {
  return new InvalidError(`${what} "${path}" leads out of its folder.`, {
    mend: "Use a path below the folder, without .. at its beginning.",
    problems: [{ at: what, reason: `"${path}" leads out of its folder` }],
  });
}
