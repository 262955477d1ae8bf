import type { Analyser, Finding } from "../finding.ts";
import type { Tree } from "../../source/tree.ts";

/** What one analyser makes of one file. */
export function readWith(analyser: Analyser, path: string, text: string): readonly Finding[] {
  const base = path.slice(path.lastIndexOf("/") + 1);
  if (!analyser.matches(path, base)) return [];
  return analyser.read({ path, base, dir: path.slice(0, Math.max(0, path.length - base.length - 1)), text });
}

/** A tree of texts. */
export function treeOf(files: Readonly<Record<string, string>>): Tree {
  return {
    fingerprint: "test",
    files: Object.keys(files).sort(),
    skipped: [],
    read: async (path) => (files[path] === undefined ? undefined : new TextEncoder().encode(files[path])),
    locationOf: (path) => `/repo/${path}`,
    sizeOf: (path) => files[path]?.length,
  };
}
