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
    const { rows } = await sql.query<{
      id: string;
      at: Date;
      change: "registered" | "changed" | "removed";
      fields: string[];
      source: string;
    }>(
      "select id, at, change, fields, source from catalog.history where ref = $1 and ($2::bigint is null or id < $2) order by id desc limit $3",
      [ref, before ?? null, limit + 1],
    );
    const page = rows.slice(0, limit);
    return {
      items: page.map(({ at, change, fields, source }) => ({ at: at.toISOString(), change, fields, source })),
      ...(rows.length > limit ? { nextCursor: encodeCursor(page.at(-1)!.id) } : {}),
    };
  });
}
