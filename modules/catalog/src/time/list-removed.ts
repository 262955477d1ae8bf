import { listRemoved } from "@roadbed/contracts/catalog/time";
import { encodeCursor, handle, readCursor, type Handler } from "@roadbed/core";
import { z } from "zod";

import { renamedTo } from "./renamed.ts";
import { listTombstones, tombstoneView, type TombstonePosition, type TombstoneRow } from "./tombstone-store.ts";

const Position = z.object({ at: z.iso.datetime(), ref: z.string() });

export function makeListRemoved(): Handler {
  return handle(listRemoved, async ({ sql }, { text, limit, cursor }) => {
    const rows = await listTombstones(sql, { text: text?.toLowerCase(), after: readCursor(Position, cursor), limit: limit + 1 });
    const page = rows.slice(0, limit);
    const items = [];
    for (const row of page) items.push(tombstoneView(row, await renamedTo(sql, row)));
    return { items, ...(rows.length > limit ? { nextCursor: encodeCursor(positionOf(page.at(-1)!)) } : {}) };
  });
}

function positionOf({ at, ref }: TombstoneRow): TombstonePosition {
  return { at: at.toISOString(), ref };
}
