import { listKinds } from "@roadbed/contracts/catalog/kinds";
import { encodeCursor, handle, readCursor, z, type Handler } from "@roadbed/core";

import type { Catalogue } from "../estate/catalogue.ts";
import { visibleTo } from "../estate/visibility.ts";
import { countKinds, kindRow } from "./kind-rows.ts";

/** By name, capitals aside. */
export function makeListKinds(catalogue: Catalogue): Handler {
  return handle(listKinds, async (ctx, { limit, cursor }) => {
    await catalogue.feed.fresh();
    const after = readCursor(z.string(), cursor);
    const counts = countKinds(catalogue, await visibleTo(catalogue, ctx));
    const names = catalogue.kinds.names.toSorted((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
    const rest = after === undefined ? names : names.filter((name) => name.toLowerCase() > after);
    const page = rest.slice(0, limit);
    return {
      items: page.map((name) => kindRow(catalogue, counts, name)),
      ...(rest.length > limit ? { nextCursor: encodeCursor(page.at(-1)!.toLowerCase()) } : {}),
      total: names.length,
    };
  });
}
