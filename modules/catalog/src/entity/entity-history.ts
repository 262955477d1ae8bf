import { entityHistory } from "@roadbed/contracts/catalog";
import { decodeCursor, encodeCursor, handle, InvalidError, type Handler } from "@roadbed/core";
import { z } from "zod";

/** Also of entities that are gone. */
export function makeEntityHistory(): Handler {
  return handle(entityHistory, async ({ sql }, { ref, limit, cursor }) => {
    const before = cursor === undefined ? undefined : decodeCursor(z.string().regex(/^\d{1,18}$/), cursor);
    if (cursor !== undefined && before === undefined) {
      throw new InvalidError("This cursor does not belong to this list.", { mend: "Begin at the first page again: leave the cursor out." });
    }
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
