import { chmod, constants, copyFile, mkdir, realpath, writeFile } from "node:fs/promises";
import { dirname, isAbsolute, relative, resolve } from "node:path";

import { isWithin, outside, placeFile, resolveInside, type Content } from "./workspace.ts";

/** Writes a file below a folder; keeps an existing one unless `replace`. Answers whether it was written. */
export type Place = (path: string, content: Content, o: { readonly mode: number; readonly replace: boolean }) => Promise<boolean>;

/**
 * Places many files below `folder` of a workspace, each folder looked at once: what is new in a folder that lies inside lies inside,
 * too. Throws `InvalidError` for a path that leads out of either, in words or over a link.
 */
export function createPlacer(workspace: string, folder: string): Place {
  const ready = new Map<string, Promise<void>>();

  async function prepare(parent: string): Promise<void> {
    await resolveInside(folder, relative(folder, parent), "file name");
    await resolveInside(workspace, relative(workspace, parent), "file name");
    await mkdir(parent, { recursive: true });
    // A folder that came to be meanwhile by another name is seen, too.
    if (!isWithin(await realpath(workspace), await realpath(parent))) throw outside("file name", relative(folder, parent));
  }

  return async (path, content, o) => {
    const wanted = resolve(folder, path);
    if (isAbsolute(path) || path.includes("\0") || !isWithin(folder, wanted)) throw outside("file name", path);
    const parent = dirname(wanted);
    const inside = ready.get(parent) ?? prepare(parent);
    ready.set(parent, inside);
    await inside;
    const mode = o.mode & 0o111 ? 0o755 : 0o644;
    try {
      if ("copyOf" in content) {
        await copyFile(content.copyOf, wanted, constants.COPYFILE_EXCL);
        await chmod(wanted, mode);
      } else await writeFile(wanted, content.data, { flag: "wx", mode });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    // What is there already may be a link.
    await resolveInside(folder, path, "file name");
    await resolveInside(workspace, relative(workspace, wanted), "file name");
    return placeFile(wanted, content, o);
  };
}
