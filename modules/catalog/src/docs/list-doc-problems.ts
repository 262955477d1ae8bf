import { listDocProblems } from "@roadbed/contracts/catalog/docs";
import { encodeCursor, handle, readCursor, type Handler } from "@roadbed/core";
import { z } from "zod";

import type { Catalogue } from "../estate/catalogue.ts";
import { visibleTo } from "../estate/visibility.ts";
import { editUrlOf } from "./edit-url.ts";

interface ProblemRow {
  readonly ref: string;
  readonly position: number;
  readonly path: string;
  readonly line: number;
  readonly link: string;
  readonly reason: string;
  readonly mend: string;
  readonly kind: string;
  readonly target: string;
  readonly branch: string | null;
  readonly file: string;
  readonly edit_url: string | null;
}

export function makeListDocProblems(catalogue: Catalogue): Handler {
  return handle(listDocProblems, async (ctx, { ref, limit, cursor }) => {
    await catalogue.feed.fresh();
    const visible = await visibleTo(catalogue, ctx);
    const [lastRef, lastPosition] = readCursor(z.tuple([z.string(), z.number().int()]), cursor) ?? ["", -1];
    const { rows } = await ctx.sql.query<Record<string, unknown>>(
      `select e.ref, f.position, f.path, f.line, f.link, f.reason, f.mend, s.kind, s.target, s.branch, p.file, p.edit_url
       from catalog.doc_problem f
       join catalog.entity e on e.source_id = f.source_id and e.docs_root = f.root
       join catalog.doc_page p on p.source_id = f.source_id and p.root = f.root and p.path = f.path
       join catalog.source s on s.id = f.source_id
       where ($1::text is null or e.ref = $1) and (e.ref, f.position) > ($2, $3) order by e.ref, f.position`,
      [ref ?? null, lastRef, lastPosition],
    );
    const seen = (rows as unknown as ProblemRow[]).filter((row) => {
      const item = catalogue.estate.get(row.ref);
      return item !== undefined && visible.sees(item.id);
    });
    const page = seen.slice(0, limit);
    const last = page.at(-1);
    return {
      items: page.map(({ ref: about, path, line, link, reason, mend, file, edit_url, ...source }) => {
        const editUrl = editUrlOf(source, file, edit_url);
        return { ref: about, page: path, line, link, reason, mend, ...(editUrl === undefined ? {} : { editUrl }) };
      }),
      ...(seen.length > limit && last ? { nextCursor: encodeCursor([last.ref, last.position]) } : {}),
    };
  });
}
