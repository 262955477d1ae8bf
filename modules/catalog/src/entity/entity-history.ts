import { type Entity, entityHistory } from "@roadbed/contracts/catalog";
import { decodeCursor, encodeCursor, handle, InvalidError, type Handler, type Sql } from "@roadbed/core";
import { z } from "zod";

import type { Catalogue } from "../estate/catalogue.ts";
import { seesDocument, type Viewer } from "../estate/visibility.ts";

/** Also of entities that are gone. */
export function makeEntityHistory(catalogue: Catalogue): Handler {
  return handle(entityHistory, async (ctx, { ref, limit, cursor }) => {
    const { sql } = ctx;
    const before = cursor === undefined ? undefined : decodeCursor(z.string().regex(/^\d{1,18}$/), cursor);
    if (cursor !== undefined && before === undefined) {
      throw new InvalidError("This cursor does not belong to this list.", { mend: "Begin at the first page again: leave the cursor out." });
    }
    // As of everything that has no history: an empty list.
    if (!(await seesHistoryOf(catalogue, ctx, sql, ref))) return { items: [] };
    const { rows } = await sql.query<Record<string, unknown>>(
      `select id, at, number, change, fields, source, source_id, actor, reason, sync_id from catalog.history
       where ref = $1 and ($2::bigint is null or id < $2) order by id desc limit $3`,
      [ref, before ?? null, limit + 1],
    );
    const page = (rows as unknown as HistoryRow[]).slice(0, limit);
    return {
      items: page.map(viewOf),
      ...(rows.length > limit ? { nextCursor: encodeCursor(page.at(-1)!.id) } : {}),
    };
  });
}

/** By what is stored of it now; of what is gone, by what it was last. */
async function seesHistoryOf(catalogue: Catalogue, viewer: Viewer, sql: Sql, ref: string): Promise<boolean> {
  await catalogue.feed.fresh();
  const { rows } = await sql.query<{ document: Entity; source_id: string | null }>(
    `select document, source_id from catalog.entity where ref = $1
     union all (select document, source_id from catalog.removed_entity where ref = $1 and document is not null)
     union all (select before, source_id from catalog.history where ref = $1 and before is not null order by id desc limit 1) limit 1`,
    [ref],
  );
  const [found] = rows;
  return !found || seesDocument(catalogue, viewer, { entity: found.document, sourceId: found.source_id ?? undefined });
}

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
