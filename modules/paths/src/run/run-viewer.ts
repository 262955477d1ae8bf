import { formatActor, NotFoundError, type Call, type Ctx, type DomainEvent } from "@roadbed/core";
import type { Database } from "@roadbed/postgres";

import type { Catalog } from "../deps.ts";
import { readRun, type RunRow } from "./run-store.ts";
import type { RunViewer } from "./seen-by.ts";

export async function runViewerOf(catalog: Pick<Catalog, "hiddenFrom">, who: Pick<Call, "actor" | "scopes">): Promise<RunViewer> {
  return { actor: formatActor(who.actor), hidden: (await catalog.hiddenFrom?.(who)) ?? [] };
}

/** Whether somebody may see a run. The same in SQL: `seenBy`. */
export function maySee(viewer: RunViewer, run: Pick<RunRow, "actor" | "about">): boolean {
  return run.actor === viewer.actor || !run.about.some((ref) => viewer.hidden.includes(ref));
}

/** One run. Throws `NotFoundError` for what is not there or may not be seen. */
export async function readSeenRun(catalog: Pick<Catalog, "hiddenFrom">, ctx: Ctx, id: string, lock = false): Promise<RunRow> {
  const run = await readRun(ctx.sql, id, lock);
  if (maySee(await runViewerOf(catalog, ctx), run)) return run;
  throw new NotFoundError("run", id, "See the runs: roadbed run list.");
}

/** Whether somebody may hear of what happened to a run, its approvals or its time to live; of anything else that happens everybody may. */
export async function seesRunNews(
  { db, catalog }: { readonly db: Database; readonly catalog: Pick<Catalog, "hiddenFrom"> },
  who: Pick<Call, "actor" | "scopes">,
  { name, payload }: Pick<DomainEvent, "name" | "payload">,
): Promise<boolean> {
  if (!name.startsWith("paths.")) return true;
  const { runId } = payload as { readonly runId?: unknown };
  if (typeof runId !== "string") return true;
  const viewer = await runViewerOf(catalog, who);
  if (viewer.hidden.length === 0) return true;
  const { rows } = await db.query<Pick<RunRow, "actor" | "about">>("select actor, about from paths.run where id = $1", [runId]);
  return rows[0] !== undefined && maySee(viewer, rows[0]);
}
