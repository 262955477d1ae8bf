import { listDocs } from "@roadbed/contracts/catalog/docs";
import { encodeCursor, handle, readCursor, type Handler } from "@roadbed/core";
import { z } from "zod";

import type { Catalogue } from "../estate/catalogue.ts";
import { visibleTo } from "../estate/visibility.ts";

export function makeListDocs(catalogue: Catalogue): Handler {
  return handle(listDocs, async (ctx, { owner, problems, limit, cursor }) => {
    await catalogue.feed.fresh();
    const { estate } = catalogue;
    const visible = await visibleTo(catalogue, ctx);
    const after = readCursor(z.string(), cursor) ?? "";
    const { rows } = await ctx.sql.query<{ ref: string; pages: number; problems: number; changed_at: Date }>(
      `select e.ref, count(*)::int as pages, d.problems, max(p.changed_at) as changed_at
       from catalog.entity e
       join catalog.doc_root d on d.source_id = e.source_id and d.root = e.docs_root
       join catalog.doc_page p on p.source_id = d.source_id and p.root = d.root
       where ($1::boolean is not true or d.problems > 0) group by e.ref, d.problems order by e.ref`,
      [problems ?? null],
    );
    const shown = rows.filter(({ ref }) => {
      const item = estate.get(ref);
      return item !== undefined && visible.sees(item.id) && (owner === undefined || item.owner === owner);
    });
    const page = shown.filter(({ ref }) => ref > after).slice(0, limit + 1);
    return {
      items: page.slice(0, limit).map(({ ref, pages, problems: wrong, changed_at }) => {
        const item = estate.get(ref)!;
        return {
          ref,
          title: item.title ?? item.name,
          pages,
          problems: wrong,
          changedAt: changed_at.toISOString(),
          ...(item.owner === undefined ? {} : { owner: item.owner }),
        };
      }),
      ...(page.length > limit ? { nextCursor: encodeCursor(page[limit - 1]!.ref) } : {}),
      total: shown.length,
    };
  });
}
