import { undoRequested } from "@roadbed/contracts/paths/undo";
import { ConflictError, ForbiddenError, formatActor, type Ctx } from "@roadbed/core";

import type { PathsDeps } from "../deps.ts";
import { appendLog } from "../run/run-log.ts";
import type { RunRow } from "../run/run-store.ts";

/** Has what an ended run made taken back; a second request while one is under way is that one. The run must be locked. */
export async function requestUndo(ctx: Ctx, run: RunRow, why: string): Promise<void> {
  const { undo_state: state, undo_attempt: before } = run;
  if (state === "done") throw new ConflictError("What the run made is taken back already.");
  // Asked for before the run's end, it has no attempt yet.
  if (state === "running" || (state === "requested" && before > 0)) return;
  const attempt = before + 1;
  await ctx.sql.query("update paths.run set undo_state = 'requested', undo_why = $2, undo_attempt = $3 where id = $1", [
    run.id,
    why,
    attempt,
  ]);
  ctx.emit(undoRequested, run.id, { runId: run.id, attempt, why });
  await appendLog(ctx.sql, run.id, { level: "warn", message: `${formatActor(ctx.actor)} has it taken back: ${why}` });
}

/** Who asked for the run may, who owns what it made, and administrators of paths. Throws `ForbiddenError`. */
export async function requireUndoer({ catalog, people }: Pick<PathsDeps, "catalog" | "people">, ctx: Ctx, run: RunRow): Promise<void> {
  if (run.actor === formatActor(ctx.actor) || ctx.scopes.has("*") || ctx.scopes.has("paths:admin")) return;
  const owners = run.entity_ref === null ? [] : ((await catalog.ownersOf?.(ctx, run.entity_ref)) ?? []);
  const own = (await people?.identitiesOf?.(ctx)) ?? new Set<string>();
  if (owners.some((ref) => own.has(ref))) return;
  throw new ForbiddenError("What a run made is taken back by who asked for it, by the owners of what it made, and by administrators.", {
    mend: "Ask one of them.",
  });
}
