import { formatRef, parseRef } from "@roadbed/contracts/catalog";
import { endLifetime, extendLifetime, lifetimeExtended, listLifetimes, showLifetime } from "@roadbed/contracts/paths/lifetimes";
import { ConflictError, encodeCursor, formatActor, handle, InvalidError, readCursor, type Ctx, type Handler } from "@roadbed/core";
import { z } from "zod";

import type { PathsDeps } from "../deps.ts";
import { readRun } from "../run/run-store.ts";
import { requireUndoer } from "../undo/request-undo.ts";
import { aboutOf, endNow, type EndDeps } from "./end-lifetimes.ts";
import { listLifetimeRows, readLifetime, toLifetime } from "./lifetime-store.ts";

const HOUR_MS = 3_600_000;
const After = z.object({ at: z.string(), id: z.string() });

/** What ends by itself: listed, extended, ended before its time. */
export function makeLifetimeHandlers(deps: Pick<PathsDeps, "catalog"> & EndDeps): Handler[] {
  const hiddenOf = async (ctx: Ctx): Promise<readonly string[]> => (await deps.catalog.hiddenFrom?.(ctx)) ?? [];
  return [
    handle(listLifetimes, async (ctx, { limit, cursor, state, withinDays, entityRef, path, mine, run }) => {
      const rows = await listLifetimeRows(ctx.sql, {
        state: state ?? (run === undefined ? "active" : undefined),
        run,
        before: withinDays === undefined ? undefined : new Date(ctx.now().getTime() + withinDays * 24 * HOUR_MS),
        entityRef: entityRef?.toLowerCase(),
        path: path === undefined ? undefined : formatRef(parseRef(path, { kind: "template" })),
        actor: mine === true ? formatActor(ctx.actor) : undefined,
        hidden: await hiddenOf(ctx),
        after: readCursor(After, cursor),
        limit: limit + 1,
      });
      const shown = rows.slice(0, limit);
      const last = rows.length > limit ? shown.at(-1) : undefined;
      return {
        items: shown.map((row) => toLifetime(row, ctx.now())),
        ...(last === undefined ? {} : { nextCursor: encodeCursor({ at: last.ends_at.toISOString(), id: last.id }) }),
      };
    }),
    handle(showLifetime, async (ctx, { id }) => toLifetime(await readLifetime(ctx.sql, id, await hiddenOf(ctx)), ctx.now())),
    handle(extendLifetime, async (ctx, { id, reason, hours }) => {
      const row = await readLifetime(ctx.sql, id, await hiddenOf(ctx), true);
      await requireUndoer(deps, ctx, await readRun(ctx.sql, row.run_id));
      if (row.state !== "active" || row.ends_at <= ctx.now()) throw new ConflictError("It has ended: there is nothing to extend.");
      const wanted = row.ends_at.getTime() + (hours === undefined ? Number(row.extend_by_ms) : hours * HOUR_MS);
      // Asked for in figures, too much is refused; asked for by one click, it goes as far as it may.
      if (hours !== undefined && wanted > row.at_most.getTime()) {
        throw new InvalidError(`Its path lets it live until ${row.at_most.toISOString()} at most.`, {
          problems: [{ at: "hours", reason: `must end by ${row.at_most.toISOString()}` }],
        });
      }
      const until = new Date(Math.min(wanted, row.at_most.getTime()));
      if (until <= row.ends_at)
        throw new ConflictError("Its path lets it live no longer.", { mend: "Follow the path anew, or change what it allows." });
      const extension = { by: formatActor(ctx.actor), at: ctx.now().toISOString(), until: until.toISOString(), reason };
      await ctx.sql.query("update paths.lifetime set ends_at = $2, extensions = extensions || $3::jsonb where id = $1", [
        row.id,
        until,
        JSON.stringify([extension]),
      ]);
      const after = await readLifetime(ctx.sql, row.id, []);
      ctx.emit(lifetimeExtended, row.entity_ref ?? row.id, { ...(await aboutOf(deps, ctx, after)), reason });
      return toLifetime(after, ctx.now());
    }),
    handle(endLifetime, async (ctx, { id, reason }) => {
      const row = await readLifetime(ctx.sql, id, await hiddenOf(ctx), true);
      await requireUndoer(deps, ctx, await readRun(ctx.sql, row.run_id));
      if (row.state !== "active") throw new ConflictError("It has ended already.");
      await endNow(deps, ctx, row, reason);
      return toLifetime(await readLifetime(ctx.sql, row.id, []), ctx.now());
    }),
  ];
}
