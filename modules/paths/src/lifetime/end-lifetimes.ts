import { lifetimeEnded, lifetimeEnding } from "@roadbed/contracts/paths/lifetimes";
import type { Ctx, Handler } from "@roadbed/core";
import type { Database, PostgresRuntime } from "@roadbed/postgres";
import type { Flow, Workflows } from "@roadbed/workflows";

import type { PathsDeps } from "../deps.ts";
import { watchLifetimes } from "../run/internal-operations.ts";
import { readRun } from "../run/run-store.ts";
import { requestUndo } from "../undo/request-undo.ts";
import { followEndPath } from "./follow-end-path.ts";
import { readLifetime, type LifetimeRow } from "./lifetime-store.ts";

const AT_ONCE = 200;
/** What could not be ended is tried again after so long. */
const AGAIN = "1 hour";

export interface EndDeps extends Pick<PathsDeps, "people"> {
  /** The way in which every run begins. */
  readonly start: Handler;
}
type Deps = EndDeps;

/** Looks every minute for what ends soon, which is told once, and for what is over, which is taken back. */
export function defineLifetimeWatch(
  workflows: Workflows,
  deps: Deps & { readonly db: Database; readonly runtime: PostgresRuntime },
): Flow<Date, void> {
  const write = (work: (ctx: Ctx) => Promise<void>): Promise<void> =>
    deps.runtime.write(deps.runtime.system("paths.lifetimes"), watchLifetimes, {}, undefined, work);
  return workflows.define<Date, void>("paths.watch-lifetimes", async (c) => {
    await c.step("look", async () => {
      await write((ctx) => warn(deps, ctx));
      const { rows } = await deps.db.query<{ id: string }>(
        "select id from paths.lifetime where state = 'active' and ends_at <= now() order by ends_at limit $1",
        [AT_ONCE],
      );
      for (const { id } of rows) await write((ctx) => endWhenOver(deps, ctx, id));
      const { rows: stuck } = await deps.db.query<{ id: string }>(STUCK, [AT_ONCE]);
      for (const { id } of stuck) await write((ctx) => tryEndAgain(deps, ctx, id));
    });
  });
}

/** Each end is warned of once; an extension makes it another end. */
export async function warn(deps: Pick<Deps, "people">, ctx: Ctx): Promise<void> {
  const { rows } = await ctx.sql.query<LifetimeRow>(
    `update paths.lifetime set warned_for = ends_at where id in (select id from paths.lifetime where state = 'active' and ends_at > $1
       and ends_at - warn_before_ms * interval '1 millisecond' <= $1 and warned_for is distinct from ends_at
       order by ends_at limit ${AT_ONCE} for update skip locked) returning *`,
    [ctx.now()],
  );
  for (const row of rows) ctx.emit(lifetimeEnding, row.entity_ref ?? row.id, await aboutOf(deps, ctx, row));
}

/** Ends what is over; whoever extends it at the same moment comes before or after, not in between. Twice is once. */
export async function endWhenOver(deps: Deps, ctx: Ctx, id: string): Promise<void> {
  const row = await readLifetime(ctx.sql, id, [], true);
  if (row.state !== "active" || row.ends_at > ctx.now()) return;
  await endNow(deps, ctx, row, `Its time to live was over at ${row.ends_at.toISOString()}.`);
}

/** Refused before it began; a run that began and failed is for people to look at. */
const STUCK = `select id from paths.lifetime where state = 'ending' and end_path is not null and end_run_id is null
  and tried_at <= now() - interval '${AGAIN}' order by tried_at limit $1`;

export async function tryEndAgain(deps: Deps, ctx: Ctx, id: string): Promise<void> {
  const row = await readLifetime(ctx.sql, id, [], true);
  if (row.state === "ending" && row.end_run_id === null && row.end_path !== null) await followEndPath(deps.start, ctx, row);
}

/** The row must be locked. */
export async function endNow(deps: Deps, ctx: Ctx, row: LifetimeRow, why: string): Promise<void> {
  await ctx.sql.query("update paths.lifetime set state = 'ending', ended_at = $2 where id = $1", [row.id, ctx.now()]);
  ctx.emit(lifetimeEnded, row.entity_ref ?? row.id, await aboutOf(deps, ctx, row));
  if (row.end_path !== null) return followEndPath(deps.start, ctx, row);
  const run = await readRun(ctx.sql, row.run_id, true);
  if (run.undo_state !== "done") await requestUndo(ctx, run, why);
}

export async function aboutOf(
  { people }: Pick<Deps, "people">,
  ctx: Ctx,
  row: LifetimeRow,
): Promise<{
  lifetime: string;
  runId: string;
  path: string;
  pathTitle: string;
  name: string;
  entityRef?: string;
  requester?: string;
  endsAt: string;
}> {
  const { actor } = (await readRun(ctx.sql, row.run_id)).actor_detail;
  const requester = actor.kind === "user" ? actor.id : await people?.behind?.(ctx, actor);
  return {
    lifetime: row.id,
    runId: row.run_id,
    path: row.path_ref,
    pathTitle: row.path_title,
    name: row.name,
    ...(row.entity_ref === null ? {} : { entityRef: row.entity_ref }),
    ...(requester === undefined ? {} : { requester }),
    endsAt: row.ends_at.toISOString(),
  };
}
