import { constants } from "node:fs";
import { open, opendir } from "node:fs/promises";
import { join, matchesGlob } from "node:path";

export interface Collected {
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  /** Paths that fit and were left out, because they are links or no files. */
  readonly links: readonly string[];
  readonly more: boolean;
}

/** What is never looked into. */
const CLOSED = new Set([".git"]);

/**
 * The files of a folder that fit one of the globs, by path. Links are neither followed nor taken: what a step made may point anywhere on the machine.
 */
export async function collectFiles(root: string, globs: readonly string[], most: number): Promise<Collected> {
  const files: { path: string; bytes: number }[] = [];
  const links: string[] = [];
  // A folder means what is in it.
  const wanted = globs.flatMap((glob) => [glob.replace(/\/+$/, ""), `${glob.replace(/\/+$/, "")}/**`]);
  let more = false;
  const walk = async (folder: string): Promise<void> => {
    for await (const entry of await opendir(join(root, folder))) {
      if (more) return;
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!CLOSED.has(entry.name)) await walk(path);
        continue;
      }
      if (!wanted.some((glob) => matchesGlob(path, glob))) continue;
      if (!entry.isFile()) links.push(path);
      else if (files.length >= most) more = true;
      else files.push({ path, bytes: await sizeOf(join(root, path)) });
    }
  };
  if (globs.length > 0) await walk("");
  return { files: files.sort((a, b) => (a.path < b.path ? -1 : 1)), links, more };
}

/** Opens a file that is no link, for reading. */
export function openFile(path: string): ReturnType<typeof open> {
  return open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
}

async function sizeOf(path: string): Promise<number> {
  const file = await openFile(path);
  try {
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}
