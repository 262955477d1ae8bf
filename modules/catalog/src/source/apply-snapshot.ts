import { type Entity, entityChanged, entityRegistered, entityRemoved, sourceSynced } from "@roadbed/contracts/catalog";
import { objectsQuarantined, sourceDecided, sourceHeld } from "@roadbed/contracts/catalog/connections";
import { ConflictError, type Ctx, type Sql } from "@roadbed/core";

import { writeDocs } from "../docs/doc-store.ts";
import { diffFields } from "../entity/diff-fields.ts";
import {
  causeOf,
  lockCatalog,
  markOrphans,
  nextChange,
  readClaims,
  readClaimsOf,
  readDocuments,
  removeEntities,
  transactionOf,
  writeEntities,
  writeHistory,
  type HistoryWrite,
} from "../entity/entity-store.ts";
import { isLabelledSample } from "../entity/is-sample.ts";
import type { Handover } from "../estate/handover.ts";
import { mergeWrites, remerge, type DescribedWrite } from "../facts/merge-entities.ts";
import { storeClaims } from "../facts/store-claims.ts";
import { takeOver, type TakenOver } from "../facts/take-over.ts";
import type { Kinds } from "../kinds/registry.ts";
import { withoutKinds } from "./allow-kinds.ts";
import { compareSnapshot, countsOf, type Diff } from "./compare-snapshot.ts";
import { digestOf, reasonToHold } from "./deletion-guard.ts";
import { readHold, removeHold, writeHold } from "./hold-store.ts";
import { readKept, refreshQuarantine } from "./quarantine-store.ts";
import { readSaidSince } from "./said-store.ts";
import type { Problem, Snapshot } from "./snapshot.ts";
import type { Counts, SourceRow } from "./source-store.ts";
import { beginSync, endSync, type SyncCause } from "./sync-store.ts";

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
  /** Why nothing was written: the run waits for a decision. */
  readonly held?: string;
}

/** What the parts of this file need of a call that writes. */
export type WriteCtx = Pick<Ctx, "sql" | "emit" | "now" | "actor" | "reason">;

export interface ApplyOptions {
  readonly cause: SyncCause;
  readonly kinds: Kinds;
  /** Of the writes that somebody approved: exactly these are done, or none. */
  readonly approved?: string;
  /** Takes what is written, for memory; it is complete when it was all. */
  readonly handover?: Handover;
}

/** Makes the catalogue say what a source says: one comparison, one set of statements, all in the transaction of `ctx`. */
export async function applySnapshot(ctx: WriteCtx, source: SourceRow, said: Snapshot, o: ApplyOptions): Promise<Applied> {
  const { sql } = ctx;
  const at = ctx.now();
  await lockCatalog(sql);
  const snapshot = await withoutKinds(sql, source, said);
  const diff = await compareStored(sql, source, snapshot);
  const isWhole = snapshot.gone === undefined;
  const reason = isWhole ? reasonToHold(diff, source.threshold_percent) : undefined;
  if (o.approved !== undefined && o.approved !== digestOf(diff, snapshot)) {
    throw new ConflictError("The source says something else than what was asked about.", {
      mend: "It is read again; look at what it asks then.",
    });
  }
  if (reason !== undefined && o.approved === undefined)
    return hold(ctx, source, snapshot, { ...o, diff, reason, digest: digestOf(diff, snapshot), at });

  const counts = countsOf(snapshot, diff);
  // Made before anything is written: what is written names the run that wrote it.
  const syncId = await beginSync(sql, source.id, at, { cause: o.cause, actor: ctx.actor });
  const written = await writeDiff(ctx, source, snapshot, diff, { at, syncId, kinds: o.kinds, handover: o.handover });
  const stuck = await refreshQuarantine(sql, source.id, snapshot, diff, at);
  if (isWhole) await settleHold(ctx, source, o);

  const problems = [...snapshot.problems, ...diff.conflicts];
  const { fingerprint, durationMs, memory, budget } = snapshot;
  const row = await endSync(sql, source.id, syncId, {
    at,
    durationMs,
    counts,
    problems,
    fingerprint,
    partial: !isWhole,
    ...(memory ? { memory } : {}),
    ...(budget ? { budget } : {}),
  });
  if (isSmall(diff)) emitEntities(ctx, source, diff, written);
  ctx.emit(sourceSynced, source.id, { sourceId: source.id, counts });
  if (stuck.length > 0) {
    const objects = stuck.slice(0, MOST_TOLD).map(({ object, ref, reason }) => ({ object, ...(ref === undefined ? {} : { ref }), reason }));
    ctx.emit(objectsQuarantined, source.id, { sourceId: source.id, name: source.name, objects, total: stuck.length });
  }
  return { source: row, counts, problems, change: written.change };
}

