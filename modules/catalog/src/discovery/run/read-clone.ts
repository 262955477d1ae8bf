import { join, posix } from "node:path";

import type { Clones } from "../../deps.ts";
import { readFolderTree, SKIPPED } from "../../source/folder-tree.ts";
import type { Tree } from "../../source/tree.ts";
import { analyseTree } from "../analyse/analyse-tree.ts";
import type { Repository } from "../finding.ts";
import type { Note } from "./repository-store.ts";

/** Folders that are never opened: what was fetched or built. */
const NEVER: ReadonlySet<string> = new Set([
  ...SKIPPED,
  "vendor",
  "target",
  "dist",
  ".venv",
  "venv",
  ".next",
  ".terraform",
  "Pods",
  "__pycache__",
]);

/** How far back it is counted who committed. */
export const SINCE_DAYS = 365;
/** Most commits of one repository that are counted. */
const MAX_COMMITS = 500;

export interface ReadRepository {
  readonly repository: Repository;
  readonly fingerprint: string;
  readonly notes: readonly Note[];
}

/** Lists a clone without opening a file: enough to know whether it is as it was. */
export function listClone(root: string, path: string): Promise<Tree> {
  return readFolderTree(join(root, path), undefined, NEVER);
}

/** Reads what a clone says, with its history where there is any. */
export async function readClone(
  o: {
    readonly root: string;
    readonly path: string;
    readonly tree: Tree;
    readonly clones: Clones | undefined;
    readonly signal: AbortSignal;
  },
  now: Date,
): Promise<ReadRepository> {
  const { root, path, tree, clones, signal } = o;
  const dir = join(root, path);
  const since = new Date(now.getTime() - SINCE_DAYS * 86_400_000).toISOString().slice(0, 10);
  const history = await clones?.describe({ dir, since, commits: MAX_COMMITS, signal });
  const remote = history?.remote === undefined ? undefined : readRemote(history.remote);
  const name = remote?.name ?? (posix.basename(path) || posix.basename(root));
  const { findings, notes } = await analyseTree(tree, { signal });
  return {
    repository: {
      key: remote?.key ?? dir,
      name,
      ...(remote ? { url: remote.url } : {}),
      group: path.includes("/") ? posix.basename(posix.dirname(path)) : "",
      findings,
      authors: history?.authors ?? [],
    },
    fingerprint: tree.fingerprint,
    notes: notes.map(({ file, reason }) => ({ repository: name, file, reason })),
  };
}

/** Reads what a source's tree says; its `target` is its name. */
export async function readSourceTree(o: {
  readonly tree: Tree;
  readonly target: string;
  readonly signal: AbortSignal;
}): Promise<ReadRepository> {
  const remote = readRemote(o.target);
  const name = remote?.name ?? posix.basename(o.target.replace(/\/$/, "").replace(/^repository:/, ""));
  const { findings, notes } = await analyseTree(o.tree, { signal: o.signal });
  return {
    repository: { key: remote?.key ?? o.target, name, ...(remote ? { url: remote.url } : {}), group: "", findings, authors: [] },
    fingerprint: o.tree.fingerprint,
    notes: notes.map(({ file, reason }) => ({ repository: name, file, reason })),
  };
}

/** `git@github.com:shop/a.git` and `https://github.com/shop/a` are the same repository. */
export function readRemote(address: string): { readonly key: string; readonly url: string; readonly name: string } | undefined {
  const [, host, path] = /^(?:[a-z+]+:\/\/)?(?:[^@/\s]*@)?([\w.-]+)(?::\d+)?[:/]+(.+?)(?:\.git)?\/*$/i.exec(address) ?? [];
  if (host === undefined || path === undefined || !host.includes(".") || address.startsWith("/") || address.startsWith("file:"))
    return undefined;
  const key = `${host}/${path}`.toLowerCase();
  return { key, url: `https://${host.toLowerCase()}/${path}`, name: posix.basename(path) };
}
