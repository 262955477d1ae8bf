import type { Ctx, Sql } from "@roadbed/core";

import type { Catalog } from "../../deps.ts";
import type { LedgerRepositories } from "../../ledger/check-made.ts";
import { rememberMade } from "../../ledger/remember-made.ts";
import type { RunRow } from "../../run/run-store.ts";
import { ADOPTED } from "./publish-change.ts";

const DESCRIPTOR = "catalog-info.yaml";
/** Under this name it is noted that a request was closed without being merged. */
const REFUSED = "adoption refused";

interface Adoption {
  readonly repository: string;
  readonly branch: string;
  readonly paths: readonly string[];
  /** The request at a host elsewhere. */
  readonly request?: string;
}
interface Note extends Record<string, unknown> {
  readonly key: string;
  readonly run_id: string;
  readonly value: Adoption;
}

/** A change of a step was merged that asked for it: from now on the repository is in the ledger as following its path, and in the catalogue. */
export async function hearAdopted(
  repositories: LedgerRepositories,
  catalog: Pick<Catalog, "registerRepository">,
  ctx: Ctx,
  { key, commit }: { readonly key: string; readonly commit: string },
): Promise<void> {
  if (!key.startsWith("paths:")) return;
  const { rows } = await ctx.sql.query<Note>("select key, run_id, value from paths.step_note where key = $1 and name = $2", [
    key.slice("paths:".length),
    ADOPTED,
  ]);
  const [note] = rows;
  if (note === undefined || !(await enter(repositories, ctx, note, commit))) return;
  // One that described itself before is read by its own source already.
  const { repository, branch, paths } = note.value;
  if (paths.includes(DESCRIPTOR)) await catalog.registerRepository(ctx, { repository, branch });
}

/** Adoptions that wait for their request at a host elsewhere, the oldest first. */
export async function openAdoptions(sql: Sql, limit: number): Promise<(Note & { readonly value: Required<Adoption> })[]> {
  const { rows } = await sql.query<Note & { readonly value: Required<Adoption> }>(
    `select n.key, n.run_id, n.value from paths.step_note n
     where n.name = $1 and n.value ? 'request' and not exists (select 1 from paths.made m where m.key = n.key)
       and not exists (select 1 from paths.step_note r where r.key = n.key and r.name = $2)
     order by n.at limit $3`,
    [ADOPTED, REFUSED, limit],
  );
  return rows;
}

/** The request of an adoption was merged: what lies on the branch now is what the ledger begins with. */
export async function enterHosted(repositories: LedgerRepositories, ctx: Ctx, note: Note): Promise<void> {
  const { repository, branch } = note.value;
  const tree = (await repositories.exists(repository)) ? await repositories.tree(repository, `refs/heads/${branch}`) : undefined;
  if (tree === undefined || !(await enter(repositories, ctx, note, tree.commit))) await refuseHosted(ctx, note);
}

/** It was closed, or brought nothing: it is asked about no more. */
export async function refuseHosted(ctx: Ctx, { key, run_id }: Note): Promise<void> {
  await ctx.sql.query("insert into paths.step_note (run_id, key, name, value) values ($1, $2, $3, 'true') on conflict do nothing", [
    run_id,
    key,
    REFUSED,
  ]);
}

/** False where none of the files is there. */
async function enter(repositories: LedgerRepositories, ctx: Ctx, { key, run_id, value }: Note, commit: string): Promise<boolean> {
  const { repository, branch, paths } = value;
  const entries = (await repositories.tree(repository, commit))?.files.filter(({ path }) => paths.includes(path)) ?? [];
  const contents = await repositories.blobs(
    repository,
    entries.map(({ hash }) => hash),
  );
  const files = entries.flatMap(({ path, hash, executable }) => {
    const content = contents.get(hash);
    return content === undefined ? [] : [{ path, content, executable }];
  });
  const [run] = (await ctx.sql.query<RunRow>("select * from paths.run where id = $1", [run_id])).rows;
  if (run === undefined || files.length === 0) return false;
  await rememberMade(ctx, run, key, { repository, branch, commit, files });
  return true;
}
