import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ConflictError, InvalidError, UnavailableError } from "@roadbed/core";

import { pinned, readRemote, reasonIn, type Remote, type RemoteOptions } from "./clone-repository.ts";
import type { CommitFilesOptions } from "./commit-files.ts";
import { checkRef } from "./names.ts";
import { openRepositories } from "./repositories.ts";
import { GitFailure, redactCredentials, runGit } from "./run-git.ts";

export interface PushCommitOptions
  extends Pick<RemoteOptions, "url" | "signal" | "addresses">, Pick<CommitFilesOptions, "branch" | "files" | "message" | "author"> {
  /** When the commit says it was made. The same files, message, author and instant are the same commit: pushed twice it is pushed once. */
  readonly at: Date;
}

/**
 * Makes a branch of a remote repository with one first commit. Throws `ConflictError` when the branch is there with another commit,
 * `InvalidError` when the remote refuses the push, `UnavailableError` when it does not answer. Never forces.
 */
export async function pushCommit(options: PushCommitOptions): Promise<{ readonly commit: string }> {
  const remote = readRemote(options.url);
  const branch = checkRef(options.branch);
  const root = await mkdtemp(join(tmpdir(), "roadbed-push-"));
  try {
    const repositories = openRepositories(root);
    await repositories.init("draft", { defaultBranch: branch });
    const { hash } = await repositories.commitFiles("draft", { ...options, branch, expectedParent: null });
    await send(remote, options, join(root, "draft.git"), hash, branch);
    return { commit: hash };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function send(
  remote: Remote,
  { signal, addresses }: Pick<PushCommitOptions, "signal" | "addresses">,
  gitDir: string,
  hash: string,
  branch: string,
): Promise<void> {
  try {
    await runGit({
      args: ["--git-dir", gitDir, "push", "--quiet", "--", remote.url, `${hash}:refs/heads/${branch}`],
      network: true,
      settings: addresses === undefined ? [] : pinned(remote.url, addresses),
      env: remote.settings,
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    if (!(error instanceof GitFailure)) throw error;
    throw faultOf(redactCredentials(remote.url), branch, error.stderr);
  }
}

function faultOf(url: string, branch: string, stderr: string): Error {
  const said = stderr
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
  const reason = said.find((line) => /^remote:\s*\S/.test(line))?.replace(/^remote:\s*/, "") ?? reasonIn(stderr);
  if (/fetch first|\[rejected\]|non-fast-forward|stale info|failed to update ref|reference already exists/.test(stderr)) {
    return new ConflictError(`The branch ${branch} of ${url} is there with other commits.`, {
      mend: "Choose a repository that is empty, or another branch.",
    });
  }
  if (
    /error: 40[13]|Authentication failed|could not read Username|Permission|denied|remote rejected|pre-receive hook declined|protected branch/i.test(
      stderr,
    )
  ) {
    return new InvalidError(`${url} refused the push: ${reason || "it gave no reason"}`, {
      mend: "Give a token that may write there, or loosen the rule that refused it; then retry the run.",
    });
  }
  return new UnavailableError(`${url} could not be pushed to: ${reason || "git gave no reason"}`, {
    mend: "Nothing is lost: retry the run when the host answers again.",
  });
}
