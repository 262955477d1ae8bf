import type { Sql } from "@roadbed/core";

import type { Snapshot } from "../source/snapshot.ts";
import type { DocPage, DocRoot } from "./read-docs.ts";

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

/** Takes out the documentation of sources that no entity has any more, nor would have if its first source went. */
export async function removeUnreadDocs(sql: Sql, sourceIds: readonly string[]): Promise<void> {
  await sql.query(
    `delete from catalog.doc_root d where source_id = any($1)
     and not exists (select 1 from catalog.entity e where e.source_id = d.source_id and e.docs_root = d.root)
     and not exists (select 1 from catalog.claim c where c.source_id = d.source_id and c.docs_root = d.root)`,
    [sourceIds],
  );
}

async function writeRoot(sql: Sql, sourceId: string, doc: DocRoot, change: number, at: Date): Promise<void> {
  const { rows } = await sql.query<{ path: string; markdown: string; changed_at: Date }>(
    "select path, markdown, changed_at from catalog.doc_page where source_id = $1 and root = $2",
    [sourceId, doc.root],
  );
  const before = new Map(rows.map((row) => [row.path, row]));
  const changedAt = ({ path, markdown }: DocPage): Date => {
    const known = before.get(path);
    return known?.markdown === markdown ? known.changed_at : at;
  };
  await sql.query("delete from catalog.doc_root where source_id = $1 and root = $2", [sourceId, doc.root]);
  await sql.query("insert into catalog.doc_root (source_id, root, hash, observed_at, change, problems) values ($1, $2, $3, $4, $5, $6)", [
    sourceId,
    doc.root,
    doc.hash,
    at,
    change,
    doc.problems.length,
  ]);
  // As JSON: a list of lists of different lengths is no array of Postgres.
  const pages = doc.pages.map((page, position) => ({ ...page, position, changedAt: changedAt(page) }));
  await sql.query(
    `insert into catalog.doc_page (source_id, root, position, path, title, markdown, section, file, edit_url, changed_at)
     select $1, $2, p.position, p.path, p.title, p.markdown, p.section, p.file, p."editUrl", p."changedAt"
     from json_to_recordset($3::json) as p(position int, path text, title text, markdown text, section text[], file text, "editUrl" text, "changedAt" timestamptz)`,
    [sourceId, doc.root, JSON.stringify(pages)],
  );
  for (const { path, type, bytes } of doc.assets) {
    await sql.query("insert into catalog.doc_asset (source_id, root, path, type, bytes) values ($1, $2, $3, $4, $5)", [
      sourceId,
      doc.root,
      path,
      type,
      Buffer.from(bytes),
    ]);
  }
  await sql.query(
    `insert into catalog.doc_problem (source_id, root, position, path, line, link, reason, mend)
     select $1, $2, p.position, p.path, p.line, p.link, p.reason, p.mend
     from json_to_recordset($3::json) as p(position int, path text, line int, link text, reason text, mend text)`,
    [sourceId, doc.root, JSON.stringify(doc.problems.map((problem, position) => ({ ...problem, position })))],
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
