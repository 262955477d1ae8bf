import { type Entity, entityHistory } from "@roadbed/contracts/catalog";
import { encodeCursor, handle, readCursor, type Handler } from "@roadbed/core";
import { z } from "zod";

import type { Catalogue, ReadCtx } from "../estate/catalogue.ts";
import { seesDocument } from "../estate/visibility.ts";
import { diffValues } from "./diff-values.ts";

/** Also of entities that are gone. */
export function makeEntityHistory(catalogue: Catalogue): Handler {
  return handle(entityHistory, async (ctx, { ref, limit, cursor, values }) => {
    const { sql } = ctx;
    const before = readCursor(z.string().regex(/^\d{1,18}$/), cursor);
    // As of everything that has no history: an empty list.
    if (!(await seesHistoryOf(catalogue, ctx, ref))) return { items: [] };
    const { rows } = await sql.query<Record<string, unknown>>(
      `select h.id, h.at, h.number, h.change, h.fields, h.source, h.source_id, h.actor, h.reason, h.sync_id${values ? VALUES : ""}
       from catalog.history h where h.ref = $1 and ($2::bigint is null or h.id < $2) order by h.id desc limit $3`,
      [ref, before ?? null, limit + 1],
    );
    const page = (rows as unknown as HistoryRow[]).slice(0, limit);
    return {
      items: page.map((row) => ({
        ...viewOf(row),
        ...(values && row.change === "changed" ? { values: diffValues(row.before, row.after) } : {}),
      })),
      ...(rows.length > limit ? { nextCursor: encodeCursor(page.at(-1)!.id) } : {}),
    };
  });
}

/** By what is stored of it now; of what is gone, by what it was last. */
export async function seesHistoryOf(catalogue: Catalogue, ctx: ReadCtx, ref: string): Promise<boolean> {
  await catalogue.feed.fresh();
  const { rows } = await ctx.sql.query<{ document: Entity; source_id: string | null }>(
    `select document, source_id from catalog.entity where ref = $1
     union all (select document, source_id from catalog.removed_entity where ref = $1 and document is not null)
     union all (select before, source_id from catalog.history where ref = $1 and before is not null order by id desc limit 1) limit 1`,
    [ref],
  );
  const [found] = rows;
  return !found || seesDocument(catalogue, ctx, { entity: found.document, sourceId: found.source_id ?? undefined });
}

/** What it was before this change and after it: that is what it was before the next one, or what it is now. */
const VALUES = `, h.before, case when h.change = 'removed' then null else coalesce(
    (select later.before from catalog.history later where later.ref = h.ref and later.id > h.id order by later.id limit 1),
    (select e.document from catalog.entity e where e.ref = h.ref)) end as after`;

interface HistoryRow {
  readonly id: string;
  readonly at: Date;
  readonly number: string;
  readonly change: "registered" | "changed" | "removed";
  readonly fields: string[];
  readonly source: string;
  readonly source_id: string | null;
  readonly actor: string;
  readonly reason: string | null;
  readonly sync_id: string | null;
  /** Documents, when they are asked for. */
  readonly before?: unknown;
  readonly after?: unknown;
}

function viewOf({ at, number, change, fields, source, source_id, actor, reason, sync_id }: HistoryRow) {
  return {
    at: at.toISOString(),
    number: Number(number),
    change,
    fields,
    source,
    actor,
    ...(source_id === null ? {} : { sourceId: source_id }),
    ...(reason === null ? {} : { reason }),
    ...(sync_id === null ? {} : { syncId: sync_id }),
  };
}
