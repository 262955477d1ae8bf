import { getDocs } from "@roadbed/contracts/catalog";
import { isShown } from "../entity/get-entity.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import { visibleTo } from "../estate/visibility.ts";
import { handle, NotFoundError, type Handler } from "@roadbed/core";

export function makeGetDocs(catalogue: Catalogue): Handler {
  return handle(getDocs, async (ctx, { ref, page }) => {
    const { sql } = ctx;
    await catalogue.feed.fresh();
    const isHidden = !isShown(catalogue, await visibleTo(catalogue, ctx), ref);
    const { rows: pages } = await sql.query<{ path: string; title: string; observed_at: Date }>(
      `select p.path, p.title, d.observed_at from catalog.entity e
       join catalog.doc_root d on d.source_id = e.source_id and d.root = e.docs_root
       join catalog.doc_page p on p.source_id = d.source_id and p.root = d.root
       where e.ref = $1 and not $2 order by p.position`,
      [ref, isHidden],
    );
    // The first page stands in for an `index.md` that nobody wrote.
    const wanted = pages.find(({ path }) => path === page) ?? (page === "index.md" ? pages[0] : undefined);
    if (!wanted) throw new NotFoundError("documentation", page === "index.md" ? `of ${ref}` : `${page} of ${ref}`, mendOf(pages));
    const { rows } = await sql.query<{ markdown: string }>(
      `select p.markdown from catalog.entity e
       join catalog.doc_page p on p.source_id = e.source_id and p.root = e.docs_root where e.ref = $1 and p.path = $2`,
      [ref, wanted.path],
    );
    return {
      pages: pages.map(({ path, title }) => ({ path, title })),
      page: { path: wanted.path, title: wanted.title, markdown: rows[0]?.markdown ?? "", observedAt: wanted.observed_at.toISOString() },
    };
  });
}

function mendOf(pages: readonly { readonly path: string }[]): string {
  if (pages.length > 0)
    return `Its pages are ${pages
      .slice(0, 10)
      .map(({ path }) => path)
      .join(", ")}.`;
  return 'Put a docs folder with an index.md beside its descriptor, and the annotation backstage.io/techdocs-ref: "dir:." into it.';
}
