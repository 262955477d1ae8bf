import { getDocs } from "@roadbed/contracts/catalog";
import { handle, NotFoundError, type Handler, type Sql } from "@roadbed/core";

import { requireVisible } from "../entity/require-visible.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import { editUrlOf } from "./edit-url.ts";

export function makeGetDocs(catalogue: Catalogue): Handler {
  return handle(getDocs, async (ctx, { ref, page }) => {
    await requireVisible(catalogue, ctx, ref, "documentation");
    const pages = await readPages(ctx.sql, ref);
    // The first page stands in for an `index.md` that nobody wrote.
    const wanted = pages.find(({ path }) => path === page) ?? (page === "index.md" ? pages[0] : undefined);
    if (!wanted) throw new NotFoundError("documentation", page === "index.md" ? `of ${ref}` : `${page} of ${ref}`, mendOf(pages));
    const { rows } = await ctx.sql.query<{ markdown: string }>(
      `select p.markdown from catalog.entity e
       join catalog.doc_page p on p.source_id = e.source_id and p.root = e.docs_root where e.ref = $1 and p.path = $2`,
      [ref, wanted.path],
    );
    const owner = catalogue.estate.get(ref)?.owner;
    const editUrl = editUrlOf({ kind: wanted.source_kind, target: wanted.target, branch: wanted.branch }, wanted.file, wanted.edit_url);
    return {
      pages: pages.map(({ path, title, section }) => ({ path, title, section })),
      page: {
        path: wanted.path,
        title: wanted.title,
        markdown: rows[0]?.markdown ?? "",
        observedAt: wanted.observed_at.toISOString(),
        changedAt: wanted.changed_at.toISOString(),
        ...(editUrl === undefined ? {} : { editUrl }),
      },
      ...(owner === undefined ? {} : { owner }),
      problems: wanted.problems,
    };
  });
}

interface PageRow {
  readonly path: string;
  readonly title: string;
  readonly section: string[];
  readonly file: string;
  readonly edit_url: string | null;
  readonly changed_at: Date;
  readonly observed_at: Date;
  readonly problems: number;
  readonly source_kind: string;
  readonly target: string;
  readonly branch: string | null;
}

async function readPages(sql: Sql, ref: string): Promise<PageRow[]> {
  const { rows } = await sql.query<Record<string, unknown>>(
    `select p.path, p.title, p.section, p.file, p.edit_url, p.changed_at, d.observed_at, d.problems,
       s.kind as source_kind, s.target, s.branch
     from catalog.entity e
     join catalog.source s on s.id = e.source_id
     join catalog.doc_root d on d.source_id = e.source_id and d.root = e.docs_root
     join catalog.doc_page p on p.source_id = d.source_id and p.root = d.root
     where e.ref = $1 order by p.position`,
    [ref],
  );
  return rows as unknown as PageRow[];
}

function mendOf(pages: readonly { readonly path: string }[]): string {
  if (pages.length > 0)
    return `Its pages are ${pages
      .slice(0, 10)
      .map(({ path }) => path)
      .join(", ")}.`;
  return 'Put a docs folder with an index.md beside its descriptor, and the annotation backstage.io/techdocs-ref: "dir:." into it.';
}
