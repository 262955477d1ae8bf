import { InvalidError, NotFoundError, type Logger } from "@roadbed/core";
import { openRepositories, type Repositories } from "@roadbed/git";
import { createHash } from "node:crypto";
import { mkdir, rm, stat, symlink } from "node:fs/promises";
import { join } from "node:path";

import { connect, pushUrl, type Place } from "../action/outside/connect.ts";
import type { Outside } from "../deps.ts";
import type { LedgerRepositories } from "./check-made.ts";

/** How far back a repository elsewhere is looked at: who changed what since the path made it. */
const DEPTH = 1_000;

/** What a made thing at GitHub or GitLab is called in the ledger: `github.com/acme/orders`. The embedded host's names have no slash. */
export function isHosted(repository: string): boolean {
  return repository.includes("/");
}

export function hostedName({ host, owner, repo }: { readonly host: string; readonly owner: string; readonly repo: string }): string {
  return `${host}/${owner}/${repo}`;
}

/** The host, its system and the way to it, by what administrators connected for golden paths. */
export async function placeOfHosted(outside: Outside | undefined, repository: string, log: Logger): Promise<Place> {
  const [host = "", ...rest] = repository.split("/");
  const repo = rest.pop() ?? "";
  const owner = rest.join("/");
  const known = (await outside?.hosts())?.find((one) => one.host === host);
  if (known === undefined) {
    throw new InvalidError(`Golden paths have no way to ${host} any more.`, {
      mend: `An administrator connects ${host} as a source and switches on "goldenPaths".`,
    });
  }
  const c = {
    log: async (level: string, message: string) => log.debug(message, { level, repository }),
    signal: AbortSignal.timeout(60_000),
  };
  return connect(c as never, outside, known.system, {
    repoUrl: `${host}?owner=${encodeURIComponent(owner)}&repo=${encodeURIComponent(repo)}`,
  });
}

/**
 * Repositories of both sorts as the ledger reads them: those of the embedded host as they lie there, those elsewhere by a mirror in the data
 * folder, which is brought up to date when it is asked about and thrown away whenever it is no good.
 */
export function createLedgerRepositories(deps: {
  readonly embedded: LedgerRepositories | undefined;
  readonly outside: Outside | undefined;
  readonly dataDir: string;
  readonly log: Logger;
}): LedgerRepositories {
  const { embedded, outside, dataDir, log } = deps;
  const root = join(dataDir, "mirrors");
  const mirrors: Repositories = openRepositories(root);
  const under = new Map<string, Promise<boolean>>();

  const own = (): LedgerRepositories => {
    if (embedded === undefined) throw new NotFoundError("repository", "of the embedded host");
    return embedded;
  };
  const of = <T>(name: string, ask: (where: LedgerRepositories, as: string) => Promise<T>): Promise<T> =>
    isHosted(name) ? ask(mirrors, mirrorName(name)) : ask(own(), name);

  return {
    exists: async (name) => (isHosted(name) ? refresh(name) : own().exists(name)),
    tree: (name, ref) => of(name, (where, as) => where.tree(as, ref)),
    blobs: (name, hashes) => of(name, (where, as) => where.blobs(as, hashes)),
    differences: (name, from, to) => of(name, (where, as) => where.differences(as, from, to)),
    patches: (name, from, to, paths) => of(name, (where, as) => where.patches(as, from, to, paths)),
    lastTouched: (name, input) => of(name, (where, as) => where.lastTouched(as, input)),
    keepFiles: (name, options) => of(name, (where, as) => where.keepFiles(as, options)),
  };

  /** Two who ask at once wait for one look. False where the repository is gone. */
  function refresh(name: string): Promise<boolean> {
    const going = under.get(name);
    if (going !== undefined) return going;
    const look = lookAt(name).finally(() => under.delete(name));
    under.set(name, look);
    return look;
  }

  async function lookAt(name: string): Promise<boolean> {
    const place = await placeOfHosted(outside, name, log);
    const project =
      place.system === "github"
        ? `/repos/${encodeURIComponent(place.owner)}/${encodeURIComponent(place.repo)}`
        : `/projects/${encodeURIComponent(`${place.owner}/${place.repo}`)}`;
    const { status, body } = await place.ask("GET", project, { accept: [404] });
    if (status === 404) return false;
    const url = pushUrl(place, String(body?.clone_url ?? body?.http_url_to_repo ?? ""));
    const branch = String(body?.default_branch ?? "main");
    const dir = join(root, mirrorName(name));
    const known = await isFolder(join(dir, ".git"));
    await mkdir(root, { recursive: true });
    if (known && outside?.fetchAgain !== undefined) {
      await outside.fetchAgain({ url, dir, branch, depth: DEPTH }).catch(async (error: unknown) => {
        log.debug("a mirror is made anew", { repository: name, error: String(error) });
        await rm(dir, { recursive: true, force: true });
        await outside.clone({ url, dir, branch, depth: DEPTH });
      });
    } else {
      await rm(dir, { recursive: true, force: true });
      await outside!.clone({ url, dir, branch, depth: DEPTH });
    }
    // Bare repositories are what the ledger reads: that of the clone, by its name.
    await symlink(join(mirrorName(name), ".git"), `${dir}.git`).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
    return true;
  }
}

function mirrorName(repository: string): string {
  return createHash("sha256").update(repository.toLowerCase()).digest("hex").slice(0, 40);
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true;
}
