import { DomainError, type Ctx } from "@roadbed/core";

import type { DeliveryDeps } from "../deps.ts";
import { putEnvironment } from "../environment/environment-store.ts";
import { GITOPS_REPOSITORY } from "../gitops/gitops-repository.ts";
import { putSourceFiles, type SourceFile } from "./source-store.ts";
import { problemsOf, readEnvironmentFile, readIntentFile, subjectOf } from "./source-text.ts";

/**
 * Environments that are in Git and not in the tables (any more), and which files of `main` are whose, so that none is taken for somebody's edit. One that
 * only promotions name has ended: there is nothing of it but its name. Answers how many were made.
 */
export async function readBackSource(
  { repositories }: DeliveryDeps,
  ctx: Ctx,
  { named, problems }: { readonly named: readonly string[]; readonly problems: string[] },
): Promise<number> {
  const tree = await repositories.tree(GITOPS_REPOSITORY, "main");
  const files = (tree?.files ?? []).filter(({ path }) => subjectOf(path) !== undefined);
  const blobs = await repositories.blobs(
    GITOPS_REPOSITORY,
    files.map(({ hash }) => hash),
  );
  const { rows } = await ctx.sql.query<{ name: string }>("select name from delivery.environment");
  const known = new Set(rows.map(({ name }) => name));
  const found: SourceFile[] = [];
  let made = 0;
  for (const { path, hash } of files) {
    const text = Buffer.from(blobs.get(hash) ?? []).toString("utf8");
    const { environment, name } = subjectOf(path)!;
    try {
      const entityRef = name === undefined ? null : readIntentFile(path, text).component;
      // What the tables say is not known yet: it is looked at, and written anew where it is another thing.
      found.push({ path, environment, entity_ref: entityRef, stamp: "", blob: hash, by_hand: true, promotion_id: null });
      if (name !== undefined || known.has(environment)) continue;
      await putEnvironment(ctx.sql, readEnvironmentFile(path, text));
      known.add(environment);
      made++;
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      for (const { at, field, reason } of problemsOf(path, text, error)) problems.push([at, field, reason].filter(Boolean).join(" "));
    }
  }
  for (const name of new Set(named)) {
    if (known.has(name)) continue;
    await ctx.sql.query("insert into delivery.environment (name, title, runtime, ended_at) values ($1, $1, 'local', $2)", [
      name,
      ctx.now(),
    ]);
    made++;
  }
  await ctx.sql.query("delete from delivery.source_file");
  await putSourceFiles(ctx, found);
  return made;
}
