import type { Entity } from "@roadbed/contracts/catalog";
import type { Sql } from "@roadbed/core";

import { causeOf, writeEntities, writeHistory } from "../entity/entity-store.ts";
import { diffFields } from "../entity/diff-fields.ts";
import type { Kinds } from "../kinds/registry.ts";
import type { WriteCtx } from "../source/apply-snapshot.ts";
import { mergeWrites, readBases, type DescribedWrite } from "./merge-entities.ts";

/** An entity whose first source names it no more, and the source that describes it now. */
export interface TakenOver {
  readonly ref: string;
  readonly entity: Entity;
  readonly sample: boolean;
}

interface Standby {
  readonly ref: string;
  readonly source_id: string;
  readonly name: string;
  readonly kind: string;
  readonly sample: boolean;
  readonly json: string;
  readonly hash: string;
  readonly location: string;
  readonly line: number | null;
  readonly docs_root: string | null;
}

/**
 * Gives entities that are about to go to the source that has described them for the longest time in second place, in the same
 * transaction: whatever happens then, nothing is missing in between. Answers those that stay; the rest is to be removed.
 * Needs `lockCatalog`.
 */
export async function takeOver(
  ctx: WriteCtx,
  refs: readonly string[],
  o: { readonly leaving: string; readonly syncId?: string; readonly kinds: Kinds; readonly takeNumber: () => Promise<number> },
): Promise<TakenOver[]> {
  const { sql } = ctx;
  const heirs = refs.length === 0 ? [] : await readHeirs(sql, refs, o.leaving);
  if (heirs.length === 0) return [];
  const before = new Map(
    (
      await readBases(
        sql,
        heirs.map(({ ref }) => ref),
      )
    ).map(({ ref, json }) => [ref, JSON.parse(json) as unknown]),
  );
  await sql.query("delete from catalog.claim where (source_id, key) in (select * from unnest($1::text[], $2::text[]))", [
    heirs.map(({ source_id }) => source_id),
    heirs.map(({ ref }) => ref),
  ]);
  const taken: TakenOver[] = [];
  for (const [sourceId, rows] of Map.groupBy(heirs, ({ source_id }) => source_id)) {
    const source = { id: sourceId, name: rows[0]!.name, kind: rows[0]!.kind };
    const writes = await mergeWrites(sql, source, rows.map(writeOf), o.kinds);
    const change = await o.takeNumber();
    const cause = causeOf(ctx, undefined, o.syncId);
    const reason = "its first source names it no more; the next that describes it took over";
    const history = writes.map(({ ref, entity }) => ({
      ref,
      change: "changed" as const,
      fields: diffFields(before.get(ref), entity),
      reason,
    }));
    await writeHistory(sql, { change, source, cause }, history);
    await writeEntities(sql, sourceId, writes, change, ctx.now());
    // Its list of problems still says that the name is taken: it is to be read again.
    await sql.query("update catalog.source set fingerprint = null where id = $1", [sourceId]);
    taken.push(...writes.map(({ ref, entity }) => ({ ref, entity, sample: rows[0]!.sample })));
  }
  return taken;
}

async function readHeirs(sql: Sql, refs: readonly string[], leaving: string): Promise<Standby[]> {
  const { rows } = await sql.query<Record<string, unknown>>(
    `select distinct on (c.ref) c.ref, c.source_id, s.name, s.kind, s.sample, c.document::text as json, c.hash, c.location, c.line, c.docs_root
     from catalog.claim c join catalog.source s on s.id = c.source_id
     where c.standing = 'standby' and c.ref = any($1) and c.source_id <> $2 order by c.ref, c.since, c.source_id`,
    [refs, leaving],
  );
  return rows as unknown as Standby[];
}

function writeOf({ ref, json, hash, location, line, docs_root }: Standby): DescribedWrite {
  return { ref, json, hash, location, line, docsRoot: docs_root, entity: JSON.parse(json) as Entity };
}