/** What a snapshot would do to what is stored now; reads only. */
export async function compareStored(sql: Sql, source: Pick<SourceRow, "id" | "kind">, snapshot: Snapshot): Promise<Diff> {
  const refs = snapshot.candidates.map(({ ref }) => ref);
  const { gone, startedAt } = snapshot;
  const claims = gone ? await readClaimsOf(sql, [...refs, ...gone]) : await readClaims(sql, source.id, refs);
  const newer = startedAt && !gone ? await readSaidSince(sql, source.id, startedAt) : new Set<string>();
  return compareSnapshot(source, snapshot, claims, { kept: await readKept(sql, source.id), newer });
}

interface Held extends ApplyOptions {
  readonly diff: Diff;
  readonly reason: string;
  readonly digest: string;
  readonly at: Date;
}

/** Writes nothing but the question. The same question is not asked twice. */
async function hold(ctx: WriteCtx, source: SourceRow, snapshot: Snapshot, o: Held): Promise<Applied> {
  const { sql } = ctx;
  const { diff, reason, digest, at } = o;
  const known = await readHold(sql, source.id);
  const syncId = await beginSync(sql, source.id, at, { cause: o.cause, actor: ctx.actor });
  if (known?.digest !== digest) {
    const asked = await writeHold(sql, source.id, { syncId, at, digest, reason, diff });
    ctx.emit(sourceHeld, source.id, { sourceId: source.id, name: source.name, hold: asked });
  }
  const counts = countsOf(snapshot, diff);
  const { durationMs, budget } = snapshot;
  const outcome = { at, durationMs, counts, problems: [], fingerprint: null, held: reason, ...(budget ? { budget } : {}) };
  const row = await endSync(sql, source.id, syncId, outcome);
  // One row for one question, however often the source is looked at meanwhile.
  if (known?.digest === digest && o.cause !== "asked") await sql.query("delete from catalog.source_sync where id = $1", [syncId]);
  return { source: row, counts, problems: [], change: undefined, held: reason };
}

async function settleHold(ctx: WriteCtx, source: SourceRow, { approved }: ApplyOptions): Promise<void> {
  if (!(await removeHold(ctx.sql, source.id))) return;
  const decision = approved === undefined ? "withdrawn" : "approved";
  ctx.emit(sourceDecided, source.id, { sourceId: source.id, name: source.name, decision });
}

/** Few enough to tell of each. */
function isSmall({ registered, changed, removed }: Diff): boolean {
  return registered.length + changed.length + removed.length <= MAX_ENTITY_EVENTS;
}

interface Written {
  readonly change: number | undefined;
  /** What is different now, by reference: not all that changed at its source, if others say something else. */
  readonly changed: readonly DescribedWrite[];
  readonly takenOver: readonly TakenOver[];
  /** Documents of what is gone; empty when there are too many to tell. */
  readonly gone: ReadonlyMap<string, unknown>;
}

