import { InvalidError, NotFoundError, type Ctx, type Logger } from "@roadbed/core";

import { repositoryOf } from "../../action/repository-url.ts";
import type { PathsDeps, RepositoryFile } from "../../deps.ts";
import { isHosted } from "../../ledger/hosted-repositories.ts";
import type { LedgerRepositories } from "../../ledger/check-made.ts";
import { openRequest, stateOfHosted, type HostedTarget } from "../../upgrade/propose-hosted.ts";

/** Where manifests lie. */
export interface FolderPlace {
  /** As the ledger names it: `gitops`, or `github.com/acme/gitops`. */
  readonly repository: string;
  readonly branch: string;
  /** Without slashes at its ends. */
  readonly folder: string;
}

export interface FolderSeen {
  readonly commit: string;
  /** Path below the folder -> text. */
  readonly files: ReadonlyMap<string, string>;
}

export interface FolderChange {
  readonly parent: string;
  /** Path below the folder -> text. */
  readonly files: ReadonlyMap<string, string>;
  readonly removed: readonly string[];
  readonly title: string;
  readonly body: string;
  /** Names the branch of a proposal; the same again is the same proposal. */
  readonly key: string;
  readonly once: HostedTarget["once"];
  readonly signal: AbortSignal;
}

/** A folder of a repository of the embedded host, where it is changed by a commit, or of GitHub or GitLab, where a commit is proposed. */
export interface GitFolders {
  /** Throws `InvalidError` or `NotFoundError` where there is no such repository or branch, or no way to it. */
  read(place: FolderPlace): Promise<FolderSeen>;
  /** Answers the commit, or where it was proposed. Throws `ConflictError` where somebody pushed meanwhile. */
  change(place: FolderPlace, change: FolderChange): Promise<{ readonly commit: string } | { readonly proposed: string }>;
  proposal(repository: string, url: string): Promise<"open" | "merged" | "closed">;
  /** Who touched these files last, since a commit. */
  lastTouched(place: FolderPlace, from: string, to: string, paths: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

export interface GitFolderDeps extends Pick<PathsDeps, "git" | "outside" | "publicUrl"> {
  readonly log: Logger;
  readonly repositories: LedgerRepositories | undefined;
  /** In one audited transaction, in the platform's own name. */
  write<T>(work: (ctx: Ctx) => Promise<T>): Promise<T>;
}

const AUTHOR = { name: "Roadbed", email: "" };
/** A folder of manifests is small; what is not is somebody's mistake. */
const MOST_FILES = 500;

export function createGitFolders(deps: GitFolderDeps): GitFolders {
  const { repositories } = deps;
  const own = (): LedgerRepositories => {
    if (repositories === undefined) throw new InvalidError("This server keeps nothing in Git.");
    return repositories;
  };
  const under = ({ folder }: FolderPlace, path: string): string => `${folder}/${path}`;

  return {
    async read(place) {
      if (!(await own().exists(place.repository))) {
        throw new NotFoundError(
          "repository",
          place.repository,
          "Name one of Roadbed's own Git host, or the address of one at GitHub or GitLab.",
        );
      }
      const tree = await own().tree(place.repository, `refs/heads/${place.branch}`);
      if (tree === undefined) throw new NotFoundError("branch", `${place.branch} of ${place.repository}`, "Push a first commit to it.");
      const inside = tree.files.filter(({ path }) => path.startsWith(`${place.folder}/`));
      if (inside.length > MOST_FILES) throw new InvalidError(`${place.folder} of ${place.repository} holds more than ${MOST_FILES} files.`);
      const blobs = await own().blobs(
        place.repository,
        inside.map(({ hash }) => hash),
      );
      const text = (hash: string): string => Buffer.from(blobs.get(hash) ?? new Uint8Array()).toString("utf8");
      return { commit: tree.commit, files: new Map(inside.map(({ path, hash }) => [path.slice(place.folder.length + 1), text(hash)])) };
    },

    async change(place, { parent, files, removed, title, body, key, once, signal }) {
      const written = [...files].map(([path, text]): RepositoryFile => ({
        path: under(place, path),
        content: Buffer.from(text),
        executable: false,
      }));
      const gone = removed.map((path) => under(place, path));
      if (!isHosted(place.repository)) {
        if (deps.git.commitToRepository === undefined) throw new InvalidError("This server keeps nothing in Git.");
        const message = `${title}\n\n${body}\n`;
        const input = {
          repository: place.repository,
          branch: place.branch,
          parent,
          files: written,
          removed: gone,
          message,
          author: AUTHOR,
        };
        return deps.write((ctx) => deps.git.commitToRepository!(ctx, input));
      }
      const target: HostedTarget = { repository: place.repository, branch: place.branch, signal, once };
      const change = { branch: `roadbed/${key}`, title, body, author: AUTHOR, key };
      return { proposed: await openRequest(deps, target, change, { files: written, removed: gone }) };
    },

    proposal: (repository, url) => stateOfHosted(deps, repository, url),

    async lastTouched(place, from, to, paths) {
      const found = await own()
        .lastTouched(place.repository, { from, to, paths: paths.map((path) => under(place, path)) })
        // The commit may be gone, e.g. after a forced push: then nobody is named.
        .catch(() => new Map<string, never>());
      return new Map(
        [...found].map(([path, { author, message, hash }]) => [
          path.slice(place.folder.length + 1),
          `${author.name} in ${hash.slice(0, 8)} (${message.split("\n")[0]})`,
        ]),
      );
    },
  };
}

/** The name by which the ledger knows a repository that is given by name or address. Throws `InvalidError`. */
export function repositoryNamed(text: string, publicUrl: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    if (/^[a-z0-9][a-z0-9._-]{0,99}$/.test(text) || /^[a-z0-9.-]+(:\d+)?(\/[\w.-]+){2,}$/i.test(text)) return text.replace(/\.git$/, "");
    throw new InvalidError(`"${text.slice(0, 100)}" names no repository.`, { mend: "e.g. gitops, or https://github.com/acme/gitops" });
  }
  const own = repositoryOf(url.href, publicUrl);
  return own ?? `${url.host}${url.pathname.replace(/\/$|\.git$/g, "")}`;
}
