import { type Entity, entityChanged, entityRegistered, entityRemoved, sourceSynced } from "@roadbed/contracts/catalog";
import type { Ctx } from "@roadbed/core";

import { writeDocs } from "../docs/doc-store.ts";
import { diffFields } from "../entity/diff-fields.ts";
import {
  causeOf,
  lockCatalog,
  markOrphans,
  nextChange,
  readClaims,
  readDocuments,
  removeEntities,
  writeEntities,
  writeHistory,
  type HistoryWrite,
} from "../entity/entity-store.ts";
import { compareSnapshot, countsOf, type Diff } from "./compare-snapshot.ts";
import type { Problem, Snapshot } from "./snapshot.ts";
import { beginSync, endSync, type Counts, type SourceRow } from "./source-store.ts";

/**
 * Most entities of one synchronisation that are told one by one. Of a larger one only `catalog.source.synced` is told:
 * whoever follows single entities reads the catalogue anew after it.
 */
export const MAX_ENTITY_EVENTS = 500;

export interface Applied {
  readonly source: SourceRow;
  readonly counts: Counts;
  readonly problems: readonly Problem[];
  /** The number of this change; undefined when nothing changed. */
  readonly change: number | undefined;
}

/** What the parts of this file need of a call that writes. */
export type WriteCtx = Pick<Ctx, "sql" | "emit" | "now" | "actor" | "reason">;

/** Makes the catalogue say what a source says: one comparison, one set of statements, all in the transaction of `ctx`. */
export async function applySnapshot(ctx: WriteCtx, source: SourceRow, snapshot: Snapshot): Promise<Applied> {
  const { sql } = ctx;
  const at = ctx.now();
  await lockCatalog(sql);
  const claims = await readClaims(
    sql,
    source.id,
    snapshot.candidates.map(({ ref }) => ref),
  );
  const diff = compareSnapshot(source, snapshot, claims);
  const counts = countsOf(snapshot, diff);
  // Made before anything is written: what is written names the run that wrote it.
  const syncId = await beginSync(sql, source.id, at);
  const gone = isSmall(diff) ? await readDocuments(sql, diff.removed) : new Map<string, unknown>();
  const change = await writeDiff(ctx, source, snapshot, diff, { at, syncId });

  const problems = [...snapshot.problems, ...diff.conflicts];
  const { fingerprint, durationMs } = snapshot;
  const row = await endSync(sql, source.id, syncId, { at, durationMs, counts, problems, fingerprint });
  if (isSmall(diff)) emitEntities(ctx, source, diff, gone);
  ctx.emit(sourceSynced, source.id, { sourceId: source.id, counts });
  return { source: row, counts, problems, change };
}

/** Few enough to tell of each. */
function isSmall({ registered, changed, removed }: Diff): boolean {
  return registered.length + changed.length + removed.length <= MAX_ENTITY_EVENTS;
}

/** Writes a diff: history first, because it keeps the documents as they still are. */
async function writeDiff(
  ctx: WriteCtx,
  source: SourceRow,
  snapshot: Snapshot,
  diff: Diff,
  { at, syncId }: { readonly at: Date; readonly syncId: string },
): Promise<number | undefined> {
  const { sql } = ctx;
  const writes = [...diff.registered, ...diff.changed, ...diff.moved];
  let change: number | undefined;
  const takeNumber = async (): Promise<number> => (change ??= await nextChange(sql));
  if (writes.length + diff.removed.length > 0) {
    const before = await readDocuments(
      sql,
      diff.changed.map(({ ref }) => ref),
    );
    const history: HistoryWrite[] = [
      ...diff.removed.map((ref) => ({ ref, change: "removed" as const, fields: [], reason: GONE })),
      ...diff.changed.map(({ ref, entity }) => changedRow(ref, diffFields(before.get(ref), entity))),
      ...diff.registered.map(({ ref }) => ({ ref, change: "registered" as const, fields: [], reason: "its descriptor appeared" })),
    ];
    await writeHistory(sql, { change: await takeNumber(), source, cause: causeOf(ctx, undefined, syncId) }, history);
    await removeEntities(sql, diff.removed, await takeNumber(), causeOf(ctx, GONE, syncId));
    await writeEntities(sql, source.id, writes, await takeNumber(), at);
  }
  if (diff.orphaned.length > 0) await markOrphans(sql, diff.orphaned, await takeNumber());
  await writeDocs(sql, source.id, snapshot, takeNumber, at);
  return change;
}

const GONE = "its descriptor is gone";

/** The same document may come from another source now, which took it over. */
function changedRow(ref: string, fields: readonly string[]): HistoryWrite {
  return { ref, change: "changed", fields, reason: fields.length > 0 ? "its descriptor changed" : "another source describes it now" };
}

function emitEntities(ctx: WriteCtx, source: SourceRow, diff: Diff, gone: ReadonlyMap<string, unknown>): void {
  const emit = (type: typeof entityRegistered, ref: string, entity: Entity): void =>
    ctx.emit(type, ref, { ref, kind: entity.kind, sample: isSample(source, entity) });
  for (const { ref, entity } of diff.registered) emit(entityRegistered, ref, entity);
  for (const { ref, entity } of diff.changed) emit(entityChanged, ref, entity);
  for (const [ref, entity] of gone) emit(entityRemoved, ref, entity as Entity);
}

export function isSample(source: Pick<SourceRow, "sample">, entity: Entity): boolean {
  return source.sample || entity.metadata.annotations?.["roadbed.dev/sample"] === "true";
}
