import { lstat } from "node:fs/promises";
import { join } from "node:path";

import { CancelledError } from "@roadbed/core";

import { redactCredentials, runGit } from "./run-git.ts";

/** What a work tree's own history says of it. */
export interface CloneDescription {
  /** Address of `origin`, without credentials. */
  readonly remote?: string;
  /** Who committed, most commits first. */
  readonly authors: readonly CloneAuthor[];
}

export interface CloneAuthor {
  readonly name: string;
  /** Lower case. */
  readonly email: string;
  readonly commits: number;
  /** Day of the newest, `YYYY-MM-DD`. */
  readonly last: string;
}

/** Nothing of the clone's own configuration may run a program: it came from outside. */
const SETTINGS = ["core.fsmonitor=false", "log.showSignature=false", "gpg.program=/bin/false", "core.pager=cat"];

/**
 * Reads the remote and the authors of the newest `commits` since a day from the clone in `dir`. A folder without history of its own has
 * neither; a `.git` that only points elsewhere is not followed. Never fetches. Throws `CancelledError`.
 */
export async function describeClone(o: {
  readonly dir: string;
  readonly since: string;
  readonly commits: number;
  readonly signal?: AbortSignal;
}): Promise<CloneDescription> {
  const gitDir = join(o.dir, ".git");
  const found = await lstat(gitDir).catch(() => undefined);
  if (!found?.isDirectory()) return { authors: [] };
  const ask = async (args: readonly string[]): Promise<string> => {
    try {
      const printed = await runGit({
        args: ["--git-dir", gitDir, ...args],
        settings: SETTINGS,
        env: { GIT_NO_LAZY_FETCH: "1", GIT_OPTIONAL_LOCKS: "0" },
        maxOutputBytes: 4 * 2 ** 20,
        ...(o.signal ? { signal: o.signal } : {}),
      });
      return printed.toString("utf8");
    } catch (error) {
      // No commit yet, a broken clone: it has no history, and that is all there is to say.
      if (error instanceof CancelledError) throw error;
      return "";
    }
  };
  const remote = redactCredentials((await ask(["config", "--local", "--get", "remote.origin.url"])).trim()).replace("***@", "");
  const log = await ask(["log", `--since=${o.since}`, `--max-count=${o.commits}`, "--no-show-signature", "--format=%aN%x09%aE%x09%as"]);
  return { ...(remote === "" ? {} : { remote }), authors: countAuthors(log) };
}

function countAuthors(log: string): CloneAuthor[] {
  const found = new Map<string, { name: string; commits: number; last: string }>();
  for (const row of log.split("\n")) {
    const [name, email, day] = row.split("\t");
    if (name === undefined || email === undefined || day === undefined || !email.includes("@")) continue;
    const key = email.toLowerCase();
    const known = found.get(key) ?? { name, commits: 0, last: day };
    known.commits++;
    if (day > known.last) known.last = day;
    found.set(key, known);
  }
  return [...found].map(([email, rest]) => ({ email, ...rest })).sort((a, b) => b.commits - a.commits || (a.email < b.email ? -1 : 1));
}
