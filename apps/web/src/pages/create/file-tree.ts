/** A line of a folder tree: a folder, or a file. */
export interface TreeRow<F> {
  readonly key: string;
  readonly name: string;
  readonly depth: number;
  readonly file: F | undefined;
}

/** Paths as a tree, folders before files, each by name. */
export function toTree<F extends { readonly path: string }>(files: readonly F[]): readonly TreeRow<F>[] {
  const root: Folder<F> = { folders: new Map(), files: [] };
  for (const file of files) {
    const parts = file.path.split("/");
    let folder = root;
    for (const part of parts.slice(0, -1)) {
      const next = folder.folders.get(part) ?? { folders: new Map(), files: [] };
      folder.folders.set(part, next);
      folder = next;
    }
    folder.files.push({ name: parts.at(-1) ?? file.path, file });
  }
  return rowsOf(root, 0, "");
}

interface Folder<F> {
  readonly folders: Map<string, Folder<F>>;
  readonly files: { readonly name: string; readonly file: F }[];
}

function rowsOf<F extends { readonly path: string }>(folder: Folder<F>, depth: number, prefix: string): readonly TreeRow<F>[] {
  const folders = [...folder.folders].sort(([a], [b]) => a.localeCompare(b, "en"));
  const files = folder.files.toSorted((a, b) => a.name.localeCompare(b.name, "en"));
  return [
    ...folders.flatMap(([name, inner]) => [
      { key: `${prefix}${name}/`, name, depth, file: undefined },
      ...rowsOf(inner, depth + 1, `${prefix}${name}/`),
    ]),
    ...files.map(({ name, file }) => ({ key: file.path, name, depth, file })),
  ];
}
