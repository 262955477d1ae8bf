import type { MirrorUpdate } from "@roadbed/git";

/** A branch that somebody else moved there. */
export interface Foreign {
  readonly branch: string;
  readonly theirs: string;
}

export interface PushPlan {
  readonly updates: readonly MirrorUpdate[];
  /** What has to be looked at before anything is pushed: their commit is none of ours. */
  readonly foreign: readonly Foreign[];
  /** Branches that were taken away there, or set back to an earlier commit of ours: they are brought forward again. */
  readonly undone: readonly string[];
}

/**
 * What has to happen so that a remote stands where we do. `left` is where we left it: what stands elsewhere is somebody else's doing.
 * `isOurs` answers whether a commit is in the history of our branch. Branches that are neither ours nor were, are left alone.
 */
export async function planPush(o: {
  readonly ours: ReadonlyMap<string, string>;
  readonly theirs: ReadonlyMap<string, string>;
  readonly left: Readonly<Record<string, string>>;
  readonly isOurs: (commit: string, branch: string) => Promise<boolean>;
}): Promise<PushPlan> {
  const updates: MirrorUpdate[] = [];
  const foreign: Foreign[] = [];
  const undone: string[] = [];
  for (const [branch, to] of o.ours) {
    const from = o.theirs.get(branch) ?? null;
    const left = o.left[branch];
    if (from === to) continue;
    if (from !== null && from !== left && !(await o.isOurs(from, branch))) {
      foreign.push({ branch, theirs: from });
      continue;
    }
    if (left !== undefined && from !== left) undone.push(branch);
    updates.push({ branch, from, to });
  }
  for (const branch of Object.keys(o.left)) {
    const from = o.theirs.get(branch);
    if (!o.ours.has(branch) && from !== undefined) updates.push({ branch, from, to: null });
  }
  return { updates, foreign, undone };
}
