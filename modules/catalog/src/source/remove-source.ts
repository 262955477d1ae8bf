import { entityRemoved, sourceSynced } from "@roadbed/contracts/catalog";

import { causeOf, lockCatalog, nextChange, removeEntities, writeHistory } from "../entity/entity-store.ts";
import { MAX_ENTITY_EVENTS, type WriteCtx } from "./apply-snapshot.ts";
import type { SourceRow } from "./source-store.ts";

/** Forgets a source with all that only it described. */
export async function removeSource(ctx: WriteCtx, source: SourceRow): Promise<{ readonly removed: number; readonly change: number }> {
  const { sql } = ctx;
  await lockCatalog(sql);
  const { rows } = await sql.query<{ ref: string; kind: string }>(
    "select ref, document->>'kind' as kind from catalog.entity where source_id = $1 order by ref",
    [source.id],
  );
  const change = await nextChange(sql);
  const cause = causeOf(ctx, `its source "${source.name}" was removed`);
  await writeHistory(
    sql,
    { change, source, cause },
    rows.map(({ ref }) => ({ ref, change: "removed" as const, fields: [] })),
  );
  await removeEntities(
    sql,
    rows.map(({ ref }) => ref),
    change,
    cause,
  );
  await sql.query("delete from catalog.source where id = $1", [source.id]);
  if (rows.length <= MAX_ENTITY_EVENTS) {
    for (const { ref, kind } of rows) ctx.emit(entityRemoved, ref, { ref, kind, sample: source.sample });
  }
  const counts = { read: 0, registered: 0, changed: 0, unchanged: 0, removed: rows.length, failed: 0, conflicts: 0 };
  ctx.emit(sourceSynced, source.id, { sourceId: source.id, counts });
  return { removed: rows.length, change };
}
