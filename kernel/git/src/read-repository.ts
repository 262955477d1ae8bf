import { randomUUID } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { NotFoundError } from "@roadbed/core";

import { checkPath, checkRef } from "./names.ts";
import type { Commit } from "./repositories.ts";
import { GitFailure, runGit } from "./run-git.ts";

const MAX_FILE_BYTES = 32 * 2 ** 20;
/** What a commit may say of itself beside a file. */
const COMMIT_BYTES = 2 ** 16;

export async function readHead(gitDir: string, branch: string): Promise<string | undefined> {
  return resolveCommit(gitDir, `refs/heads/${checkRef(branch)}`);
}

export async function readLog(
  gitDir: string,
  { ref, limit, since }: { readonly ref: string; readonly limit: number; readonly since?: string | undefined },
): Promise<Commit[]> {
  const begin = since === undefined ? undefined : await resolveCommit(gitDir, checkRef(since));
  const format = "--format=%H%x00%an%x00%ae%x00%aI%x00%B%x01";
  const range = [`${checkRef(ref)}^{commit}`, ...(begin === undefined ? [] : [`^${begin}`])];
  let printed: Buffer;
  try {
    printed = await runGit({ args: ["--git-dir", gitDir, "log", `--max-count=${Math.trunc(limit)}`, format, ...range, "--"] });
  } catch (error) {
    if ((await resolveCommit(gitDir, ref)) === undefined) return [];
    throw error;
  }
  return printed
    .toString("utf8")
    .split("\u0001\n")
    .filter((entry) => entry !== "")
    .map(toCommit);
}

export async function listFiles(gitDir: string, ref: string): Promise<string[]> {
  try {
    const printed = await runGit({ args: ["--git-dir", gitDir, "ls-tree", "-r", "-z", "--name-only", `${checkRef(ref)}^{commit}`] });
    return printed
      .toString("utf8")
      .split("\0")
      .filter((path) => path !== "");
  } catch (error) {
    // A commit that is not there has words of its own.
    await commitOf(gitDir, ref);
    throw error;
  }
}

/** The commit is asked for beside the file, so that one process tells what of both is not there. */
export async function readFile(gitDir: string, ref: string, path: string): Promise<Uint8Array | undefined> {
  const commit = `${checkRef(ref)}^{commit}`;
  const input = `${commit}\n${checkRef(ref)}:${checkPath(path)}\n`;
  const printed = await runGit({
    args: ["--git-dir", gitDir, "cat-file", "--batch"],
    input,
    maxOutputBytes: MAX_FILE_BYTES + COMMIT_BYTES,
  });
  const first = objectAt(printed, 0);
  if (first === undefined) throw new NotFoundError("commit", ref);
  const second = objectAt(printed, first.end);
  return second?.type === "blob" ? second.content : undefined;
}

/** `<hash> <type> <bytes>`, the bytes and a line break, as `cat-file --batch` prints an object; undefined where it says that there is none. */
function objectAt(printed: Buffer, at: number): { readonly type: string; readonly content: Buffer; readonly end: number } | undefined {
  const line = printed.indexOf(10, at);
  const [, type = "", bytes] = /^[0-9a-f]{40,64} (\w+) (\d+)$/.exec(printed.subarray(at, line).toString("utf8")) ?? [];
  if (bytes === undefined) return undefined;
  const end = line + 1 + Number(bytes);
  return { type, content: printed.subarray(line + 1, end), end: end + 1 };
}

/** The hash of a commit's tree: the same files are the same tree, whatever was written about them. */
export async function readTreeHash(gitDir: string, ref: string): Promise<string> {
  const hash = await commitOf(gitDir, ref);
  return (await runGit({ args: ["--git-dir", gitDir, "rev-parse", `${hash}^{tree}`] })).toString("utf8").trim();
}

/** By an index of its own, so that any number of exports of one repository run side by side. */
export async function exportTree(gitDir: string, commit: string, target: string, symlinks: boolean): Promise<void> {
  const dir = resolve(target);
  const hash = await commitOf(gitDir, commit);
  const index = join(tmpdir(), `git-export-${randomUUID()}`);
  const call = { cwd: dir, env: { GIT_INDEX_FILE: index, GIT_WORK_TREE: dir }, settings: ["core.bare=false", `core.symlinks=${symlinks}`] };
  await mkdir(dir, { recursive: true });
  try {
    await runGit({ ...call, args: ["--git-dir", gitDir, "read-tree", hash] });
    await runGit({ ...call, args: ["--git-dir", gitDir, "checkout-index", "--all", "--force", "--quiet", `--prefix=${dir}/`] });
  } finally {
    await rm(index, { force: true });
  }
}

async function commitOf(gitDir: string, ref: string): Promise<string> {
  const hash = await resolveCommit(gitDir, checkRef(ref));
  if (hash !== undefined) return hash;
  throw new NotFoundError("commit", ref);
}

export async function resolveCommit(gitDir: string, ref: string): Promise<string | undefined> {
  try {
    const printed = await runGit({
      args: ["--git-dir", gitDir, "rev-parse", "--verify", "--quiet", "--end-of-options", `${ref}^{commit}`],
    });
    return printed.toString("utf8").trim();
  } catch (error) {
    if (error instanceof GitFailure && (error.exitCode === 1 || error.exitCode === 128)) return undefined;
    throw error;
  }
}

function toCommit(entry: string): Commit {
  const [hash = "", name = "", email = "", at = "", message = ""] = entry.split("\0");
  return { hash, author: { name, email }, at: new Date(at), message: message.trimEnd() };
}
