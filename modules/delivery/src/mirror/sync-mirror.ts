import { join } from "node:path";

import { ConflictError, DomainError, UnavailableError, type Ctx } from "@roadbed/core";
import { fetchRemoteBranch, pushBranches, readBranches, readRemoteBranches, type MirrorOptions } from "@roadbed/git";
import type { Sealer } from "@roadbed/postgres";

import type { DeliveryDeps } from "../deps.ts";
import { environmentOf, GITOPS_REPOSITORY, lockBranch, systemOf } from "../gitops/gitops-repository.ts";
import { KEPT_BRANCH, keepTheirs } from "../gitops/keep-theirs.ts";
import { rememberHead, writeEnvironment } from "../gitops/write-environment.ts";
import { writeGitops } from "../internal-operations.ts";
import { proposeAgain } from "../promotion/propose-promotions.ts";
import { isMergeOf } from "../request/request-store.ts";
import { noteOthers, setFailing, setInSync, takeMirror, type MirrorRow } from "./mirror-store.ts";
import { planPush, type Foreign } from "./plan-push.ts";

/** How often in a row it is read and written anew where somebody moves it meanwhile. */
const ROUNDS = 4;
const FIRST_PAUSE_MS = 15_000;
const LONGEST_PAUSE_MS = 600_000;

export interface MirrorSync {
  /** Where nothing fails, it is looked at again after this, whatever moved there. */
  readonly everyMs: number;
  /** What one talk with the remote may take. */
  readonly patienceMs: number;
  readonly sealer: Sealer;
  /** Decides what was merged by a request into a branch there. Throws where it cannot be told now: then nothing is taken in either. */
  readonly settleInto?: (target: string) => Promise<void>;
}

/** Brings the mirror in sync if that is due. What fails is told once, and tried again after pauses that grow. */
export async function syncMirror(deps: DeliveryDeps, sync: MirrorSync): Promise<void> {
  const row = await takeMirror(deps.db, sync.patienceMs * (ROUNDS + 1) * 3);
  if (row === undefined) return;
  const write = (work: (ctx: Ctx) => Promise<void>): Promise<void> =>
    deps.runtime.write(systemOf(deps), writeGitops, { branch: "mirror" }, undefined, work);
  try {
    const heads = await bringInSync(deps, row, sync);
    await write((ctx) => setInSync(ctx, row, heads, sync.everyMs));
  } catch (error) {
    const said = error instanceof DomainError ? [error.message, error.mend].filter(Boolean).join(" ") : String(error);
    const pause = Math.min(LONGEST_PAUSE_MS, Math.min(FIRST_PAUSE_MS, sync.everyMs) * 2 ** Math.min(row.failures, 10));
    await write((ctx) => setFailing(ctx, row, said, pause));
  }
}

async function bringInSync(deps: DeliveryDeps, row: MirrorRow, sync: MirrorSync): Promise<Record<string, string>> {
  const gitDir = join(deps.repositories.root, `${GITOPS_REPOSITORY}.git`);
  const url = await addressOf(row, sync.sealer);
  const addresses = await deps.remotes?.addressesOf(row.remote);
  const within = async <T>(talk: (o: MirrorOptions) => Promise<T>): Promise<T> => {
    const signal = AbortSignal.timeout(sync.patienceMs);
    try {
      return await talk({
        url,
        gitDir,
        signal,
        stallSeconds: Math.max(1, Math.floor(sync.patienceMs / 2_000)),
        ...(addresses === undefined ? {} : { addresses }),
      });
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new UnavailableError(`${row.remote} did not answer within ${sync.patienceMs / 1_000} seconds.`, {
        cause: error,
        mend: "Nothing is lost: it is tried again by itself.",
      });
    }
  };
  let left: Readonly<Record<string, string>> = row.heads;
  for (let round = 1; ; round++) {
    const theirs = await within(readRemoteBranches);
    const ours = await oursOf(deps, gitDir, { theirs, left });
    if (Object.keys(left).length === 0) await refuseOthers(deps, row, ours, theirs);
    const plan = await planPush({ ours, theirs, left, isOurs: (commit, branch) => isIn(deps, commit, ours.get(branch)!) });
    try {
      if (plan.foreign.length === 0) {
        await within((o) => pushBranches(o, plan.updates));
        for (const branch of plan.undone) await tell(deps, row, { branch, theirs: theirs.get(branch) ?? "" }, UNDONE);
        return Object.fromEntries(ours);
      }
      for (const one of plan.foreign) {
        await within((o) => fetchRemoteBranch(o, one.branch));
        await takeIn(deps, row, { ...one, ours: ours.get(one.branch)! }, sync);
        // Seen by now: what replaces it is a forward commit, or is allowed to replace exactly this.
        left = { ...left, [one.branch]: one.theirs };
      }
    } catch (error) {
      // It moved while it was written.
      if (!(error instanceof ConflictError) || round >= ROUNDS) throw error;
    }
    if (round >= ROUNDS)
      throw new ConflictError(`${row.remote} is written by somebody else again and again.`, {
        mend: "Let nobody but Roadbed write there.",
      });
  }
}

