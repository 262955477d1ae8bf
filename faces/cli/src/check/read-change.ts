import { execFile } from "node:child_process";
import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { promisify } from "node:util";

import { ConflictError, InvalidError, UnavailableError } from "@roadbed/core";
import type { ChangedFile } from "@roadbed/contracts/standards/files";

const run = promisify(execFile);
const MANIFEST = /\.(?:ya?ml|json)$/i;
const KUSTOMIZATION = /(?:^|\/)(?:kustomization\.ya?ml|Kustomization)$/;
/** Files of a chart that are no manifests by themselves. */
const TEMPLATE = /\/templates\/.+\.tpl$/;
const MOST_AROUND = 300;
/** What tools write for themselves, and of which nobody wants to be told. */
const NOT_OURS = /(?:^|\/)(?:node_modules|\.git)\/|(?:^|\/)package-lock\.json$/;
const MOST_BYTES = 1_000_000;
const MOST_OUTPUT = 64 * 2 ** 20;

/** The manifests that differ between two folders. */
export async function readFolders(before: string, after: string): Promise<ChangedFile[]> {
  const [old, now] = [await filesBelow(before), await filesBelow(after)];
  const paths = [...new Set([...old, ...now])].toSorted();
  const files: ChangedFile[] = [];
  for (const path of paths) {
    const one = await changed(
      path,
      old.has(path) ? () => readFile(join(before, path), "utf8") : undefined,
      now.has(path) ? () => readFile(join(after, path), "utf8") : undefined,
    );
    if (one) files.push(one);
  }
  return files;
}

/** The manifests that a change touches: from where it left its base to a commit, or to the files as they stand. */
export async function readGitChange(o: {
  readonly folder: string;
  readonly base: string | undefined;
  readonly head: string | undefined;
}): Promise<ChangedFile[]> {
  const git = (...args: string[]): Promise<string> => callGit(o.folder, args);
  const root = (await git("rev-parse", "--show-toplevel")).trim();
  const base = o.base ?? (await defaultBranch(git));
  const head = o.head ?? "HEAD";
  for (const name of [base, head]) {
    await git("rev-parse", "--verify", "--quiet", `${name}^{commit}`).catch(() => {
      throw new InvalidError(`There is no commit ${name} here.`, { mend: "Name a branch, tag or commit; fetch it first if it is new." });
    });
  }
  const start = (await git("merge-base", base, head).catch(() => notRelated(base, head))).trim();
  const range = o.head === undefined ? [start] : [start, o.head];
  const names = (await git("diff", "--name-only", "--no-renames", "-z", ...range)).split("\0").filter(Boolean);
  // What is new and not added yet is part of what stands in the folder.
  const untracked =
    o.head === undefined ? (await callGit(root, ["ls-files", "--others", "--exclude-standard", "-z"])).split("\0").filter(Boolean) : [];
  const files: ChangedFile[] = [];
  for (const path of [...new Set([...names, ...untracked])]
    .filter((name) => (MANIFEST.test(name) || KUSTOMIZATION.test(name) || TEMPLATE.test(name)) && !NOT_OURS.test(name))
    .toSorted()) {
    const at = (commit: string) => (): Promise<string> => callGit(root, ["show", `${commit}:${path}`]);
    const isThere = async (commit: string): Promise<boolean> => (await callGit(root, ["ls-tree", "-z", commit, "--", path])) !== "";
    const onDisk = o.head === undefined && (await stat(join(root, path)).catch(() => undefined))?.isFile() === true;
    const now =
      o.head !== undefined
        ? (await isThere(o.head))
          ? at(o.head)
          : undefined
        : onDisk
          ? () => readFile(join(root, path), "utf8")
          : undefined;
    const one = await changed(path, (await isThere(start)) ? at(start) : undefined, now);
    if (one) files.push(one);
  }
  return files.length === 0 ? files : [...files, ...(await readAround({ root, start, head: o.head, changed: new Set(names), files }))];
}

