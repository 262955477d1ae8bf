import { blobHash, type FileDifference, type TreeEntry } from "@roadbed/git";

import { matchesAny } from "../workspace/glob.ts";

/** A file as a version of a path made it. */
export interface MadeFile {
  readonly path: string;
  readonly hash: string;
  readonly executable: boolean;
  /** False: the path only began it. */
  readonly managed: boolean;
}

/** How a managed file differs from what the path made. */
export interface Drift {
  readonly path: string;
  readonly change: "changed" | "deleted" | "renamed" | "mode";
  readonly renamedTo?: string;
}

/** Files as a path made them, by hash; `managed` are its globs. */
export function toMadeFiles(
  files: readonly { readonly path: string; readonly content: Uint8Array; readonly executable: boolean }[],
  managed: readonly string[],
): MadeFile[] {
  return files.map(({ path, content, executable }) => ({
    path,
    hash: blobHash(content),
    executable,
    managed: matchesAny(path, managed),
  }));
}

/**
 * What is different in a repository's tree. Files that are there beside those of the path are nobody's business; `renames` are asked
 * for only when a file is missing.
 */
export async function compareFiles(
  made: readonly MadeFile[],
  tree: readonly TreeEntry[],
  renames: () => Promise<readonly FileDifference[]>,
): Promise<Drift[]> {
  const now = new Map(tree.map((entry) => [entry.path, entry]));
  const managed = made.filter((file) => file.managed);
  const missing = managed.filter(({ path }) => !now.has(path));
  const moved = new Map(
    missing.length === 0
      ? []
      : (await renames()).flatMap(({ status, was, path }) => (status === "renamed" && was !== undefined ? [[was, path]] : [])),
  );
  return managed.flatMap(({ path, hash, executable }): Drift[] => {
    const entry = now.get(path);
    if (entry === undefined) {
      const renamedTo = moved.get(path);
      return [renamedTo === undefined ? { path, change: "deleted" } : { path, change: "renamed", renamedTo }];
    }
    if (entry.hash !== hash) return [{ path, change: "changed" }];
    return entry.executable === executable ? [] : [{ path, change: "mode" }];
  });
}
