import { deleteEntity, entityRemoved } from "@roadbed/contracts/catalog";
import { handle, NotFoundError, type Ctx, type Handler } from "@roadbed/core";

import { removeUnreadDocs } from "../docs/doc-store.ts";
import type { Feed } from "../estate/feed.ts";
import { causeOf, lockCatalog, nextChange, removeEntities, writeHistory } from "./entity-store.ts";

export function makeDeleteEntity(feed: Feed): Handler {
  return handle(deleteEntity, async (ctx, { ref, reason }) => {
    await removeEntity(feed, reason === undefined ? ctx : { ...ctx, reason }, ref);
    return { removed: ref };
  });
}

/** Takes one entity out, whoever described it. Throws `NotFoundError`. */
export async function removeEntity(feed: Feed, ctx: Ctx, ref: string): Promise<void> {
  await lockCatalog(ctx.sql);
  const { rows } = await ctx.sql.query<{ kind: string; source_id: string; name: string; sample: boolean }>(
    `select e.document->>'kind' as kind, e.source_id, s.name, s.sample from catalog.entity e join catalog.source s on s.id = e.source_id where e.ref = $1`,
    [ref],
  );
  const [found] = rows;
  if (!found) throw new NotFoundError("entity", ref, "It may be gone already.");
  const change = await nextChange(ctx.sql);
  const cause = causeOf(ctx, "it was deleted by hand");
  const source = { id: found.source_id, name: found.name };
  await writeHistory(ctx.sql, { change, source, cause }, [{ ref, change: "removed", fields: [] }]);
  await removeEntities(ctx.sql, [ref], change, cause);
  await removeUnreadDocs(ctx.sql, [found.source_id]);
  // What was read of the source last is not what is there now: the next look must read it again.
  await ctx.sql.query(
    `with claims as (delete from catalog.claim where ref = $2 and standing = 'standby' returning source_id)
     update catalog.source set fingerprint = null where id = $1 or id in (select source_id from claims)`,
    [found.source_id, ref],
  );
  feed.expect(change);
  ctx.emit(entityRemoved, ref, { ref, kind: found.kind, sample: found.sample });
}
