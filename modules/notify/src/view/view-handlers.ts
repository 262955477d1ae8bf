import { deleteView, listViews, saveView } from "@roadbed/contracts/notify";
import { encodeCursor, handle, newId, NotFoundError, readCursor, type Handler, type OutputOf } from "@roadbed/core";
import { z } from "zod";

import { requireUser } from "../require-user.ts";

interface ViewRow {
  readonly id: string;
  readonly user_id: string;
  readonly by_name: string;
  readonly page: string;
  readonly name: string;
  readonly search: Record<string, unknown>;
  readonly shared: boolean;
}

const COLUMNS = "id, user_id, by_name, page, name, search, shared";

export function makeViewHandlers(): readonly Handler[] {
  return [
    handle(saveView, async (ctx, { page, name, search, shared }) => {
      const userId = requireUser(ctx);
      const byName = ctx.actor.kind === "user" ? ctx.actor.name : userId;
      const { rows } = await ctx.sql.query<Record<string, unknown>>(
        `insert into notify.view (id, user_id, by_name, page, name, search, shared, saved_at) values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (user_id, page, name) do update set search = excluded.search, shared = excluded.shared, by_name = excluded.by_name, saved_at = excluded.saved_at
         returning ${COLUMNS}`,
        [newId("view"), userId, byName, page, name, JSON.stringify(search), shared, ctx.now()],
      );
      return viewView(rows[0] as unknown as ViewRow, userId);
    }),
    handle(listViews, async (ctx, { page, limit, cursor }) => {
      const userId = requireUser(ctx);
      const [lastName, lastId] = readCursor(z.tuple([z.string(), z.string()]), cursor) ?? ["", ""];
      const { rows } = await ctx.sql.query<Record<string, unknown>>(
        `select ${COLUMNS} from notify.view
         where (user_id = $1 or shared) and ($2::text is null or page = $2) and (name, id) > ($3, $4) order by name, id limit $5`,
        [userId, page ?? null, lastName, lastId, limit + 1],
      );
      const shown = rows.slice(0, limit) as unknown as ViewRow[];
      const last = shown.at(-1);
      return {
        items: shown.map((row) => viewView(row, userId)),
        ...(rows.length > limit && last ? { nextCursor: encodeCursor([last.name, last.id]) } : {}),
      };
    }),
    handle(deleteView, async (ctx, { id }) => {
      const { rowCount } = await ctx.sql.query("delete from notify.view where id = $1 and user_id = $2", [id, requireUser(ctx)]);
      if (rowCount === 0) throw new NotFoundError("view", id, "List the views; only your own can be forgotten.");
      return { id };
    }),
  ];
}

function viewView({ id, user_id, by_name, page, name, search, shared }: ViewRow, userId: string): OutputOf<typeof saveView> {
  return { id, page, name, search, shared, by: by_name, mine: user_id === userId };
}
