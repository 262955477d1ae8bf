import { ConflictError, InvalidError, UnavailableError } from "@roadbed/core";

import { pinned, readRemote, reasonIn, type RemoteOptions } from "./clone-repository.ts";
import { checkRef } from "./names.ts";
import { GitFailure, redactCredentials, runGit } from "./run-git.ts";

export interface MirrorOptions extends Pick<RemoteOptions, "url" | "signal" | "addresses"> {
  /** The bare repository that is mirrored. */
  readonly gitDir: string;
  /** After so long without a byte git gives up by itself: who kills it leaves the helper that it started. */
  readonly stallSeconds?: number;
}

/** One branch as it is to stand at the remote. */
export interface MirrorUpdate {
  readonly branch: string;
  /** Null: it is to be there no more. */
  readonly to: string | null;
  /** Where it stands there, as was read; null for "not there". Anything else, and nothing is moved. */
  readonly from: string | null;
}

/** The branches of a remote with where each stands. Throws `UnavailableError` when it does not answer. */
export async function readRemoteBranches(options: MirrorOptions): Promise<ReadonlyMap<string, string>> {
  const printed = await call(options, ["ls-remote", "--heads", "--", readRemote(options.url).url]);
  const lines = printed.toString("utf8").split("\n").filter(Boolean);
  return new Map(
    lines.map((line) => [line.slice(line.indexOf("\t") + 1).replace(/^refs\/heads\//, ""), line.slice(0, line.indexOf("\t"))]),
  );
}

/** Brings what a remote has on a branch into the repository, under no name. Answers its commit. */
export async function fetchRemoteBranch(options: MirrorOptions, branch: string): Promise<string> {
  const ref = `refs/roadbed/mirror/${checkRef(branch)}`;
  await call(options, ["fetch", "--quiet", "--no-tags", "--", readRemote(options.url).url, `+refs/heads/${branch}:${ref}`]);
  return (await runGit({ args: ["--git-dir", options.gitDir, "rev-parse", ref] })).toString("utf8").trim();
}

/**
 * Moves branches of a remote, all of them or none. Forward only, unless `from` is no ancestor of `to`: then what stands there is replaced,
 * if it is still what was read. Throws `ConflictError` when somebody moved one meanwhile, `InvalidError` when the remote refuses,
 * `UnavailableError` when it does not answer.
 */
export async function pushBranches(options: MirrorOptions, updates: readonly MirrorUpdate[]): Promise<void> {
  if (updates.length === 0) return;
  const leases = updates.map(({ branch, from }) => `--force-with-lease=refs/heads/${checkRef(branch)}:${from ?? ""}`);
  const refs = updates.map(({ branch, to }) => `${to ?? ""}:refs/heads/${branch}`);
  await call(options, ["push", "--quiet", "--atomic", ...leases, "--", readRemote(options.url).url, ...refs]);
}

async function call({ url, gitDir, signal, addresses, stallSeconds = 30 }: MirrorOptions, args: readonly string[]): Promise<Buffer> {
  const remote = readRemote(url);
  try {
    return await runGit({
      args: ["--git-dir", gitDir, ...args],
      network: true,
      settings: [
        ...(addresses === undefined ? [] : pinned(remote.url, addresses)),
        "http.lowSpeedLimit=1",
        `http.lowSpeedTime=${stallSeconds}`,
      ],
      env: remote.settings,
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    if (!(error instanceof GitFailure)) throw error;
    throw faultOf(redactCredentials(remote.url), error.stderr);
  }
}

function faultOf(address: string, stderr: string): Error {
  const said = stderr.split("\n").find((line) => /^remote:\s*\S/.test(line.trim()));
  const reason = said?.trim().replace(/^remote:\s*/, "") ?? reasonIn(stderr);
  if (/fetch first|non-fast-forward|stale info|failed to update ref|reference already exists/.test(stderr)) {
    return new ConflictError(`A branch of ${address} moved while it was written.`, { mend: "It is read again and written anew." });
  }
  if (
    /error: 40[13]|Authentication failed|could not read Username|Permission|denied|remote rejected|hook declined|protected branch/i.test(
      stderr,
    )
  ) {
    return new InvalidError(`${address} refused it: ${reason || "it gave no reason"}`, {
      mend: "Give a token that may write there, or loosen the rule that refused it.",
    });
  }
  return new UnavailableError(`${address} does not answer: ${reason || "git gave no reason"}`, {
    mend: "Nothing is lost: it is tried again by itself.",
  });
}

/** Every branch of a bare repository with where it stands. */
export async function readBranches(gitDir: string): Promise<ReadonlyMap<string, string>> {
  const printed = await runGit({ args: ["--git-dir", gitDir, "for-each-ref", "--format=%(objectname) %(refname:lstrip=2)", "refs/heads"] });
  const lines = printed.toString("utf8").split("\n").filter(Boolean);
  return new Map(lines.map((line) => [line.slice(line.indexOf(" ") + 1), line.slice(0, line.indexOf(" "))]));
}
