import { ledgerChanged } from "@roadbed/contracts/paths/ledger";
import type { Ctx } from "@roadbed/core";
import type { Repositories } from "@roadbed/git";

import { compareFiles, type Drift } from "./compare-files.ts";
import { lockMade, readMadeFiles, type MadeRow } from "./made-store.ts";

/** What the ledger reads of the embedded Git host. */
export type LedgerRepositories = Pick<Repositories, "exists" | "tree" | "blobs" | "differences" | "patches" | "lastTouched" | "keepFiles">;

/**
 * Looks how a made thing differs from what its path made, and writes it down. Looking twice at the same commit is looking once. Emits
 * `paths.ledger.changed` when it differs otherwise than before.
 */
export async function checkMade(repositories: LedgerRepositories, ctx: Ctx, id: string): Promise<void> {
  const made = await lockMade(ctx.sql, id);
  if (made === undefined) return;
  const tree = (await repositories.exists(made.repository))
    ? await repositories.tree(made.repository, `refs/heads/${made.branch}`)
    : undefined;
  if (tree === undefined) return noteGone(ctx, made);
  const { repository, base_commit: base } = made;
  const drift = await compareFiles(await readMadeFiles(ctx.sql, id), tree.files, () =>
    // Where the first commit is not there any more, a file that is missing counts as deleted.
    repositories.differences(repository, base, tree.commit).catch(() => []),
  );
  const paths = drift.flatMap(({ path, renamedTo }) => [path, renamedTo ?? path]);
  const touched = await repositories.lastTouched(repository, { from: base, to: tree.commit, paths: [...new Set(paths)] });
  const before = await ctx.sql.query<{ path: string; change: string; commit: string | null }>(
    "delete from paths.made_drift where made_id = $1 returning path, change, commit",
    [id],
  );
  for (const { path, change, renamedTo } of drift) {
    const by = touched.get(renamedTo ?? path) ?? touched.get(path);
    await ctx.sql.query(
      "insert into paths.made_drift (made_id, path, change, renamed_to, commit, author, at, message) values ($1, $2, $3, $4, $5, $6, $7, $8)",
      [id, path, change, renamedTo ?? null, by?.hash ?? null, by?.author.name ?? null, by?.at ?? null, by?.message ?? null],
    );
  }
  await ctx.sql.query("update paths.made set checked_commit = $2, checked_at = $3, gone_at = null where id = $1", [
    id,
    tree.commit,
    ctx.now(),
  ]);
  if (made.gone_at === null && isSame(before.rows, drift)) return;
  const newest = [...touched.values()].sort((a, b) => b.at.getTime() - a.at.getTime())[0];
  tell(ctx, made, { drifted: drift.length, gone: false, ...(newest && { commit: newest.hash, author: newest.author.name }) });
}

async function noteGone(ctx: Ctx, made: MadeRow): Promise<void> {
  await ctx.sql.query("update paths.made set gone_at = coalesce(gone_at, $2), checked_at = $2 where id = $1", [made.id, ctx.now()]);
  if (made.gone_at === null) tell(ctx, made, { drifted: 0, gone: true });
}

function tell(ctx: Ctx, made: MadeRow, what: { drifted: number; gone: boolean; commit?: string; author?: string }): void {
  const { id, path_ref, repository, entity_ref } = made;
  const about = { thing: id, path: path_ref, repository, ...(entity_ref === null ? {} : { entityRef: entity_ref }) };
  ctx.emit(ledgerChanged, entity_ref ?? id, { ...about, ...what });
}

function isSame(before: readonly { readonly path: string; readonly change: string }[], after: readonly Drift[]): boolean {
  const words = (all: readonly { readonly path: string; readonly change: string }[]): string =>
    all
      .map(({ path, change }) => `${change} ${path}`)
      .sort()
      .join("\n");
  return words(before) === words(after);
}
