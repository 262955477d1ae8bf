import { listWatches, removeWatch, setWatch, type Weight } from "@roadbed/contracts/notify";
import { encodeCursor, handle, NotFoundError, readCursor, type Handler } from "@roadbed/core";
import { z } from "zod";

import type { NotifyDeps } from "../deps.ts";
import { requireUser } from "../require-user.ts";

interface WatchRow {
  readonly ref: string;
  readonly weight: Weight;
  readonly since: Date;
}

export function makeWatchHandlers({ things }: NotifyDeps): readonly Handler[] {
  return [
    handle(setWatch, async (ctx, { ref, weight }) => {
      const userId = requireUser(ctx);
      if (!(await things.sees(ctx, ref))) throw new NotFoundError("entity", ref, "List the entities to see what there is.");
      const { rows } = await ctx.sql.query<Record<string, unknown>>(
        `insert into notify.watch (user_id, ref, weight, since) values ($1, $2, $3, $4)
         on conflict (user_id, ref) do update set weight = excluded.weight returning ref, weight, since`,
        [userId, ref, weight, ctx.now()],
      );
      return watchView(rows[0] as unknown as WatchRow);
    }),
    handle(removeWatch, async (ctx, { ref }) => {
      const { rowCount } = await ctx.sql.query("delete from notify.watch where user_id = $1 and ref = $2", [requireUser(ctx), ref]);
      if (rowCount === 0) throw new NotFoundError("watch", ref, "You do not follow it.");
      return { ref };
    }),
    handle(listWatches, async (ctx, { ref, limit, cursor }) => {
      const { rows } = await ctx.sql.query<Record<string, unknown>>(
        `select ref, weight, since from notify.watch where user_id = $1 and ($2::text is null or ref = $2) and ref > $3 order by ref limit $4`,
        [requireUser(ctx), ref ?? null, readCursor(z.string(), cursor) ?? "", limit + 1],
      );
      const page = rows.slice(0, limit) as unknown as WatchRow[];
      return { items: page.map(watchView), ...(rows.length > limit ? { nextCursor: encodeCursor(page.at(-1)!.ref) } : {}) };
    }),
  ];
}

function watchView({ ref, weight, since }: WatchRow): { ref: string; weight: Weight; since: string } {
  return { ref, weight, since: since.toISOString() };
}