/** Writes a diff: what is said first, then history, because it keeps the documents as they still are. */
async function writeDiff(
  ctx: WriteCtx,
  source: SourceRow,
  snapshot: Snapshot,
  diff: Diff,
  o: { readonly at: Date; readonly syncId: string; readonly kinds: Kinds; readonly handover: Handover | undefined },
): Promise<Written> {
  const { at, syncId, kinds } = o;
  const { sql } = ctx;
  let change: number | undefined;
  const takeNumber = async (): Promise<number> => (change ??= await nextChange(sql));
  // A message says nothing of the rest of the source.
  const enrichments = [...(snapshot.enrichments ?? []), ...diff.joining.map(({ otherwise }) => otherwise!)];
  const told = { ...snapshot, enrichments, ...(snapshot.gone === undefined ? {} : { unchangedLocations: [""] }) };
  const touched = await storeClaims(sql, source.id, told, diff.losing, at);
  const takenOver = await takeOver(ctx, diff.removed, { leaving: source.id, syncId, kinds, takeNumber });
  const kept = new Set(takenOver.map(({ ref }) => ref));
  const removed = diff.removed.filter((ref) => !kept.has(ref));
  const gone = isSmall(diff) ? await readDocuments(sql, removed) : new Map<string, unknown>();
  const writes = await mergeWrites(sql, source, [...diff.registered, ...diff.changed, ...diff.moved], kinds);
  // Few are read again with all that is stored of them, which costs less than a reader's first question for each.
  const handover = writes.length > MAX_ENTITY_EVENTS ? o.handover : undefined;
  const changed = await writeWithHistory(ctx, source, diff, { writes, removed, at, syncId, takeNumber, handover });
  if (diff.orphaned.length > 0) await markOrphans(sql, diff.orphaned, await takeNumber());
  const settled = new Set([...writes.map(({ ref }) => ref), ...removed, ...kept]);
  const others = touched.filter((ref) => !settled.has(ref));
  await remerge(ctx, others, { source, reason: `"${source.name}" says something else of it`, syncId, kinds, takeNumber });
  if (snapshot.gone === undefined) await writeDocs(sql, source.id, snapshot, takeNumber, at);
  if (takenOver.length + diff.orphaned.length + others.length === 0) handover?.complete(await transactionOf(sql));
  return { change, changed, takenOver, gone };
}

/** Answers the writes that make a difference to what was there. */
async function writeWithHistory(
  ctx: WriteCtx,
  source: SourceRow,
  diff: Diff,
  o: {
    readonly writes: readonly DescribedWrite[];
    readonly removed: readonly string[];
    readonly at: Date;
    readonly syncId: string;
    readonly takeNumber: () => Promise<number>;
    readonly handover: Handover | undefined;
  },
): Promise<DescribedWrite[]> {
  const { sql } = ctx;
  const { writes, removed, at, syncId, takeNumber, handover } = o;
  if (writes.length + removed.length === 0) return [];
  const refs = new Set(diff.changed.map(({ ref }) => ref));
  const before = await readDocuments(sql, [...refs]);
  const rows = writes
    .filter(({ ref }) => refs.has(ref))
    .map((write) => ({ write, fields: diffFields(before.get(write.ref), write.entity) }));
  // A document may have changed in what somebody locked, or only its order: then nothing is different for who reads it.
  const changed = rows.filter(({ write, fields }) => fields.length > 0 || write.base === undefined);
  const history: HistoryWrite[] = [
    ...removed.map((ref) => ({ ref, change: "removed" as const, fields: [], reason: GONE })),
    ...changed.map(({ write, fields }) => changedRow(write.ref, fields)),
    ...diff.registered.map(({ ref }) => ({ ref, change: "registered" as const, fields: [], reason: "its descriptor appeared" })),
  ];
  await writeHistory(sql, { change: await takeNumber(), source, cause: causeOf(ctx, undefined, syncId) }, history);
  await removeEntities(sql, removed, await takeNumber(), causeOf(ctx, GONE, syncId));
  await writeEntities(sql, source.id, writes, await takeNumber(), at, handover && ((batch) => handover.take(source, batch)));
  return changed.map(({ write }) => write);
}

/** Objects that went into quarantine, told by name. */
const MOST_TOLD = 50;
const GONE = "its descriptor is gone";

/** The same document may come from another source now, which took it over. */
function changedRow(ref: string, fields: readonly string[]): HistoryWrite {
  return { ref, change: "changed", fields, reason: fields.length > 0 ? "its descriptor changed" : "another source describes it now" };
}

function emitEntities(ctx: WriteCtx, source: SourceRow, diff: Diff, { changed, takenOver, gone }: Written): void {
  const emit = (type: typeof entityRegistered, ref: string, entity: Entity, from: Pick<SourceRow, "sample"> = source): void =>
    ctx.emit(type, ref, { ref, kind: entity.kind, sample: isSample(from, entity) });
  for (const { ref, entity } of diff.registered) emit(entityRegistered, ref, entity);
  for (const { ref, entity } of changed) emit(entityChanged, ref, entity);
  for (const { ref, entity, sample } of takenOver) emit(entityChanged, ref, entity, { sample });
  for (const [ref, entity] of gone) emit(entityRemoved, ref, entity as Entity);
}

export function isSample(source: Pick<SourceRow, "sample">, entity: Entity): boolean {
  return source.sample || isLabelledSample(entity);
}
