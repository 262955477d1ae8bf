import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { checkPath } from "./names.ts";
import type { FilePatch } from "./read-tree.ts";
import { GitFailure, runGit } from "./run-git.ts";

/** What is different between two sets of texts by path, as `patches` would say it of two commits. Renames are not looked for. */
export async function compareTexts(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): Promise<FilePatch[]> {
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort().filter((path) => before.get(path) !== after.get(path));
  if (paths.length === 0) return [];
  const folder = await mkdtemp(join(tmpdir(), "compare-"));
  try {
    for (const [side, texts] of [["a", before] as const, ["b", after] as const]) {
      await mkdir(join(folder, side));
      for (const path of paths) {
        const text = texts.get(path);
        if (text === undefined) continue;
        await mkdir(dirname(join(folder, side, checkPath(path))), { recursive: true });
        await writeFile(join(folder, side, path), text);
      }
    }
    const printed = await differing(folder);
    const patches = new Map(
      printed
        .split(/^(?=diff --git )/m)
        .filter((text) => text.startsWith("diff --git "))
        .map((text) => [/^diff --git [ab]\/(.*) [ab]\/\1$/m.exec(text)?.[1] ?? "", text]),
    );
    return paths.map((path) => {
      const text = patches.get(path) ?? "";
      const begin = text.search(/^@@ /m);
      const patch = begin < 0 ? undefined : text.slice(begin);
      const lines = (patch ?? "").split("\n");
      return {
        path,
        status: !before.has(path) ? "added" : !after.has(path) ? "deleted" : "changed",
        added: lines.filter((line) => line.startsWith("+")).length,
        removed: lines.filter((line) => line.startsWith("-")).length,
        ...(patch === undefined ? {} : { patch }),
      };
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** `git diff` ends with 1 when there is a difference. */
async function differing(cwd: string): Promise<string> {
  const args = [
    "diff",
    "--no-index",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--no-renames",
    "--src-prefix=",
    "--dst-prefix=",
    "a",
    "b",
  ];
  try {
    return (await runGit({ cwd, args })).toString("utf8");
  } catch (error) {
    if (error instanceof GitFailure && error.exitCode === 1 && error.stdout !== undefined) return error.stdout.toString("utf8");
    throw error;
  }
}
