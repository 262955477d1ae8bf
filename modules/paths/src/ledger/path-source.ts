import { TooLargeError } from "@roadbed/core";
import { blobHash } from "@roadbed/git";
import { createHash } from "node:crypto";
import { readFile, realpath, stat } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";

import { listSkeleton, locate, type SkeletonFile } from "../action/skeleton.ts";
import type { Path } from "../template/template.ts";

/** A file that a path takes from its source. */
export interface SourceFile {
  /** Below the root of the source, with `/`. */
  readonly path: string;
  readonly hash: string;
  readonly executable: boolean;
}

/** Everything that a path makes its files of: with it, the same answers give the same files at any time. */
export interface PathSource {
  /** Of all that decides what is made: version, form, steps and files. */
  readonly digest: string;
  /** Where the template stands below the root. */
  readonly folder: string;
  readonly files: readonly SourceFile[];
  readonly contents: ReadonlyMap<string, Uint8Array>;
}

const LARGEST = 20_000_000;

/**
 * Reads the files that a path's steps can take: those beside its template, those its steps name, and all of its source where a step
 * names one by an expression. Undefined for a path without files on this machine. Throws `TooLargeError` above 20 MB.
 */
export async function readPathSource(path: Path): Promise<PathSource | undefined> {
  if (path.folder === undefined) return undefined;
  const root = await realpath(path.root ?? path.folder);
  const folder = await realpath(path.folder);
  const files = new Map<string, SourceFile>();
  const contents = new Map<string, Uint8Array>();
  let bytes = 0;
  for (const place of await placesOf(path, root, folder)) {
    for (const file of await filesAt(place)) {
      const at = relative(root, file.path).split(sep).join("/");
      if (files.has(at) || file.path === join(folder, "template.yaml")) continue;
      const content = await readFile(file.source);
      bytes += content.length;
      if (bytes > LARGEST) throw new TooLargeError(`The source of ${path.ref} is larger than ${LARGEST / 1e6} MB.`);
      const hash = blobHash(content);
      files.set(at, { path: at, hash, executable: (file.mode & 0o111) !== 0 });
      contents.set(hash, content);
    }
  }
  const sorted = [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  const where = relative(root, folder).split(sep).join("/");
  return { digest: digestOf(path, where, sorted), folder: where, files: sorted, contents };
}

/** Real paths of the folders and files that steps can read. */
async function placesOf(path: Path, root: string, folder: string): Promise<string[]> {
  const urls = path.steps.flatMap(({ input }) => (typeof input["url"] === "string" ? [input["url"]] : []));
  if (urls.some((url) => url.includes("${{"))) return [root];
  const named: string[] = [];
  for (const url of urls.filter((one) => !/^[a-z][a-z0-9+.-]*:/i.test(one))) {
    // What is not there stops the run itself, with its own words.
    const found = await locate(path, url, "folder").catch(() => locate(path, url, "file").catch(() => undefined));
    // By the name it has in the source, which the step will ask for again.
    if (found !== undefined) named.push(resolve(folder, url));
  }
  return [folder, ...named];
}

async function filesAt(place: string): Promise<SkeletonFile[]> {
  const found = await stat(place);
  if (!found.isDirectory()) return [{ path: place, source: await realpath(place), mode: found.mode, bytes: found.size }];
  const files = await listSkeleton(place, async () => {});
  return files.map((file) => ({ ...file, path: join(place, file.path) }));
}

function digestOf({ promises, entity }: Path, folder: string, files: readonly SourceFile[]): string {
  const { parameters, steps } = entity.spec ?? {};
  const { version, managed } = promises;
  return createHash("sha256").update(JSON.stringify({ version, managed, parameters, steps, folder, files })).digest("hex");
}
