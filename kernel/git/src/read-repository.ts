import { randomUUID } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { NotFoundError } from "@roadbed/core";

import { checkPath, checkRef } from "./names.ts";
import type { Commit } from "./repositories.ts";
import { GitFailure, runGit } from "./run-git.ts";

const MAX_FILE_BYTES = 32 * 2 ** 20;

export async function readHead(gitDir: string, branch: string): Promise<string | undefined> {
  return resolveCommit(gitDir, `refs/heads/${checkRef(branch)}`);
}

export async function readLog(
  gitDir: string,
  { ref, limit, since }: { readonly ref: string; readonly limit: number; readonly since?: string | undefined },
): Promise<Commit[]> {
  const hash = await resolveCommit(gitDir, checkRef(ref));
  if (hash === undefined) return [];
  const begin = since === undefined ? undefined : await resolveCommit(gitDir, checkRef(since));
  const format = "--format=%H%x00%an%x00%ae%x00%aI%x00%B%x01";
  const printed = await runGit({
    args: [
      "--git-dir",
      gitDir,
      "log",
      `--max-count=${Math.trunc(limit)}`,
      format,
      hash,
      ...(begin === undefined ? [] : [`^${begin}`]),
      "--",
    ],
  });
  return printed
    .toString("utf8")
    .split("\u0001\n")
    .filter((entry) => entry !== "")
    .map(toCommit);
}

export async function listFiles(gitDir: string, ref: string): Promise<string[]> {
  const hash = await commitOf(gitDir, ref);
  const printed = await runGit({ args: ["--git-dir", gitDir, "ls-tree", "-r", "-z", "--name-only", hash] });
  return printed
    .toString("utf8")
    .split("\0")
    .filter((path) => path !== "");
}

export async function readFile(gitDir: string, ref: string, path: string): Promise<Uint8Array | undefined> {
  const hash = await commitOf(gitDir, ref);
  try {
    return await runGit({ args: ["--git-dir", gitDir, "cat-file", "blob", `${hash}:${checkPath(path)}`], maxOutputBytes: MAX_FILE_BYTES });
  } catch (error) {
    if (error instanceof GitFailure && error.exitCode === 128) return undefined;
    throw error;
  }
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