/** What it takes to render overlays and charts with: the files around them, which the change leaves as they are. */
async function readAround(o: {
  readonly root: string;
  readonly start: string;
  readonly head: string | undefined;
  readonly changed: ReadonlySet<string>;
  readonly files: readonly ChangedFile[];
}): Promise<ChangedFile[]> {
  const all = (await callGit(o.root, ["ls-tree", "-r", "--name-only", "-z", o.head ?? o.start])).split("\0").filter(Boolean);
  const taken = new Set(o.files.map(({ path }) => path));
  const folders = (name: RegExp): string[] => [...new Set(all.filter((path) => name.test(path)).map((path) => dirname(path)))];
  const isBelow = (path: string, folder: string): boolean => folder === "." || path.startsWith(`${folder}/`);
  const overlays = folders(KUSTOMIZATION);
  const charts = folders(/(?:^|\/)Chart\.yaml$/).filter((chart) => [...o.changed].some((path) => isBelow(path, chart)));
  const wanted = all.filter(
    (path) =>
      !taken.has(path) &&
      !o.changed.has(path) &&
      !NOT_OURS.test(path) &&
      (charts.some((chart) => isBelow(path, chart)) ||
        ((MANIFEST.test(path) || KUSTOMIZATION.test(path)) && overlays.some((folder) => isBelow(path, folder)))),
  );
  const around: ChangedFile[] = [];
  for (const path of wanted.slice(0, MOST_AROUND)) {
    const text =
      o.head === undefined
        ? await readFile(join(o.root, path), "utf8").catch(() => undefined)
        : await callGit(o.root, ["show", `${o.head}:${path}`]);
    if (text !== undefined && Buffer.byteLength(text) <= MOST_BYTES) around.push({ path, before: text, after: text });
  }
  return around;
}

async function changed(
  path: string,
  readBefore: (() => Promise<string>) | undefined,
  readAfter: (() => Promise<string>) | undefined,
): Promise<ChangedFile | undefined> {
  const [before, after] = [await readBefore?.(), await readAfter?.()];
  if (before === after) return undefined;
  for (const text of [before, after]) {
    if (text !== undefined && Buffer.byteLength(text) > MOST_BYTES)
      throw new InvalidError(`${path} has more than 1 MB.`, { mend: "Split it, or leave it out of the change that is checked." });
  }
  return { path, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
}

async function filesBelow(folder: string): Promise<ReadonlySet<string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    throw new InvalidError(`The folder ${folder} cannot be read (${error.code ?? "unknown"}).`, { mend: "Name a folder that is there." });
  });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)).split(sep).join("/"));
  return new Set(paths.filter((path) => MANIFEST.test(path) && !NOT_OURS.test(path)));
}

async function defaultBranch(git: (...args: string[]) => Promise<string>): Promise<string> {
  for (const name of ["origin/HEAD", "origin/main", "origin/master", "main", "master"]) {
    const found = await git("rev-parse", "--verify", "--quiet", `${name}^{commit}`).catch(() => "");
    if (found !== "") return name;
  }
  throw new InvalidError("It is not known what to compare with.", { mend: "Name it: roadbed check --base <branch, tag or commit>" });
}

function notRelated(base: string, head: string): never {
  throw new ConflictError(`${base} and ${head} have no common commit here.`, {
    mend: "Fetch the whole history of both (a shallow clone has not got it): git fetch --unshallow, or fetch-depth: 0 in the pipeline.",
  });
}

async function callGit(cwd: string, args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await run("git", ["-c", "core.quotePath=false", ...args], { cwd, maxBuffer: MOST_OUTPUT });
    return stdout;
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    if (code === "ENOENT")
      throw new UnavailableError("git was not found.", { mend: "Install git, or name two folders with --before and --after." });
    if (/not a git repository/i.test(stderr ?? ""))
      throw new InvalidError(`${cwd} is in no Git repository.`, {
        mend: "Go into one, name it with --folder, or name two folders with --before and --after.",
      });
    throw new InvalidError(`git ${args[0]} failed: ${(stderr ?? "").trim().split("\n")[0] ?? "no message"}`, {
      mend: "See whether --base and --head name commits.",
    });
  }
}
