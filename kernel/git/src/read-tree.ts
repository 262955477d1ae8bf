import { createHash } from "node:crypto";

import { checkRef } from "./names.ts";
import { resolveCommit } from "./read-repository.ts";
import type { Commit } from "./repositories.ts";
import { GitFailure, runGit } from "./run-git.ts";

/** A file of a commit. `hash` is git's own: the SHA-1 of `blob <bytes>\0<content>`, see `blobHash`. */
export interface TreeEntry {
  readonly path: string;
  readonly hash: string;
  readonly executable: boolean;
}

/** How a file differs between two commits. */
export interface FileDifference {
  readonly path: string;
  readonly status: "added" | "changed" | "deleted" | "renamed";
  /** What it was called before, of one that was renamed. */
  readonly was?: string;
}

/** A difference with its text. */
export interface FilePatch extends FileDifference {
  /** Lines, not counted for what is no text. */
  readonly added: number;
  readonly removed: number;
  /** Unified, from its first `@@`; absent for what is no text and for what is too long. */
  readonly patch?: string;
}

/** A file named by what is in it, as git names it. */
export function blobHash(content: Uint8Array | string): string {
  const bytes = typeof content === "string" ? Buffer.from(content, "utf8") : content;
  return createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}

/** All files of a commit, in git's order; submodules are left out. Undefined when there is no such commit. */
export async function readTree(gitDir: string, ref: string): Promise<{ commit: string; files: TreeEntry[] } | undefined> {
  const commit = await resolveCommit(gitDir, checkRef(ref));
  if (commit === undefined) return undefined;
  const printed = await runGit({ args: ["--git-dir", gitDir, "ls-tree", "-r", "-z", commit] });
  const files = printed
    .toString("utf8")
    .split("\0")
    .flatMap((line): TreeEntry[] => {
      const [, mode, type, hash, path] = /^(\d+) (\w+) ([0-9a-f]+)\t(.*)$/s.exec(line) ?? [];
      return type === "blob" && hash !== undefined && path !== undefined ? [{ path, hash, executable: mode === "100755" }] : [];
    });
  return { commit, files };
}

/** The contents of blobs, by hash; those that are not there are left out. One process for all of them. */
export async function readBlobs(gitDir: string, hashes: readonly string[]): Promise<Map<string, Buffer>> {
  const wanted = [...new Set(hashes)].filter((hash) => /^[0-9a-f]{40,64}$/.test(hash));
  const found = new Map<string, Buffer>();
  if (wanted.length === 0) return found;
  const printed = await runGit({ args: ["--git-dir", gitDir, "cat-file", "--batch"], input: `${wanted.join("\n")}\n` });
  for (let at = 0; at < printed.length;) {
    const end = printed.indexOf(10, at);
    const [hash = "", type, size] = printed.subarray(at, end).toString("utf8").split(" ");
    at = end + 1;
    if (type !== "blob") continue;
    found.set(hash, printed.subarray(at, at + Number(size)));
    at += Number(size) + 1;
  }
  return found;
}

/** What is different between two commits, renamed files found. */
export async function readDifferences(gitDir: string, from: string, to: string): Promise<FileDifference[]> {
  const printed = await runGit({
    args: ["--git-dir", gitDir, "diff-tree", "-r", "-z", "-M", "--name-status", checkRef(from), checkRef(to)],
  });
  const parts = printed.toString("utf8").split("\0");
  const found: FileDifference[] = [];
  for (let n = 0; n + 1 < parts.length;) {
    const status = parts[n++] ?? "";
    const first = parts[n++] ?? "";
    if (status.startsWith("R")) found.push({ path: parts[n++] ?? "", status: "renamed", was: first });
    else found.push({ path: first, status: status === "A" ? "added" : status === "D" ? "deleted" : "changed" });
  }
  return found;
}

const LONGEST_PATCH = 200_000;

/** The same with the lines; `paths` limits it to some files. */
export async function readPatches(gitDir: string, from: string, to: string, paths: readonly string[] = []): Promise<FilePatch[]> {
  const differences = (await readDifferences(gitDir, from, to)).filter(
    ({ path, was }) => paths.length === 0 || paths.includes(path) || (was !== undefined && paths.includes(was)),
  );
  if (differences.length === 0) return [];
  const args = [
    "--git-dir",
    gitDir,
    "diff-tree",
    "-r",
    "-p",
    "-M",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    checkRef(from),
    checkRef(to),
  ];
  const wanted = paths.length === 0 ? [] : ["--", ...differences.flatMap(({ path, was }) => (was === undefined ? [path] : [path, was]))];
  const printed = await runGit({ args: ["--literal-pathspecs", ...args, ...wanted] });
  // Both print in the same order.
  const texts = printed
    .toString("utf8")
    .split(/^(?=diff --git )/m)
    .filter((text) => text.startsWith("diff --git "));
  return differences.map((difference, index) => ({ ...difference, ...measure(texts[index] ?? "") }));
}

function measure(text: string): { added: number; removed: number; patch?: string } {
  const begin = text.search(/^@@ /m);
  if (begin < 0) return { added: 0, removed: 0 };
  const patch = text.slice(begin);
  const lines = patch.split("\n");
  const added = lines.filter((line) => line.startsWith("+")).length;
  const removed = lines.filter((line) => line.startsWith("-")).length;
  return { added, removed, ...(patch.length > LONGEST_PATCH ? {} : { patch }) };
}

/**
 * The newest commit after `from` that touched each of these files, as far as there is one. Where `from` is not in the repository any
 * more, all of the history counts.
 */
export async function readLastTouched(
  gitDir: string,
  { from, to, paths }: { readonly from: string; readonly to: string; readonly paths: readonly string[] },
): Promise<Map<string, Commit>> {
  const found = new Map<string, Commit>();
  const head = paths.length === 0 ? undefined : await resolveCommit(gitDir, checkRef(to));
  if (head === undefined) return found;
  const begin = await resolveCommit(gitDir, checkRef(from));
  const format = "--format=tformat:%x01%H%x02%an%x02%ae%x02%aI%x02%s%x03";
  const range = begin === undefined ? [head] : [head, `^${begin}`];
  const printed = await runGit({
    args: ["--literal-pathspecs", "--git-dir", gitDir, "log", "-z", "--name-only", "--no-renames", format, ...range, "--", ...paths],
  });
  for (const entry of printed.toString("utf8").split("\u0001").slice(1)) {
    const [head_ = "", rest = ""] = entry.split("\u0003");
    const [hash = "", name = "", email = "", at = "", message = ""] = head_.split("\u0002");
    for (const path of rest.split("\0").map((one) => one.replace(/^\n/, ""))) {
      if (path !== "" && !found.has(path)) found.set(path, { hash, author: { name, email }, at: new Date(at), message });
    }
  }
  return found;
}

/** Whether everything of `older` is in `newer`. */
export async function isAncestor(gitDir: string, older: string, newer: string): Promise<boolean> {
  try {
    await runGit({ args: ["--git-dir", gitDir, "merge-base", "--is-ancestor", checkRef(older), checkRef(newer)] });
    return true;
  } catch (error) {
    if (error instanceof GitFailure) return false;
    throw error;
  }
}
