import { ConflictError, InvalidError } from "@roadbed/core";

import { checkPath, checkRef } from "./names.ts";
import { readHead, resolveCommit } from "./read-repository.ts";
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
  /** When it says it was made; default now. Given, the same files make the same commit again. */
  readonly at?: Date;
  /** A hash, null for "the branch must not be there yet", undefined for "wherever it stands". */
  readonly expectedParent?: string | null;
  /** The commit to build on where that is not the branch's newest: for a branch that is new, or that is made anew. */
  readonly onto?: string;
  /** Files that are taken away. */
  readonly removed?: readonly string[];
}

/**
 * The commit is made by `fast-import`, which moves no branch, and then the branch is moved by compare-and-swap, so that two writers at
 * once never lose each other's work.
 */
export async function commitFiles(gitDir: string, options: CommitFilesOptions): Promise<{ hash: string }> {
  const branch = checkRef(options.branch);
  const parent = options.expectedParent === undefined ? await readHead(gitDir, branch) : (options.expectedParent ?? undefined);
  const onto = options.onto ?? parent;
  for (const hash of [parent, onto]) if (hash !== undefined) checkHash(hash);
  const hash = await importCommit(gitDir, onto, options);
  try {
    await moveRef(gitDir, `refs/heads/${branch}`, hash, parent);
    return { hash };
  } catch (error) {
    if (!(error instanceof GitFailure)) throw error;
    const now = await readHead(gitDir, branch);
    if (now !== undefined && (await isSameCommit(gitDir, now, hash))) return { hash: now };
    throw new ConflictError(`The branch ${branch} stands at ${now ?? "nothing"}, not at ${parent ?? "nothing"}.`, {
      cause: error,
      mend: "Read the branch again and repeat the change on top of it.",
    });
  }
}

/**
 * Keeps a tree of files under a name that is no branch, so that nobody's clone shows it and nothing tidies it away. The same files
 * under the same name are kept once. Answers the commit.
 */
export async function keepFiles(
  gitDir: string,
  { ref, files, message, author }: Pick<CommitFilesOptions, "files" | "message" | "author"> & { readonly ref: string },
): Promise<{ hash: string }> {
  const name = `refs/roadbed/${checkRef(ref)}`;
  const hash = await importCommit(gitDir, undefined, { branch: "", files, message, author });
  try {
    await moveRef(gitDir, name, hash, undefined);
    return { hash };
  } catch (error) {
    if (!(error instanceof GitFailure)) throw error;
    const known = await resolveCommit(gitDir, name);
    if (known !== undefined && (await isSameCommit(gitDir, known, hash))) return { hash: known };
    await runGit({ args: ["--git-dir", gitDir, "update-ref", name, hash] });
    return { hash };
  }
}

/** Moves a branch from one commit to another, or takes it away; false when it is not where it was said to be. */
export async function moveBranchTo(gitDir: string, branch: string, from: string, to: string | null): Promise<boolean> {
  const ref = `refs/heads/${checkRef(branch)}`;
  const args = to === null ? ["-d", ref, checkHash(from)] : [ref, checkHash(to), checkHash(from)];
  try {
    await runGit({ args: ["--git-dir", gitDir, "update-ref", ...args] });
    return true;
  } catch (error) {
    if (!(error instanceof GitFailure)) throw error;
    return (await readHead(gitDir, branch)) === (to ?? undefined);
  }
}

function checkHash(hash: string): string {
  if (/^[0-9a-f]{40,64}$/.test(hash)) return hash;
  throw new InvalidError(`"${hash.slice(0, 100)}" is not a full commit hash.`);
}

async function importCommit(gitDir: string, parent: string | undefined, options: CommitFilesOptions): Promise<string> {
  try {
    const printed = await runGit({ args: ["--git-dir", gitDir, "fast-import", "--quiet", "--done"], input: script(parent, options) });
    return printed.toString("utf8").trim();
  } catch (error) {
    // A parent that is not in this repository is the caller's mistake, and the same one as a parent that is not the newest.
    if (error instanceof GitFailure && parent !== undefined && /not a valid|not found|does not|missing/i.test(error.stderr)) {
      throw new ConflictError(`The commit ${parent} is not in this repository.`, { cause: error });
    }
    throw error;
  }
}

/** What the import calls the branch that it makes and forgets. */
const DRAFT = "refs/drafts/one";

/** The import's language: https://git-scm.com/docs/git-fast-import. A branch that is reset to nothing at the end is not written: only the commit is. */
function script(parent: string | undefined, { files, removed = [], message, author, at }: CommitFilesOptions): Buffer {
  const who = `${personText(author.name) || "unknown"} <${personText(author.email)}> ${Math.floor((at?.getTime() ?? Date.now()) / 1_000)} +0000`;
  const text = Buffer.from(message.replaceAll("\0", ""), "utf8");
  return Buffer.concat([
    Buffer.from(`commit ${DRAFT}\nmark :1\nauthor ${who}\ncommitter ${who}\ndata ${text.length}\n`),
    text,
    Buffer.from(`\n${parent === undefined ? "" : `from ${parent}\n`}`),
    // First what goes: a folder may become a file of the same name.
    ...removed.map((path) => Buffer.from(`D ${quote(path)}\n`)),
    ...files.flatMap(fileCommand),
    Buffer.from(`\nget-mark :1\nreset ${DRAFT}\n\ndone\n`),
  ]);
}

function fileCommand({ path, content, executable }: FileChange): Buffer[] {
  const bytes = typeof content === "string" ? Buffer.from(content, "utf8") : content;
  return [
    Buffer.from(`M ${executable === true ? "100755" : "100644"} inline ${quote(path)}\ndata ${bytes.length}\n`),
    Buffer.from(bytes),
    Buffer.from("\n"),
  ];
}

function quote(path: string): string {
  return `"${checkPath(path).replaceAll('"', '\\"')}"`;
}

/** Names and addresses must not break the line or the angle brackets they stand in. */
function personText(text: string): string {
  return text
    .replaceAll(/[<>\p{Cc}]/gu, "")
    .trim()
    .slice(0, 200);
}

async function moveRef(gitDir: string, ref: string, to: string, from: string | undefined): Promise<void> {
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
