import { upgradeChanged, type UpgradeFile } from "@roadbed/contracts/paths/upgrades";
import { ConflictError, type Ctx } from "@roadbed/core";

import type { NewChange, PathsDeps } from "../deps.ts";
import { checkMade } from "../ledger/check-made.ts";
import { isHosted } from "../ledger/hosted-repositories.ts";
import { lockMade, replaceFiles, type MadeRow } from "../ledger/made-store.ts";
import { judgeUpgrade } from "./judge-upgrade.ts";
import { proposeHosted, type HostedDeps } from "./propose-hosted.ts";
import { changeItem, type ItemRow, type UpgradeRow } from "./upgrade-store.ts";
import { reasonOf, workOut, type WorkedOut, type WorkOutDeps } from "./work-out.ts";

export interface ProposeDeps extends WorkOutDeps, HostedDeps, Pick<PathsDeps, "changes" | "standards"> {}

/**
 * Proposes the new version to one made thing, or writes down why that cannot be. Doing it twice is doing it once: the change has the
 * key of upgrade and thing. What needs no change at all is on the new version at once.
 */
export async function proposeItem(deps: ProposeDeps, ctx: Ctx, upgrade: UpgradeRow, item: ItemRow): Promise<void> {
  const made = await lockMade(ctx.sql, item.made_id);
  if (made === undefined) return;
  const told = (state: string): void => ctx.emit(upgradeChanged, upgrade.id, { upgradeId: upgrade.id, thing: made.id, state });
  try {
    if (made.source_digest === upgrade.to_digest) {
      await changeItem(ctx.sql, upgrade.id, made.id, { state: "merged", reason: "It is on this version already." }, ctx.now());
      return told("merged");
    }
    const to = { path: await deps.sources.open(ctx.sql, upgrade.to_digest), title: upgrade.path_title };
    const work = await workOut(deps, ctx, made, to);
    const planned = { files: work.said, baseCommit: work.base, madeFiles: work.made, answers: work.answers };
    if (work.files.length + work.removed.length + work.conflicts.length === 0) {
      await changeItem(ctx.sql, upgrade.id, made.id, { state: "merged", reason: "Nothing in it had to change.", ...planned }, ctx.now());
      await arrive(deps, ctx, upgrade, made.id, { ...item, base_commit: work.base, made_files: work.made, answers: work.answers });
      return told("merged");
    }
    await judgeUpgrade(deps, ctx, made, work);
    const { id, state } = await propose(deps, ctx, upgrade, made, work);
    const next = state === "conflicting" ? "conflicting" : "open";
    await changeItem(ctx.sql, upgrade.id, made.id, { state: next, changeId: id, ...planned }, ctx.now());
    told(next);
  } catch (error) {
    const reason = reasonOf(error);
    if (reason === undefined || item.state !== "waiting") throw error;
    await changeItem(ctx.sql, upgrade.id, made.id, { state: "refused", reason }, ctx.now());
    told("refused");
  }
}

async function propose(
  deps: ProposeDeps,
  ctx: Ctx,
  upgrade: UpgradeRow,
  made: MadeRow,
  work: WorkedOut,
): Promise<{ readonly id: string; readonly state: string }> {
  const { changes } = deps;
  if (isHosted(made.repository)) {
    const { branch, title, body, author, key } = changeOf(upgrade, made, work);
    return proposeHosted(deps, ctx, made, { branch, title, body, author, key }, work);
  }
  if (changes === undefined) throw new ConflictError("This server has no Git host of its own to propose changes to.");
  return changes.propose(ctx, changeOf(upgrade, made, work));
}

function changeOf(upgrade: UpgradeRow, made: MadeRow, work: WorkedOut): NewChange {
  const version = upgrade.to_version ?? upgrade.to_digest.slice(0, 8);
  return {
    repository: made.repository,
    branch: `roadbed/upgrade-${upgrade.path_ref.replace(/^.*\//, "")}-${version}`,
    title: `Upgrade to ${upgrade.path_title} ${version}`,
    body: bodyOf(made, upgrade, work.said),
    base: work.head,
    files: work.files,
    removed: work.removed,
    conflicts: work.conflicts,
    author: { name: upgrade.actor_detail.name, email: upgrade.actor_detail.email },
    key: `upgrade:${upgrade.id}:${made.id}`,
  };
}

const WORDS: Readonly<Record<UpgradeFile["outcome"], string>> = {
  taken: "Taken from the path",
  merged: "Merged with what was changed here",
  removed: "Removed",
  kept: "Left as it is",
  conflict: "To be settled",
};

function bodyOf(made: MadeRow, upgrade: UpgradeRow, said: readonly UpgradeFile[]): string {
  const parts = (Object.keys(WORDS) as UpgradeFile["outcome"][]).flatMap((outcome) => {
    const files = said.filter((file) => file.outcome === outcome);
    return files.length === 0 ? [] : [`${WORDS[outcome]}:`, ...files.map(({ path, why }) => `- ${path}: ${why}`), ""];
  });
  const from = made.version === null ? "an earlier version" : made.version;
  return [`From ${from} of the golden path to ${upgrade.to_version ?? "the newest"}, with the answers it was made with.`, "", ...parts]
    .join("\n")
    .trim();
}

/** The thing is on the new version from now on: what differs from that is drift. */
export async function arrive(
  { repositories }: Pick<ProposeDeps, "repositories">,
  ctx: Ctx,
  upgrade: UpgradeRow,
  madeId: string,
  { base_commit, made_files, answers }: Pick<ItemRow, "base_commit" | "made_files" | "answers">,
): Promise<void> {
  if (base_commit === null || made_files === null) return;
  await ctx.sql.query(
    "update paths.made set version = $2, source_digest = $3, base_commit = $4, answers = coalesce($5, answers) where id = $1",
    [madeId, upgrade.to_version, upgrade.to_digest, base_commit, answers === null ? null : JSON.stringify(answers)],
  );
  await replaceFiles(ctx.sql, madeId, made_files);
  await checkMade(repositories, ctx, madeId);
}
