import type { Ctx } from "@roadbed/core";

import type { Catalog } from "../../deps.ts";
import type { LedgerRepositories } from "../../ledger/check-made.ts";
import { rememberMade } from "../../ledger/remember-made.ts";
import type { RunRow } from "../../run/run-store.ts";
import { ADOPTED } from "./publish-change.ts";

const DESCRIPTOR = "catalog-info.yaml";

/** A change of a step was merged that asked for it: from now on the repository is in the ledger as following its path, and in the catalogue. */
export async function hearAdopted(
  repositories: LedgerRepositories,
  catalog: Pick<Catalog, "registerRepository">,
  ctx: Ctx,
  { key, commit }: { readonly key: string; readonly commit: string },
): Promise<void> {
  if (!key.startsWith("paths:")) return;
  const stepKey = key.slice("paths:".length);
  const { rows } = await ctx.sql.query<{ run_id: string; value: { repository: string; branch: string; paths: string[] } }>(
    "select run_id, value from paths.step_note where key = $1 and name = $2",
    [stepKey, ADOPTED],
  );
  const [note] = rows;
  if (note === undefined) return;
  const { repository, branch, paths } = note.value;
  const entries = (await repositories.tree(repository, commit))?.files.filter(({ path }) => paths.includes(path)) ?? [];
  const contents = await repositories.blobs(
    repository,
    entries.map(({ hash }) => hash),
  );
  const files = entries.flatMap(({ path, hash, executable }) => {
    const content = contents.get(hash);
    return content === undefined ? [] : [{ path, content, executable }];
  });
  const [run] = (await ctx.sql.query<RunRow>("select * from paths.run where id = $1", [note.run_id])).rows;
  if (run === undefined || files.length === 0) return;
  await rememberMade(ctx, run, stepKey, { repository, branch, commit, files });
  // One that described itself before is read by its own source already.
  if (paths.includes(DESCRIPTOR)) await catalog.registerRepository(ctx, { repository, branch });
}
