import type { UpgradeFile } from "@roadbed/contracts/paths/upgrades";
import type { ChangeConflict } from "@roadbed/contracts/delivery/changes";
import { mergeText } from "@roadbed/git";

import type { RepositoryFile } from "../deps.ts";
import type { UpgradeStep } from "./plan-upgrade.ts";

/** What is to be committed, and what is to be said about each file. */
export interface CarriedOut {
  readonly files: readonly RepositoryFile[];
  readonly removed: readonly string[];
  readonly conflicts: readonly ChangeConflict[];
  readonly said: readonly UpgradeFile[];
}

export interface CarryInput {
  readonly steps: readonly UpgradeStep[];
  /** The new version's files. */
  readonly theirs: ReadonlyMap<string, RepositoryFile>;
  /** Contents by git's hash. */
  readonly contents: ReadonlyMap<string, Uint8Array>;
  readonly labels: { readonly base: string; readonly ours: string; readonly theirs: string };
}

/** Merges texts where a plan asks for it. Of files that are not the path's, what is here counts where both changed the same. */
export async function carryOut({ steps, theirs, contents, labels }: CarryInput): Promise<CarriedOut> {
  const files: RepositoryFile[] = [];
  const removed: string[] = [];
  const conflicts: ChangeConflict[] = [];
  const said: UpgradeFile[] = [];
  for (const step of steps) {
    switch (step.kind) {
      case "take": {
        const file = theirs.get(step.path);
        if (file !== undefined) files.push(file);
        said.push({ path: step.path, outcome: "taken", why: step.why });
        break;
      }
      case "remove":
        removed.push(step.path);
        said.push({ path: step.path, outcome: "removed", why: step.why });
        break;
      case "keep":
        said.push({ path: step.path, outcome: "kept", why: step.why });
        break;
      case "conflict":
        conflicts.push({ path: step.path, reason: step.why, executable: step.executable, marked: false, ...sides(step.ours, step.theirs) });
        said.push({ path: step.path, outcome: "conflict", why: step.why });
        break;
      case "merge":
        await mergeFile(step);
    }
  }
  return { files, removed, conflicts, said };

  async function mergeFile(step: Extract<UpgradeStep, { kind: "merge" }>): Promise<void> {
    const { path, from, executable } = step;
    const [ours, new_] = [contents.get(step.ours), contents.get(step.theirs)];
    const base = step.base === undefined ? new Uint8Array() : contents.get(step.base);
    const merged =
      ours === undefined || new_ === undefined || base === undefined ? undefined : await mergeText({ base, ours, theirs: new_ }, labels);
    if (merged?.conflicts === 0) {
      files.push({ path, executable, content: merged.content });
      said.push({ path, outcome: "merged", why: "The path changed it, and so did somebody here, at other places." });
      return;
    }
    if (ours !== undefined && (!step.managed || merged === undefined) && path !== from) files.push({ path, executable, content: ours });
    if (!step.managed) {
      said.push({ path, outcome: "kept", why: "Both changed the same places, and it is yours." });
      return;
    }
    const why =
      merged === undefined
        ? "Both changed it, and it is no text that could be merged."
        : `Both changed the same ${merged.conflicts === 1 ? "place" : `${merged.conflicts} places`}; both versions stand there between marks.`;
    if (merged !== undefined) files.push({ path, executable, content: merged.content });
    conflicts.push({ path, reason: why, executable, marked: merged !== undefined, ...sides(step.ours, step.theirs) });
    said.push({ path, outcome: "conflict", why });
  }
}

function sides(ours: string | undefined, theirs: string | undefined): { ours?: string; theirs?: string } {
  return { ...(ours === undefined ? {} : { ours }), ...(theirs === undefined ? {} : { theirs }) };
}
