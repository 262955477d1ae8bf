import { createSink, listSinks, removeSink, sinkChanged } from "@roadbed/contracts/delivery/cdevents";
import { encodeCursor, formatActor, handle, newId, readCursor, type Handler } from "@roadbed/core";
import type { Sealer } from "@roadbed/postgres";
import { z } from "zod";

import { listSinkRows, toSink } from "./sink-store.ts";

/** Who is told of what happens here: administrators say so, since all of it is told. */
export function makeSinkHandlers(sealer: Sealer): Handler[] {
  return [
    handle(listSinks, async (ctx, { limit, cursor }) => {
      const rows = await listSinkRows(ctx.sql, { after: readCursor(z.string(), cursor), limit: limit + 1 });
      const items = rows.slice(0, limit).map(toSink);
      return { items, ...(rows.length > limit ? { nextCursor: encodeCursor(items.at(-1)?.id) } : {}) };
    }),
    handle(createSink, async (ctx, { title, address, secret, mode, types }) => {
      const id = newId("sink", ctx.now().getTime());
      const target = new URL(address).host;
      const sealed = await sealer.seal({ address, ...(secret === undefined ? {} : { secret }) }, id);
      const madeBy = formatActor(ctx.actor);
      await ctx.sql.query(
        "insert into delivery.sink (id, title, target, sealed, mode, types, made_by, made_at) values ($1, $2, $3, $4, $5, $6, $7, $8)",
        [id, title, target, sealed, mode, types, madeBy, ctx.now()],
      );
      ctx.emit(sinkChanged, id, { sinkId: id, title, target, change: "made" });
      return { id, title, target, mode, types: [...types], madeBy, madeAt: ctx.now().toISOString(), waiting: 0 };
    }),
    handle(removeSink, async (ctx, { id }) => {
      const { rows } = await ctx.sql.query<{ title: string; target: string }>(
        "delete from delivery.sink where id = $1 returning title, target",
        [id],
      );
      const [gone] = rows;
      if (gone !== undefined) ctx.emit(sinkChanged, id, { sinkId: id, ...gone, change: "removed" });
      return { removed: gone !== undefined };
    }),
  ];
}
