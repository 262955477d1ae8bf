import { entityChanged, entityRemoved, sourceSynced } from "@roadbed/contracts/catalog";

import { causeOf, lockCatalog, nextChange, removeEntities, writeHistory } from "../entity/entity-store.ts";
import { remerge } from "../facts/merge-entities.ts";
import { refsOf } from "../facts/store-claims.ts";
import { takeOver } from "../facts/take-over.ts";
import type { Kinds } from "../kinds/registry.ts";
import { MAX_ENTITY_EVENTS, type WriteCtx } from "./apply-snapshot.ts";
import { lockSource } from "./source-lock.ts";
import type { SourceRow } from "./source-store.ts";

/** Forgets a source with all that only it described. */
export async function removeSource(
  ctx: WriteCtx,
  source: SourceRow,
  kinds: Kinds,
): Promise<{ readonly removed: number; readonly change: number }> {
  const { sql } = ctx;
  await lockSource(sql, source.id);
  await lockCatalog(sql);
  const { rows: described } = await sql.query<{ ref: string; kind: string }>(
    "select ref, document->>'kind' as kind from catalog.entity where source_id = $1 order by ref",
    [source.id],
  );
  const change = await nextChange(sql);
  const takeNumber = async (): Promise<number> => change;
  const taken = await takeOver(
    ctx,
    described.map(({ ref }) => ref),
    { leaving: source.id, kinds, takeNumber },
  );
  const kept = new Set(taken.map(({ ref }) => ref));
  const rows = described.filter(({ ref }) => !kept.has(ref));
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
  const { rows: claims } = await sql.query<{ ref: string | null; annotation: string | null; annotation_value: string | null }>(
    "select ref, annotation, annotation_value from catalog.claim where source_id = $1",
    [source.id],
  );
  const touched = await refsOf(sql, claims);
  await sql.query("delete from catalog.claim where source_id = $1", [source.id]);
  await remerge(ctx, touched, { source, reason: `"${source.name}", which spoke of it, was removed`, kinds, takeNumber });
  await sql.query("delete from catalog.source where id = $1", [source.id]);
  if (rows.length <= MAX_ENTITY_EVENTS) {
    for (const { ref, kind } of rows) ctx.emit(entityRemoved, ref, { ref, kind, sample: source.sample });
    for (const { ref, entity, sample } of taken) ctx.emit(entityChanged, ref, { ref, kind: entity.kind, sample });
  }
  const counts = { read: 0, registered: 0, changed: 0, unchanged: 0, removed: rows.length, failed: 0, conflicts: 0 };
  ctx.emit(sourceSynced, source.id, { sourceId: source.id, counts });
  return { removed: rows.length, change };
}
