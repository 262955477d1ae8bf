import { hash } from "node:crypto";

import { type Entity, entityChanged } from "@roadbed/contracts/catalog";
import type { Sql } from "@roadbed/core";

import { diffFields } from "../entity/diff-fields.ts";
import { isLabelledSample } from "../entity/is-sample.ts";
import { causeOf, type EntityWrite, writeHistory } from "../entity/entity-store.ts";
import { kindsIn } from "../kinds/kinds-in.ts";
import type { Kinds } from "../kinds/registry.ts";
import type { WriteCtx } from "../source/apply-snapshot.ts";
import { mergeValid, type ValidMerge } from "./merge-valid.ts";
import { definingVoice, readPrecedence, readSaid, type Witness } from "./said.ts";

/** Entities per turn: documents stand in memory twice for a moment. */
const BATCH = 1_000;

/** Most entities of one turn that are told one by one, as when a source is read. */
const MAX_TOLD = 500;

/** An entity that is about to be written, as its source describes it. */
export interface DescribedWrite extends EntityWrite {
  readonly entity: Entity;
}

/**
 * The same writes, with the document that comes of all that is said of each. Where nobody else says anything, which is nearly
 * always, a write comes back as it was.
 */
export async function mergeWrites(
  sql: Sql,
  source: { readonly id: string; readonly name: string; readonly kind: string },
  writes: readonly DescribedWrite[],
  known: Kinds,
): Promise<readonly DescribedWrite[]> {
  const said = await readSaid(sql, writes);
  if (said.size === 0) return writes;
  const [precedence, kinds] = [await readPrecedence(sql), await kindsIn(sql, known)];
  const voice = definingVoice({ sourceId: source.id, sourceName: source.name, sourceKind: source.kind });
  return writes.map((write) => {
    const more = said.get(write.ref);
    if (!more) return write;
    const { entity } = mergeValid({ voice, document: write.entity }, more.claims, more.overlays, precedence(write.entity.kind), kinds);
    const json = JSON.stringify(entity);
    if (json === write.json) return write;
    return { ...write, entity, json, hash: digestOf(json), base: { json: write.json, hash: write.hash } };
  });
}

export function digestOf(json: string): string {
  return hash("sha256", json, "base64url");
}

/** On whose account entities are merged anew. */
export interface Remerge {
  /** The source whose claims changed; absent when a person did something. */
  readonly source?: { readonly id: string; readonly name: string };
  readonly reason: string;
  readonly syncId?: string;
  readonly kinds: Kinds;
  readonly takeNumber: () => Promise<number>;
}

/** What merging anew found: the references that are different now, and all merges by reference. */
export interface Remerged {
  readonly changed: readonly string[];
  readonly merges: ReadonlyMap<string, ValidMerge<Witness>>;
}

/**
 * Merges stored entities anew after something that is said of them changed, and writes those that came out different: document,
 * history and event. Needs `lockCatalog`.
 */
export async function remerge(ctx: WriteCtx, refs: readonly string[], o: Remerge): Promise<Remerged> {
  if (refs.length === 0) return { changed: [], merges: new Map() };
  const [precedence, kinds] = [await readPrecedence(ctx.sql), await kindsIn(ctx.sql, o.kinds)];
  const changed: string[] = [];
  const merges = new Map<string, ValidMerge<Witness>>();
  for (let start = 0; start < refs.length; start += BATCH) {
    const stored = await readBases(ctx.sql, refs.slice(start, start + BATCH));
    const said = await readSaid(
      ctx.sql,
      stored.map(({ ref, base }) => ({ ref, entity: base })),
    );
    const different: Different[] = [];
    for (const row of stored) {
      const { claims, overlays } = said.get(row.ref) ?? { claims: [], overlays: [] };
      const merged = mergeValid({ voice: voiceOf(row), document: row.base }, claims, overlays, precedence(row.base.kind), kinds);
      merges.set(row.ref, merged);
      const json = JSON.stringify(merged.entity);
      if (json !== row.json) different.push({ ...row, entity: merged.entity, merged: json });
    }
    await writeDifferent(ctx, different, o);
    changed.push(...different.map(({ ref }) => ref));
  }
  return { changed, merges };
}

/** A stored entity with the document that its defining source gave. */
export interface BaseRow {
  readonly ref: string;
  /** What is stored, as text. */
  readonly json: string;
  readonly base: Entity;
  readonly base_json: string;
  readonly base_hash: string;
  readonly source_id: string;
  readonly source_name: string;
  readonly source_kind: string;
  readonly sample: boolean;
  readonly location: string;
  readonly line: number | null;
  readonly orphan: boolean;
  readonly observed_at: Date;
  readonly last_sync_at: Date | null;
}

export async function readBases(sql: Sql, refs: readonly string[]): Promise<BaseRow[]> {
  if (refs.length === 0) return [];
  const { rows } = await sql.query<Record<string, unknown>>(
    `select e.ref, e.document::text as json, coalesce(e.base, e.document)::text as base_json, coalesce(e.base_hash, e.hash) as base_hash,
       e.source_id, s.name as source_name, s.kind as source_kind, s.sample, e.location, e.line, e.orphan, e.observed_at, s.last_sync_at
     from catalog.entity e join catalog.source s on s.id = e.source_id where e.ref = any($1) order by e.ref`,
    [refs],
  );
  return (rows as unknown as Omit<BaseRow, "base">[]).map((row) => ({ ...row, base: JSON.parse(row.base_json) as Entity }));
}

export function voiceOf(row: BaseRow): Witness {
  const { source_id: sourceId, source_name: sourceName, source_kind: sourceKind, location, line } = row;
  return definingVoice({ sourceId, sourceName, sourceKind, location, line });
}

interface Different extends BaseRow {
  readonly entity: Entity;
  readonly merged: string;
}

async function writeDifferent(ctx: WriteCtx, different: readonly Different[], o: Remerge): Promise<void> {
  if (different.length === 0) return;
  const change = await o.takeNumber();
  const cause = causeOf(ctx, undefined, o.syncId);
  const bySource = Map.groupBy(different, ({ source_id, source_name }) => (o.source ?? { id: source_id, name: source_name }).id);
  for (const rows of bySource.values()) {
    const source = o.source ?? { id: rows[0]!.source_id, name: rows[0]!.source_name };
    const history = rows.map(({ ref, json, entity }) => ({
      ref,
      change: "changed" as const,
      fields: diffFields(JSON.parse(json), entity),
      reason: o.reason,
    }));
    await writeHistory(ctx.sql, { change, source, cause }, history);
  }
  await ctx.sql.query(
    `update catalog.entity e set document = w.document, hash = w.hash, base = w.base, base_hash = w.base_hash, change = $1
     from unnest($2::text[], $3::json[], $4::text[], $5::json[], $6::text[]) as w(ref, document, hash, base, base_hash) where e.ref = w.ref`,
    [
      change,
      different.map(({ ref }) => ref),
      different.map(({ merged }) => merged),
      different.map(({ merged, base_json, base_hash }) => (merged === base_json ? base_hash : digestOf(merged))),
      different.map(({ merged, base_json }) => (merged === base_json ? null : base_json)),
      different.map(({ merged, base_json, base_hash }) => (merged === base_json ? null : base_hash)),
    ],
  );
  if (different.length > MAX_TOLD) return;
  for (const { ref, entity, sample } of different) {
    const isSample = sample || isLabelledSample(entity);
    ctx.emit(entityChanged, ref, { ref, kind: entity.kind, sample: isSample });
  }
}
