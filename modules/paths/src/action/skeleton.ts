import { InvalidError } from "@roadbed/core";
import { readdir, realpath, stat } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";

import { inTurns } from "../workspace/in-turns.ts";
import { isWithin } from "../workspace/workspace.ts";

export interface SkeletonFile {
  /** Relative to the skeleton, with `/`, as it is named there. */
  readonly path: string;
  /** The real file behind it. */
  readonly source: string;
  readonly mode: number;
  readonly bytes: number;
}

/**
 * Where a step's `url` is on disk: below the root of the path's own source. Throws `InvalidError` in words for anything else.
 */
export async function locate(
  template: { readonly ref: string; readonly folder: string | undefined; readonly root: string | undefined },
  url: string,
  wanted: "folder" | "file",
): Promise<string> {
  if (template.folder === undefined)
    throw new InvalidError(`The files of ${template.ref} are not on this machine.`, {
      mend: "Import the folder or repository that holds the path, with its skeleton.",
    });
  if (/^[a-z][a-z0-9+.-]*:/i.test(url)) {
    throw new InvalidError(`${url} is outside of the path's own source.`, {
      mend: "Keep the skeleton beside template.yaml and name it by a relative url.",
    });
  }
  const root = await realpath(template.root ?? template.folder);
  const place = await realpath(resolve(template.folder, url)).catch(() => undefined);
  if (!isWithin(template.root ?? template.folder, resolve(template.folder, url))) throw leaves(url);
  if (place === undefined)
    throw new InvalidError(`The ${wanted} ${url} that ${template.ref} names is not there.`, {
      mend: "Import the whole source of the path, with its skeleton.",
    });
  if (!isWithin(root, place)) throw leaves(url);
  const found = await stat(place);
  if (wanted === "folder" ? found.isDirectory() : found.isFile()) return place;
  throw new InvalidError(`${url} is not a ${wanted}.`);
}

/** All files of a skeleton. A link to a file inside it counts as that file; other links are left out and told to `warn`. */
export async function listSkeleton(folder: string, warn: (message: string) => Promise<void>): Promise<SkeletonFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files: SkeletonFile[] = [];
  const listed = entries.flatMap((entry) => {
    const full = join(entry.parentPath, entry.name);
    const path = relative(folder, full).split(sep).join("/");
    return entry.isDirectory() || path.split("/").includes(".git") ? [] : [{ full, path, isLink: entry.isSymbolicLink() }];
  });
  const seen = await inTurns(listed, async ({ full, path, isLink }) => {
    // Links to folders are not walked into, so only a link of its own can lead out.
    const source = isLink ? await realpath(full).catch(() => undefined) : full;
    return { path, source, found: source === undefined || !isWithin(folder, source) ? undefined : await stat(source) };
  });
  for (const { path, source, found } of seen) {
    if (source !== undefined && found?.isFile() === true) files.push({ path, source, mode: found.mode, bytes: found.size });
    else await warn(`${path} is a link out of the skeleton, or to a folder, and is left out.`);
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function leaves(url: string): InvalidError {
  return new InvalidError(`The url "${url}" leads out of the path's own source.`, {
    mend: "Name a folder of the path's own source by a relative url.",
    problems: [{ at: "url", reason: `"${url}" leads out of the path's own source` }],
  });
}