/** The branches that are kept like here. What was kept of somebody and removed there is not wanted any more. */
async function oursOf(
  { repositories }: DeliveryDeps,
  gitDir: string,
  { theirs, left }: { readonly theirs: ReadonlyMap<string, string>; readonly left: Readonly<Record<string, string>> },
): Promise<Map<string, string>> {
  const ours = new Map<string, string>();
  for (const [branch, commit] of await readBranches(gitDir)) {
    const isKept = branch.startsWith(KEPT_BRANCH);
    if (isKept && left[branch] !== undefined && !theirs.has(branch)) await repositories.moveBranch(GITOPS_REPOSITORY, branch, commit, null);
    else if (isKept || branch === "main" || environmentOf(branch) !== undefined) ours.set(branch, commit);
  }
  return ours;
}

const UNDONE = "It was brought forward to what Roadbed has.";

/**
 * An environment's branch goes on from their commit: what was promoted is rendered anew on top of it, as after any push of somebody else.
 * Records on `main` are never given up: theirs is replaced, and kept on a branch of its own.
 */
async function takeIn(
  deps: DeliveryDeps,
  row: MirrorRow,
  one: Foreign & { readonly ours: string },
  { settleInto }: Pick<MirrorSync, "settleInto">,
): Promise<void> {
  const of = environmentOf(one.branch);
  if (of === undefined || of.proposed) {
    const kept = await keepTheirs(deps, { now: () => new Date() }, one);
    await tell(deps, row, one, `It was replaced by what Roadbed has. Theirs is kept on the branch ${kept}, here and there.`);
    return;
  }
  await settleInto?.(one.branch);
  if (await adoptMerge(deps, one, of.environment)) return proposeAgain(deps, of.environment);
  await tell(deps, row, one, "What was promoted was rendered anew on top of it.");
  if (!(await deps.repositories.moveBranch(GITOPS_REPOSITORY, one.branch, one.ours, one.theirs))) return;
  await writeEnvironment(deps, of.environment);
  // What waits stands on another commit now.
  await proposeAgain(deps, of.environment);
}

/**
 * What a merge that counts left there holds the same files as what was let through here: the branch goes on from it, whichever way the host merged.
 * False where it is no such merge, or holds more than that.
 */
async function adoptMerge(deps: DeliveryDeps, { branch, theirs }: Foreign, environment: string): Promise<boolean> {
  const isOne = await deps.runtime.read(systemOf(deps), (ctx) => isMergeOf(ctx.sql, branch, theirs));
  if (!isOne) return false;
  // First the promotions know the commit that they stand in.
  await writeEnvironment(deps, environment);
  return deps.runtime.write(systemOf(deps), writeGitops, { branch }, undefined, async (ctx) => {
    await lockBranch(ctx, branch);
    const { repositories } = deps;
    const ours = await repositories.head(GITOPS_REPOSITORY, branch);
    if (ours === undefined || (await repositories.differences(GITOPS_REPOSITORY, ours, theirs)).length > 0) return false;
    if (!(await repositories.moveBranch(GITOPS_REPOSITORY, branch, ours, theirs))) return false;
    await rememberHead(ctx, branch, theirs);
    if (await isIn(deps, ours, theirs)) return true;
    // Squashed, or set on another commit: the one that was let through is in no history any more.
    for (const table of ["promotion", "desired"])
      await ctx.sql.query(`update delivery.${table} set git_commit = $2 where git_commit = $1`, [ours, theirs]);
    return true;
  });
}

/** Somebody's repository with a history of its own is nothing to write over. */
async function refuseOthers(
  deps: DeliveryDeps,
  row: MirrorRow,
  ours: ReadonlyMap<string, string>,
  theirs: ReadonlyMap<string, string>,
): Promise<void> {
  for (const [branch, commit] of theirs) {
    const own = ours.get(branch);
    if (own === undefined || (await isIn(deps, commit, own))) continue;
    throw new ConflictError(`${row.remote} holds another history on ${branch}.`, { mend: "Choose an empty repository." });
  }
}

async function isIn({ repositories }: DeliveryDeps, commit: string, head: string): Promise<boolean> {
  return repositories.isAncestor(GITOPS_REPOSITORY, commit, head).catch(() => false);
}

async function tell(deps: DeliveryDeps, row: MirrorRow, { branch, theirs }: Foreign, done: string): Promise<void> {
  const [commit] = theirs === "" ? [] : await deps.repositories.log(GITOPS_REPOSITORY, { ref: theirs, limit: 1 });
  await deps.runtime.write(systemOf(deps), writeGitops, { branch }, undefined, (ctx) =>
    noteOthers(ctx, row, {
      branch,
      commit: theirs,
      author: commit?.author.name ?? "Somebody",
      message: theirs === "" ? "the branch was removed" : (commit?.message.split("\n")[0] ?? "").slice(0, 200),
      at: ctx.now().toISOString(),
      done,
    }),
  );
}

async function addressOf({ remote, username, sealed }: MirrorRow, sealer: Sealer): Promise<string> {
  const url = URL.parse(remote);
  if (sealed === null || url === null || !url.protocol.startsWith("http")) return remote;
  const { secret } = await sealer.open<{ secret?: string }>(sealed, GITOPS_REPOSITORY);
  url.username = encodeURIComponent(username ?? "git");
  url.password = encodeURIComponent(secret ?? "");
  return url.href;
}
