import { archiveRepository, repositoryArchived, restoreRepository } from "@roadbed/contracts/delivery/archive";
import { ConflictError, handle, NotFoundError, type Ctx, type Handler, type Sql } from "@roadbed/core";

import type { DeliveryDeps } from "../deps.ts";
import { findRepository, toRepository, type RepositoryRecord } from "./repository-store.ts";

/** Read only from now on, and back. What is there can still be cloned. */
export function makeArchiveHandlers({ publicUrl }: Pick<DeliveryDeps, "publicUrl">): Handler[] {
  return [
    handle(archiveRepository, async (ctx, { name, reason }) => {
      await setArchived(ctx, name, true, reason);
      return toRepository(await known(ctx.sql, name), publicUrl);
    }),
    handle(restoreRepository, async (ctx, { name }) => {
      await setArchived(ctx, name, false, undefined);
      return toRepository(await known(ctx.sql, name), publicUrl);
    }),
  ];
}

/** Doing it twice is doing it once. */
export async function setArchived(ctx: Ctx, name: string, archived: boolean, why: string | undefined): Promise<void> {
  await known(ctx.sql, name);
  const { rowCount } = await ctx.sql.query(
    `update delivery.repository set archived_at = case when $2 then $3::timestamptz end, archived_why = $4 where name = $1 and (archived_at is not null) <> $2`,
    [name, archived, ctx.now(), why ?? null],
  );
  if (rowCount > 0) ctx.emit(repositoryArchived, name, { repository: name, archived, ...(why === undefined ? {} : { why }) });
}

/** Throws `ConflictError` when nothing may be written to it. */
export async function refuseArchived(sql: Sql, name: string): Promise<void> {
  const { rows } = await sql.query<{ why: string | null }>(
    "select archived_why as why from delivery.repository where name = $1 and archived_at is not null",
    [name],
  );
  if (rows[0] === undefined) return;
  throw new ConflictError(`The repository ${name} is archived${rows[0].why === null ? "" : `: ${rows[0].why}`}`, {
    mend: `Have it back with: roadbed repository restore ${name}`,
  });
}

/**
 * Takes back what was made under a key: removed where nobody has worked in it since, else archived, so that nobody's work is lost. A
 * repository that is gone already counts as removed.
 */
export async function takeBackRepository(
  { repositories }: Pick<DeliveryDeps, "repositories">,
  ctx: Ctx,
  { name, key, commit, why }: { readonly name: string; readonly key: string; readonly commit: string | undefined; readonly why: string },
): Promise<"removed" | "archived"> {
  const record = await findRepository(ctx.sql, name);
  if (record !== undefined && record.madeBy !== key) throw new ConflictError(`The repository ${name} was made by somebody else.`);
  const there = await repositories.exists(name);
  if (record === undefined && !there) return "removed";
  const head = there && record !== undefined ? await repositories.head(name, record.defaultBranch) : commit;
  if (head !== undefined && head !== commit) {
    await setArchived(ctx, name, true, why);
    return "archived";
  }
  // The folder first: when the transaction is lost after all, the repeat finds the row and no folder, and removes the row.
  if (there) await repositories.remove(name);
  await ctx.sql.query("delete from delivery.change where repository = $1", [name]);
  await ctx.sql.query("delete from delivery.repository where name = $1", [name]);
  return "removed";
}

async function known(sql: Sql, name: string): Promise<RepositoryRecord> {
  const record = await findRepository(sql, name);
  if (record !== undefined) return record;
  throw new NotFoundError("repository", name, "See roadbed repository list.");
}
