import type { Sql } from "@roadbed/core";

import type { Snapshot } from "../source/snapshot.ts";
import type { DocRoot } from "./read-docs.ts";

/**
 * Makes the stored documentation of a source what the snapshot holds. Only folders that differ are written. Documentation of
 * descriptors that could not be read now is kept with them.
 */
export async function writeDocs(
  sql: Sql,
  sourceId: string,
  snapshot: Pick<Snapshot, "docs" | "doubtful" | "doubtfulRefs">,
  takeNumber: () => Promise<number>,
  at: Date,
): Promise<void> {
  const { rows } = await sql.query<{ root: string; hash: string }>("select root, hash from catalog.doc_root where source_id = $1", [
    sourceId,
  ]);
  const stored = new Map(rows.map(({ root, hash }) => [root, hash]));
  for (const doc of snapshot.docs) {
    if (stored.get(doc.root) !== doc.hash) await writeRoot(sql, sourceId, doc, await takeNumber(), at);
    stored.delete(doc.root);
  }
  if (stored.size > 0) await removeUnreadDocs(sql, [sourceId]);
}

/** Takes out the documentation of sources that no entity has any more. */
export async function removeUnreadDocs(sql: Sql, sourceIds: readonly string[]): Promise<void> {
  await sql.query(
    `delete from catalog.doc_root d where source_id = any($1)
     and not exists (select 1 from catalog.entity e where e.source_id = d.source_id and e.docs_root = d.root)`,
    [sourceIds],
  );
}

async function writeRoot(sql: Sql, sourceId: string, doc: DocRoot, change: number, at: Date): Promise<void> {
  await sql.query("delete from catalog.doc_root where source_id = $1 and root = $2", [sourceId, doc.root]);
  await sql.query("insert into catalog.doc_root (source_id, root, hash, observed_at, change) values ($1, $2, $3, $4, $5)", [
    sourceId,
    doc.root,
    doc.hash,
    at,
    change,
  ]);
  await sql.query(
    `insert into catalog.doc_page (source_id, root, position, path, title, markdown)
     select $1, $2, p.position, p.path, p.title, p.markdown
     from unnest($3::text[], $4::text[], $5::text[]) with ordinality as p(path, title, markdown, position)`,
    [sourceId, doc.root, doc.pages.map(({ path }) => path), doc.pages.map(({ title }) => title), doc.pages.map(({ markdown }) => markdown)],
  );
}

export interface StoredPage {
  readonly path: string;
  readonly title: string;
  readonly markdown: string;
}

/** Pages of the folders of documentation that changed after `after`, up to `upTo`. */
export async function readChangedPages(
  sql: Sql,
  after: number,
  upTo: number,
): Promise<{ readonly source_id: string; readonly root: string; readonly pages: readonly StoredPage[] }[]> {
  const { rows } = await sql.query<Record<string, unknown>>(
    `select d.source_id, d.root, json_agg(json_build_object('path', p.path, 'title', p.title, 'markdown', left(p.markdown, 30000)) order by p.position) as pages
     from catalog.doc_root d join catalog.doc_page p using (source_id, root) where d.change > $1 and d.change <= $2 group by d.source_id, d.root`,
    [after, upTo],
  );
  return rows as unknown as { source_id: string; root: string; pages: StoredPage[] }[];
}
