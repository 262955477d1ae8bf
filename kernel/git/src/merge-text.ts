import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { GitFailure, runGit } from "./run-git.ts";

export interface MergedText {
  readonly content: Uint8Array;
  /** How many places both sides changed differently; they are marked by `<<<<<<<` and `>>>>>>>` in the content. */
  readonly conflicts: number;
}

/** Three versions of a text become one, as `git merge-file` does it. Undefined for what is no text. */
export async function mergeText(
  versions: { readonly base: Uint8Array; readonly ours: Uint8Array; readonly theirs: Uint8Array },
  labels: { readonly base: string; readonly ours: string; readonly theirs: string },
): Promise<MergedText | undefined> {
  const { base, ours, theirs } = versions;
  if ([base, ours, theirs].some((content) => content.subarray(0, 8_000).includes(0))) return undefined;
  const folder = await mkdtemp(join(tmpdir(), "merge-"));
  try {
    await Promise.all(
      [["ours", ours] as const, ["base", base] as const, ["theirs", theirs] as const].map(([name, data]) =>
        writeFile(join(folder, name), data),
      ),
    );
    const named = [labels.ours, labels.base, labels.theirs].flatMap((label) => ["-L", label]);
    const call = { cwd: folder, args: ["merge-file", "-p", "--diff3", ...named, "ours", "base", "theirs"] };
    return await runGit(call).then(
      (content) => ({ content, conflicts: 0 }),
      (error: unknown) => countConflicts(error),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The exit code is the number of conflicts, 127 for more; from 128 on it is a real failure. */
function countConflicts(error: unknown): MergedText {
  if (error instanceof GitFailure && error.exitCode !== null && error.exitCode > 0 && error.exitCode < 128 && error.stdout !== undefined) {
    return { content: error.stdout, conflicts: error.exitCode };
  }
  throw error;
}
