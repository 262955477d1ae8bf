import { NotFoundError, TooLargeError } from "@roadbed/core";

import type { Repositories } from "../deps.ts";
import type { Tree } from "./tree.ts";

/** The files of the newest commit of a repository of the embedded Git host. Throws `NotFoundError` when there is none yet. */
export async function readRepositoryTree(repositories: Repositories, name: string, branch: string): Promise<Tree> {
  const commit = await repositories.head(name, branch);
  if (commit === undefined) throw new NotFoundError("branch", `${branch} of the repository ${name}`, "Push a first commit to it.");
  const files = [...(await repositories.listFiles(name, commit))].sort();
  const known = new Set(files);
  return {
    fingerprint: commit,
    files,
    skipped: [],
    locationOf: (path) => `repository:${name}/${path}`,
    read: async (path, limit) => {
      const bytes = known.has(path) ? await repositories.readFile(name, commit, path) : undefined;
      if (bytes !== undefined && bytes.length > limit) throw new TooLargeError(`${path} has ${bytes.length} bytes; ${limit} is the most`);
      return bytes;
    },
  };
}
