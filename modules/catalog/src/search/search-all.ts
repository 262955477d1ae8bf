import { searchAll } from "@roadbed/contracts/catalog";
import { describeSearchBox, hintsOf } from "@roadbed/contracts/catalog/search-box";
import { handle, type Handler, type OutputOf, type Sql } from "@roadbed/core";

import type { Catalogue } from "../estate/catalogue.ts";
import { visibleTo } from "../estate/visibility.ts";
import type { Found } from "./finder.ts";
import { marksOf } from "./marks.ts";
import { excerptOf, plainText } from "./plain-text.ts";
import { readBox } from "./read-box.ts";

type Row = OutputOf<typeof searchAll>["items"][number];

/** Who searches waits so long for what has just arrived in great numbers, and is told if that was not enough. */
const PATIENCE_MS = 2_000;

export function makeSearchAll(catalogue: Catalogue): Handler {
  return handle(searchAll, async (ctx, { q, limit }) => {
    await catalogue.feed.fresh();
    const visible = await visibleTo(catalogue, ctx);
    const sees = visible.all ? undefined : visible.sees;
    const reading = readBox(catalogue.estate, q, sees);
    const waiting = await catalogue.finder.ready(PATIENCE_MS);
    const found = catalogue.finder.find(reading, limit, sees);
    const texts = await readTexts(ctx.sql, found);
    const words = [...reading.wanted.words, ...(reading.wanted.whole ?? [])];
    return {
      items: found.map((one) => marked(rowOf(one, texts, words), words)),
      understood: describeSearchBox(reading.box),
      hints: [...hintsOf(reading.box), ...(waiting === 0 ? [] : [stillWaiting(waiting)])],
    };
  });
}

function stillWaiting(count: number): string {
  return `${count.toLocaleString("en")} entities have only just arrived and are still being read for the search: they are not found yet. Try again in a moment.`;
}

function marked(row: Omit<Row, "marks">, words: readonly string[]): Row {
  return { ...row, marks: { title: marksOf(row.title, words), excerpt: marksOf(row.excerpt ?? "", words) } };
}

function rowOf(found: Found, texts: ReadonlyMap<string, string>, words: readonly string[]): Omit<Row, "marks"> {
  const { item, score } = found;
  const about = { ref: item.ref, entityKind: item.kind, score: Math.round(score * 100) / 100 };
  if (found.kind === "doc") {
    const text = texts.get(keyOf(found));
    const excerpt = text === undefined ? {} : { excerpt: excerptOf(plainText(text), words) };
    return { kind: "doc", ...about, title: found.title, page: found.path, subtitle: item.title ?? item.name, ...excerpt };
  }
  if (found.kind === "operation") {
    const { title, summary } = found.operation;
    return { kind: "operation", ...about, title, subtitle: item.title ?? item.name, ...(summary === "" ? {} : { excerpt: summary }) };
  }
  const subtitle = [item.kind, item.type, item.owner?.slice(item.owner.indexOf("/") + 1)].filter(Boolean).join(" · ");
  return {
    kind: found.kind,
    ...about,
    title: item.title ?? item.name,
    subtitle,
    ...(item.description ? { excerpt: excerptOf(item.description, words) } : {}),
  };
}

/** The pages that were found, from the database: the index keeps words, not texts. */
async function readTexts(sql: Sql, found: readonly Found[]): Promise<ReadonlyMap<string, string>> {
  const pages = found.filter((one) => one.kind === "doc");
  if (pages.length === 0) return new Map();
  const { rows } = await sql.query<{ sourceId: string; root: string; path: string; markdown: string }>(
    `select p.source_id as "sourceId", p.root, p.path, left(p.markdown, 30000) as markdown
     from unnest($1::text[], $2::text[], $3::text[]) as wanted(source_id, root, path) join catalog.doc_page p using (source_id, root, path)`,
    [pages.map(({ sourceId }) => sourceId), pages.map(({ root }) => root), pages.map(({ path }) => path)],
  );
  return new Map(rows.map((row) => [keyOf(row), row.markdown]));
}

function keyOf({ sourceId, root, path }: { readonly sourceId: string; readonly root: string; readonly path: string }): string {
  return `${sourceId}\0${root}\0${path}`;
}
