import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";

import { copyTree, exists } from "./workspace.ts";

/**
 * The workspace of a run, one folder per step that changed it: `runs/<id>/ws/<n>`. A step works on a copy that gets its number
 * when the step is done, so a step that was interrupted begins again from what it was given.
 */
export interface Snapshots {
  /** The folder with this number, made empty if it is the first; undefined when it is lost. */
  open(runId: string, n: number): Promise<string | undefined>;
  /** A fresh copy of number `n`, to be worked on. */
  draft(runId: string, n: number): Promise<string>;
  /** Makes the draft number `n`; done twice it is done once. */
  keep(runId: string, n: number): Promise<void>;
  /** Removes the folders below number `n`. */
  forgetBefore(runId: string, n: number): Promise<void>;
  forget(runId: string): Promise<void>;
}

export function createSnapshots(dataDir: string): Snapshots {
  const home = (runId: string): string => join(dataDir, "runs", runId);
  const folder = (runId: string, n: number): string => join(home(runId), "ws", String(n));
  const draftOf = (runId: string): string => join(home(runId), "draft");

  return {
    async open(runId, n) {
      if (n === 0) await mkdir(folder(runId, 0), { recursive: true });
      return (await exists(folder(runId, n))) ? folder(runId, n) : undefined;
    },
    async draft(runId, n) {
      await rm(draftOf(runId), { recursive: true, force: true });
      await mkdir(home(runId), { recursive: true });
      await copyTree(folder(runId, n), draftOf(runId));
      return draftOf(runId);
    },
    async keep(runId, n) {
      // A folder with this number is left from a try whose end was not written down: the new draft is the same or better.
      await rm(folder(runId, n), { recursive: true, force: true });
      await rename(draftOf(runId), folder(runId, n));
    },
    async forgetBefore(runId, n) {
      for (let old = n - 1; old >= 0 && (await exists(folder(runId, old))); old--)
        await rm(folder(runId, old), { recursive: true, force: true });
    },
    forget: (runId) => rm(home(runId), { recursive: true, force: true }),
  };
}
