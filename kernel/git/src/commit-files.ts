import { randomUUID } from "node:crypto";

import { ConflictError, InvalidError } from "@roadbed/core";

import { checkPath, checkRef } from "./names.ts";
import { readHead } from "./read-repository.ts";
import { GitFailure, runGit } from "./run-git.ts";

export interface FileChange {
  readonly path: string;
  /** Text is written as UTF-8. */
  readonly content: Uint8Array | string;
  readonly executable?: boolean;
}

export interface CommitFilesOptions {
  readonly branch: string;
  readonly files: readonly FileChange[];
  readonly message: string;
  readonly author: { readonly name: string; readonly email: string };
  /** A hash, null for "the branch must not be there yet", undefined for "wherever it stands". */
  readonly expectedParent?: string | null;
}

/**
 * The commit is made by `fast-import` under a name of its own and then the branch is moved by compare-and-swap, so that two
 * writers at once never lose each other's work.
 */
export async function commitFiles(gitDir: string, options: CommitFilesOptions): Promise<{ hash: string }> {
  const branch = checkRef(options.branch);
  const head = await readHead(gitDir, branch);
  const parent = options.expectedParent === undefined ? head : (options.expectedParent ?? undefined);
  if (parent !== undefined && !/^[0-9a-f]{40,64}$/.test(parent))
    throw new InvalidError(`"${parent.slice(0, 100)}" is not a full commit hash.`);
  const draft = `refs/drafts/${randomUUID()}`;
  const hash = await importCommit(gitDir, draft, parent, options);
  try {
    await moveBranch(gitDir, `refs/heads/${branch}`, hash, parent);
    return { hash };
  } catch (error) {
    if (!(error instanceof GitFailure)) throw error;
    const now = await readHead(gitDir, branch);
    if (now !== undefined && (await isSameCommit(gitDir, now, hash))) return { hash: now };
    throw new ConflictError(`The branch ${branch} stands at ${now ?? "nothing"}, not at ${parent ?? "nothing"}.`, {
      cause: error,
      mend: "Read the branch again and repeat the change on top of it.",
    });
  } finally {
    await runGit({ args: ["--git-dir", gitDir, "update-ref", "-d", draft] }).catch(() => {});
  }
}

async function importCommit(gitDir: string, ref: string, parent: string | undefined, options: CommitFilesOptions): Promise<string> {
  try {
    const printed = await runGit({ args: ["--git-dir", gitDir, "fast-import", "--quiet", "--done"], input: script(ref, parent, options) });
    return printed.toString("utf8").trim();
  } catch (error) {
    // A parent that is not in this repository is the caller's mistake, and the same one as a parent that is not the newest.
    if (error instanceof GitFailure && parent !== undefined && /not a valid|not found|does not|missing/i.test(error.stderr)) {
      throw new ConflictError(`The commit ${parent} is not in this repository.`, { cause: error });
    }
    throw error;
  }
}

/** The import's language: https://git-scm.com/docs/git-fast-import */
function script(ref: string, parent: string | undefined, { files, message, author }: CommitFilesOptions): Buffer {
  const who = `${personText(author.name) || "unknown"} <${personText(author.email)}> ${Math.floor(Date.now() / 1_000)} +0000`;
  const text = Buffer.from(message.replaceAll("\0", ""), "utf8");
  return Buffer.concat([
    Buffer.from(`commit ${ref}\nmark :1\nauthor ${who}\ncommitter ${who}\ndata ${text.length}\n`),
    text,
    Buffer.from(`\n${parent === undefined ? "" : `from ${parent}\n`}`),
    ...files.flatMap(fileCommand),
    Buffer.from("\nget-mark :1\ndone\n"),
  ]);
}

function fileCommand({ path, content, executable }: FileChange): Buffer[] {
  const bytes = typeof content === "string" ? Buffer.from(content, "utf8") : content;
  const quoted = `"${checkPath(path).replaceAll('"', '\\"')}"`;
  return [
    Buffer.from(`M ${executable === true ? "100755" : "100644"} inline ${quoted}\ndata ${bytes.length}\n`),
    Buffer.from(bytes),
    Buffer.from("\n"),
  ];
}

/** Names and addresses must not break the line or the angle brackets they stand in. */
function personText(text: string): string {
  return text
    .replaceAll(/[<>\p{Cc}]/gu, "")
    .trim()
    .slice(0, 200);
}

async function moveBranch(gitDir: string, ref: string, to: string, from: string | undefined): Promise<void> {
  await runGit({ args: ["--git-dir", gitDir, "update-ref", ref, to, from ?? "0".repeat(to.length)] });
}

/** Same tree, parents, message and author: the same change made twice, save for the time. */
async function isSameCommit(gitDir: string, a: string, b: string): Promise<boolean> {
  if (a === b) return true;
  const format = "--format=%T%x00%P%x00%an%x00%ae%x00%B%x01";
  const printed = await runGit({ args: ["--git-dir", gitDir, "show", "--no-patch", format, a, b, "--"] });
  const [first, second] = printed.toString("utf8").split("\u0001");
  return first?.trim() === second?.trim();
}
