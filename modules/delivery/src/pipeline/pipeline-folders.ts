import { join } from "node:path";

export interface Folders {
  /** What a run works in: removed when it has ended. */
  readonly work: string;
  readonly tree: string;
  readonly home: string;
  readonly log: string;
  readonly artefacts: string;
  /** Of the repository: what its runs leave to each other. */
  readonly cache: string;
}

/** Where a run has its files: everything of a repository lies below a folder of its own. */
export function foldersOf(dataDir: string, repository: string, runId: string): Folders {
  const own = join(dataDir, "pipelines", repository);
  const work = join(own, "work", runId);
  return {
    work,
    tree: join(work, "tree"),
    home: join(work, "home"),
    log: join(own, "log", runId),
    artefacts: join(own, "artefacts", runId),
    cache: join(own, "cache"),
  };
}
