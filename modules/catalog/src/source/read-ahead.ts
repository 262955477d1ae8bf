import type { Tree } from "./tree.ts";

/** Files that are on their way at once, and how large each may be: memory stays small. */
const AHEAD = 12;
const SMALL = 256 * 1024;

/** The same tree, which reads the next small files of a list while one is looked at: reading a folder is mostly waiting for the disk. */
export function readAhead(tree: Tree, files: readonly string[]): Tree {
  const coming = new Map<string, Promise<Uint8Array | undefined>>();
  let next = 0;
  return {
    ...tree,
    read: async (file, limit) => {
      fill();
      const here = take(file);
      const bytes = await here?.catch(() => undefined);
      fill();
      // What failed or is gone is asked for again: then whoever asks gets the reason.
      return bytes !== undefined && bytes.length <= limit ? bytes : tree.read(file, limit);
    },
  };

  /** What the list had before it was read by another way, and is not asked for any more. */
  function take(file: string): Promise<Uint8Array | undefined> | undefined {
    const here = coming.get(file);
    for (const earlier of here ? coming.keys() : []) {
      coming.delete(earlier);
      if (earlier === file) break;
    }
    return here;
  }

  function fill(): void {
    for (; coming.size < AHEAD && next < files.length; next++) {
      const file = files[next]!;
      if ((tree.sizeOf?.(file) ?? Infinity) > SMALL) continue;
      const bytes = tree.read(file, SMALL);
      bytes.catch(() => {});
      coming.set(file, bytes);
    }
  }
}
