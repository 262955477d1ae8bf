import type { Source } from "@roadbed/contracts/catalog";
import type { Ctx, Sql } from "@roadbed/core";

import { mayDefineKinds } from "./allow-kinds.ts";
import { keyOfAddress } from "./git-address.ts";
import { ensureSource, viewSource } from "./source-store.ts";
import type { Syncer } from "./syncer.ts";

/** Makes a repository of the embedded Git host a source and reads it at once. */
export async function registerRepository(
  syncer: Syncer,
  ctx: Ctx,
  o: { readonly repository: string; readonly branch?: string },
): Promise<{ readonly source: Source; readonly refs: readonly string[] }> {
  const { repository, branch } = o;
  const row = await ensureSource(
    ctx.sql,
    { kind: "repository", target: repository, name: repository, branch, watch: true, definesKinds: mayDefineKinds(ctx) },
    ctx.now(),
  );
  const { source, refs } = await syncer.sync(ctx, row);
  return { source: await viewSource(ctx.sql, source, false), refs };
}

/** Finds the sources that read a repository, by its address or, for one of our own, by its name. */
export async function notifyPush(sql: Sql, syncer: Syncer, repository: string): Promise<number> {
  const { rows } = await sql.query<{ id: string; kind: string; target: string }>(
    "select id, kind, target from catalog.source where kind in ('repository', 'git') and paused_at is null",
  );
  const key = keyOfAddress(repository);
  const told = rows.filter(({ kind, target }) =>
    kind === "git" ? keyOfAddress(target) === key : target === repository.replace(/\.git$/, ""),
  );
  for (const { id } of told) syncer.schedule(id, { cause: "webhook" });
  return told.length;
}
