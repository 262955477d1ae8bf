import { restrictSource, sourceRestricted } from "@roadbed/contracts/catalog/visibility";
import { handle, type Handler } from "@roadbed/core";

import { lockCatalog, nextChange } from "../entity/entity-store.ts";
import type { Feed } from "../estate/feed.ts";
import { countEntities, getSource } from "./source-store.ts";

/** A change like any other: whoever follows the catalogue knows of it before the next question is answered. */
export function makeRestrictSource(feed: Feed): Handler {
  return handle(restrictSource, async (ctx, { id, visibleTo }) => {
    const { sql } = ctx;
    await getSource(sql, id);
    await lockCatalog(sql);
    const change = await nextChange(sql);
    if (visibleTo.length === 0) await sql.query("delete from catalog.source_visibility where source_id = $1", [id]);
    else {
      await sql.query(
        `insert into catalog.source_visibility (source_id, visible_to) values ($1, $2)
         on conflict (source_id) do update set visible_to = excluded.visible_to`,
        [id, visibleTo],
      );
    }
    feed.expect(change);
    ctx.emit(sourceRestricted, id, { sourceId: id });
    return { sourceId: id, visibleTo, entities: (await countEntities(sql, id)).get(id) ?? 0 };
  });
}
