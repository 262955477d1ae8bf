import { listRemoved } from "@roadbed/contracts/catalog/time";
import { encodeCursor, handle, readCursor, type Ctx, type Handler } from "@roadbed/core";
import { z } from "zod";

import type { Catalogue } from "../estate/catalogue.ts";
import { seesDocument } from "../estate/visibility.ts";
import { renamedTo } from "./renamed.ts";
import { listTombstones, tombstoneView, type TombstonePosition, type TombstoneRow } from "./tombstone-store.ts";

const Position = z.object({ at: z.iso.datetime(), ref: z.string() });

export function makeListRemoved(catalogue: Catalogue): Handler {
  return handle(listRemoved, async (ctx, { text, limit, cursor }) => {
    await catalogue.feed.fresh();
    const rows = await listSeen(catalogue, ctx, text?.toLowerCase(), readCursor(Position, cursor), limit + 1);
    const page = rows.slice(0, limit);
    const items = [];
    for (const row of page) items.push(tombstoneView(row, await renamedTo(catalogue, ctx, row)));
    return { items, ...(rows.length > limit ? { nextCursor: encodeCursor(positionOf(page.at(-1)!)) } : {}) };
  });
}

/** Reads on until so many were found that the caller may see. */
async function listSeen(catalogue: Catalogue, ctx: Ctx, text: string | undefined, after: TombstonePosition | undefined, wanted: number) {
  const seen: TombstoneRow[] = [];
  for (let position = after; ;) {
    const rows = await listTombstones(ctx.sql, { text, after: position, limit: wanted });
    for (const row of rows) {
      if (await seesDocument(catalogue, ctx, { entity: row.document, sourceId: row.sourceId })) seen.push(row);
    }
    if (rows.length < wanted || seen.length >= wanted) return seen.slice(0, wanted);
    position = positionOf(rows.at(-1)!);
  }
}

function positionOf({ at, ref }: TombstoneRow): TombstonePosition {
  return { at: at.toISOString(), ref };
}
