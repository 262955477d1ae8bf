import type { Run } from "@roadbed/contracts/paths";
import { againRun, compareRuns, undoRun } from "@roadbed/contracts/paths/undo";
import { ConflictError, handle, type Ctx, type Handler, type Sql } from "@roadbed/core";

import type { PathsDeps } from "../deps.ts";
import { isFinal, readRun, readSteps, toRun } from "../run/run-store.ts";
import { readSeenRun } from "../run/run-viewer.ts";
import { compare, type Compared } from "./compare-runs.ts";
import { requestUndo, requireUndoer } from "./request-undo.ts";

export interface UndoDeps extends Pick<PathsDeps, "catalog" | "people"> {
  /** The way in which every run begins. */
  readonly start: Handler;
}

/** What can be done with a run that ended: take it back, compare it, follow its path again. */
export function makeUndoHandlers(deps: UndoDeps): Handler[] {
  return [
    handle(undoRun, async (ctx, { id, reason }) => {
      const run = await readSeenRun(deps.catalog, ctx, id, true);
      if (!isFinal(run.status)) throw new ConflictError(`The run is ${run.status}.`, { mend: "Cancel it with undo." });
      await requireUndoer(deps, ctx, run);
      await requestUndo(ctx, run, reason);
      return show(ctx, id);
    }),
    handle(compareRuns, async (ctx, { id, other }) => compare(await lookAt(deps, ctx, id), await lookAt(deps, ctx, other))),
    handle(againRun, async (ctx, { id, values, secrets }) => {
      const run = await readSeenRun(deps.catalog, ctx, id);
      const given = { ...withoutSecrets(run.shown_values), ...values };
      return (await deps.start.run(ctx, { path: run.path_ref, values: given, ...(secrets === undefined ? {} : { secrets }) })) as Run;
    }),
  ];
}

/** What was typed into secret fields is not kept: it is asked for again. */
function withoutSecrets(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) => {
      if (value === "***") return [];
      const isPlain = typeof value === "object" && value !== null && !Array.isArray(value);
      return [[key, isPlain ? withoutSecrets(value as Record<string, unknown>) : value]];
    }),
  );
}

async function show(ctx: Ctx, id: string): Promise<Run> {
  return toRun(await readRun(ctx.sql, id), await readSteps(ctx.sql, [id]));
}

async function lookAt({ catalog }: UndoDeps, ctx: Ctx, id: string): Promise<Compared> {
  const run = toRun(await readSeenRun(catalog, ctx, id), await readSteps(ctx.sql, [id]));
  const { rows } = await ctx.sql.query<{ path: string; hash: string }>(
    "select f.path, f.hash from paths.run_file f where f.run_id = $1 order by f.path",
    [id],
  );
  const { rows: row } = await ctx.sql.query<{ verdict: string | null }>("select verdict from paths.run where id = $1", [id]);
  return {
    run,
    files: rows.length === 0 ? undefined : new Map(rows.map(({ path, hash }) => [path, hash])),
    verdict: row[0]?.verdict ?? undefined,
  };
}

/** What the preview of a run showed, for comparing: hashes of files, and what policies said. */
export async function keepPreview(
  sql: Sql,
  runId: string,
  preview: { readonly verdict: string; readonly files: readonly { readonly path: string; readonly hash: string }[] },
): Promise<void> {
  await sql.query("update paths.run set verdict = $2 where id = $1", [runId, preview.verdict]);
  await sql.query("insert into paths.run_file (run_id, path, hash) select $1, * from unnest($2::text[], $3::text[])", [
    runId,
    preview.files.map(({ path }) => path),
    preview.files.map(({ hash }) => hash),
  ]);
}
