import { type Entity, entityChanged, entityRegistered, entityRemoved, sourceSynced } from "@roadbed/contracts/catalog";
import type { Ctx } from "@roadbed/core";

import { writeDocs } from "../docs/doc-store.ts";
import { diffFields } from "../entity/diff-fields.ts";
import {
  lockCatalog,
  markOrphans,
  nextChange,
  readClaims,
  readDocuments,
  removeEntities,
  writeEntities,
  writeHistory,
  type Claim,
  type HistoryWrite,
} from "../entity/entity-store.ts";
import type { Candidate, Problem, Snapshot } from "./snapshot.ts";
import { recordSync, type Counts, type SourceRow } from "./source-store.ts";

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
export type WriteCtx = Pick<Ctx, "sql" | "emit" | "now">;

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
  const diff = compare(source, snapshot, new Map(claims.map((claim) => [claim.ref, claim])));
  const gone = isSmall(diff) ? await readDocuments(sql, diff.removed) : new Map<string, unknown>();
  const change = await write(ctx, source, snapshot, diff, at);

  const counts: Counts = {
    read: snapshot.read,
    registered: diff.registered.length,
    changed: diff.changed.length,
    unchanged: snapshot.candidates.length - diff.registered.length - diff.changed.length - diff.conflicts.length,
    removed: diff.removed.length,
    failed: snapshot.failed,
    conflicts: diff.conflicts.length,
  };
  const problems = [...snapshot.problems, ...diff.conflicts];
  const { fingerprint, durationMs } = snapshot;
  const row = await recordSync(sql, source.id, { at, durationMs, counts, problems, fingerprint });
  if (isSmall(diff)) emitEntities(ctx, source, diff, gone);
  ctx.emit(sourceSynced, source.id, { sourceId: source.id, counts });
  return { source: row, counts, problems, change };
}

interface Diff {
  readonly registered: readonly Candidate[];
  readonly changed: readonly Candidate[];
  /** Same document, but another line, file or documentation. */
  readonly moved: readonly Candidate[];
  readonly removed: readonly string[];
  /** Kept as they were, because their descriptor cannot be read now. */
  readonly orphaned: readonly string[];
  readonly conflicts: readonly Problem[];
}

/** Few enough to tell of each. */
function isSmall({ registered, changed, removed }: Diff): boolean {
  return registered.length + changed.length + removed.length <= MAX_ENTITY_EVENTS;
}

function compare(source: SourceRow, snapshot: Snapshot, claims: ReadonlyMap<string, Claim>): Diff {
  const registered: Candidate[] = [];
  const changed: Candidate[] = [];
  const moved: Candidate[] = [];
  const conflicts: Problem[] = [];
  const described = new Set<string>();
  for (const candidate of snapshot.candidates) {
    described.add(candidate.ref);
    const claim = claims.get(candidate.ref);
    if (!claim) registered.push(candidate);
    else if (claim.source_id !== source.id && !yields(claim, source)) conflicts.push(conflictOf(candidate, claim));
    else if (claim.hash !== candidate.hash || claim.source_id !== source.id) changed.push(candidate);
    else if (isMoved(candidate, claim)) moved.push(candidate);
  }
  const missing = [...claims.values()].filter((claim) => claim.source_id === source.id && !described.has(claim.ref));
  const isDoubtful = (claim: Claim): boolean => snapshot.doubtful.has(claim.location) || snapshot.doubtfulRefs.has(claim.ref);
  const removed = missing.filter((claim) => !isDoubtful(claim)).map(({ ref }) => ref);
  const orphaned = missing.filter((claim) => isDoubtful(claim) && !claim.orphan).map(({ ref }) => ref);
  return { registered, changed, moved, removed, orphaned, conflicts };
}

function isMoved(candidate: Candidate, claim: Claim): boolean {
  return claim.orphan || claim.location !== candidate.location || claim.line !== candidate.line || claim.docs_root !== candidate.docsRoot;
}

/** What was registered by a call gives way to a file that describes the same thing. */
function yields(claim: Claim, source: SourceRow): boolean {
  return claim.source_kind === "inline" && source.kind !== "inline";
}

function conflictOf({ ref, file, line }: Candidate, claim: Claim): Problem {
  const where = claim.line === null ? claim.location : `${claim.location}, line ${claim.line}`;
  const reason = `${ref} belongs to the source "${claim.source_name}" already (${where})`;
  return {
    file,
    line,
    at: "metadata.name",
    reason,
    mend: "Give one of them another name, or remove it: the first source keeps the name.",
    ref,
  };
}

async function write(ctx: WriteCtx, source: SourceRow, snapshot: Snapshot, diff: Diff, at: Date): Promise<number | undefined> {
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
      ...diff.removed.map((ref) => ({ ref, change: "removed" as const, fields: [] })),
      ...diff.changed.map(({ ref, entity }) => ({ ref, change: "changed" as const, fields: diffFields(before.get(ref), entity) })),
      ...diff.registered.map(({ ref }) => ({ ref, change: "registered" as const, fields: [] })),
    ];
    await writeHistory(sql, source.name, history, at);
    await removeEntities(sql, diff.removed, await takeNumber());
    await writeEntities(sql, source.id, writes, await takeNumber(), at);
  }
  if (diff.orphaned.length > 0) await markOrphans(sql, diff.orphaned, await takeNumber());
  await writeDocs(sql, source.id, snapshot, takeNumber, at);
  return change;
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
