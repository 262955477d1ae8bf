import { listPipelineSecrets, removePipelineSecret, setPipelineSecret } from "@roadbed/contracts/delivery/pipelines";
import {
  encodeCursor,
  formatActor,
  handle,
  NotFoundError,
  readCursor,
  type Ctx,
  type Handler,
  type Operation,
  type Sql,
} from "@roadbed/core";
import type { Sealer } from "@roadbed/postgres";
import { z } from "zod";

import type { DeliveryDeps } from "../deps.ts";
import { findRepository, type RepositoryRecord } from "../repository/repository-store.ts";

/** What steps of a repository's pipeline may ask for. Sealed for that repository: a row that is moved to another opens there for nobody. */
export function makeSecretHandlers(deps: DeliveryDeps, sealer: Sealer): Handler[] {
  return [
    handle(listPipelineSecrets, async (ctx, { repository, limit, cursor }) => {
      await knownRepository(deps, ctx, repository);
      const { rows } = await ctx.sql.query<{ name: string; set_by: string; set_at: Date }>(
        "select name, set_by, set_at from delivery.pipeline_secret where repository = $1 and name > $2 order by name limit $3",
        [repository, readCursor(z.string(), cursor) ?? "", limit + 1],
      );
      const items = rows.slice(0, limit).map((row) => ({ repository, name: row.name, setBy: row.set_by, setAt: row.set_at.toISOString() }));
      return { items, ...(rows.length > limit ? { nextCursor: encodeCursor(items.at(-1)!.name) } : {}) };
    }),
    handle(setPipelineSecret, async (ctx, { repository, variable: name, value }) => {
      await mayChange(deps, ctx, setPipelineSecret, repository);
      const [by, at] = [formatActor(ctx.actor), ctx.now()];
      await ctx.sql.query(
        `insert into delivery.pipeline_secret (repository, name, sealed, set_by, set_at) values ($1, $2, $3, $4, $5)
         on conflict (repository, name) do update set sealed = excluded.sealed, set_by = excluded.set_by, set_at = excluded.set_at`,
        [repository, name, await sealer.seal(value, subjectOf(repository, name)), by, at],
      );
      return { repository, name, setBy: by, setAt: at.toISOString() };
    }),
    handle(removePipelineSecret, async (ctx, { repository, variable: name }) => {
      await mayChange(deps, ctx, removePipelineSecret, repository);
      const { rowCount } = await ctx.sql.query("delete from delivery.pipeline_secret where repository = $1 and name = $2", [
        repository,
        name,
      ]);
      if (rowCount === 0) throw new NotFoundError("secret", name, `See roadbed pipeline-secret list ${repository}.`);
    }),
  ];
}

export async function secretsOf(sql: Sql, sealer: Sealer, repository: string): Promise<ReadonlyMap<string, string>> {
  const { rows } = await sql.query<{ name: string; sealed: Buffer }>(
    "select name, sealed from delivery.pipeline_secret where repository = $1",
    [repository],
  );
  const opened = await Promise.all(
    rows.map(async ({ name, sealed }) => [name, await sealer.open<string>(sealed, subjectOf(repository, name))] as const),
  );
  return new Map(opened);
}

/** A repository of the embedded host that the caller may see. Throws `NotFoundError`. */
export async function knownRepository({ entities }: DeliveryDeps, ctx: Ctx, name: string): Promise<RepositoryRecord> {
  const record = await findRepository(ctx.sql, name);
  const hidden = (await entities.hiddenFrom?.(ctx)) ?? [];
  if (record !== undefined && !hidden.includes(record.entityRef)) return record;
  throw new NotFoundError("repository", name, "See roadbed repository list.");
}

export async function mayChange(deps: DeliveryDeps, ctx: Ctx, operation: Operation, name: string): Promise<RepositoryRecord> {
  const record = await knownRepository(deps, ctx, name);
  await deps.runtime.may(ctx, operation, { kind: "entity", id: record.entityRef });
  return record;
}

function subjectOf(repository: string, name: string): string {
  return `pipeline-secret ${repository} ${name}`;
}
