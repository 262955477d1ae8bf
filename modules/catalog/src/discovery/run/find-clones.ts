import { lstat, readdir, realpath } from "node:fs/promises";
import { isAbsolute, join, posix } from "node:path";

import { ForbiddenError, InvalidError } from "@roadbed/core";

import { isInside, SKIPPED } from "../../source/folder-tree.ts";
import { breathe } from "../../source/breathe.ts";

/** Most repositories of one folder. */
export const MAX_CLONES = 5_000;
/** How deep clones may lie: `host/organisation/group/repository`. */
const MAX_DEPTH = 4;

/**
 * The clones in a folder, by their paths in it, sorted. A folder that is itself a clone is one (""). Where nothing has a `.git`, the
 * folders right in it are taken, as they are when archives were unpacked. Links are not followed. Throws `InvalidError`.
 */
export async function findClones(
  folder: string,
  allowed?: readonly string[],
): Promise<{ readonly root: string; readonly paths: readonly string[]; readonly left: number }> {
  if (!isAbsolute(folder))
    throw new InvalidError(`"${folder}" is not an absolute path.`, { mend: "Name the folder from the root: /srv/clones." });
  const root = await realpath(folder).catch((error: NodeJS.ErrnoException) => {
    throw new InvalidError(`The folder ${folder} ${error.code === "ENOENT" ? "is not there" : `cannot be read: ${error.code}`}.`, {
      mend: "Name a folder on the machine where the server runs.",
      problems: [{ at: "target", reason: "cannot be read" }],
    });
  });
  await checkAllowed(allowed, root);
  const found: string[] = [];
  const loose: string[] = [];
  await walk("", 0);
  const paths = found.length > 0 ? found : loose;
  paths.sort();
  return { root, paths: paths.slice(0, MAX_CLONES), left: Math.max(0, paths.length - MAX_CLONES) };

  async function walk(path: string, depth: number): Promise<void> {
    await breathe();
    const entries = await readdir(join(root, path), { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
      if (path === "")
        throw new InvalidError(`The folder ${folder} cannot be read: ${error.code}.`, {
          mend: "Name a folder that the server's user may read.",
        });
      return [];
    });
    if (entries.some(({ name }) => name === ".git") && (await isGit(join(root, path)))) return void found.push(path);
    if (depth === MAX_DEPTH) return;
    for (const entry of entries) {
      if (!entry.isDirectory() || SKIPPED.has(entry.name) || entry.name.startsWith(".")) continue;
      if (depth === 0) loose.push(entry.name);
      await walk(posix.join(path, entry.name), depth + 1);
    }
  }
}

async function isGit(folder: string): Promise<boolean> {
  const found = await lstat(join(folder, ".git")).catch(() => undefined);
  return found !== undefined && (found.isDirectory() || found.isFile());
}

async function checkAllowed(allowed: readonly string[] | undefined, root: string): Promise<void> {
  if (!allowed) return;
  for (const folder of allowed) if (isInside(await realpath(folder).catch(() => folder), root)) return;
  throw new ForbiddenError(`The folder ${root} may not be read.`, { mend: `Folders may be read below ${allowed.join(", ") || "(none)"}.` });
}
