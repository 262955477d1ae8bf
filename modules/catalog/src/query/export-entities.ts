import type { Entity } from "@roadbed/contracts/catalog";
import { Position } from "@roadbed/contracts/catalog/backstage";
import { exportEntities } from "@roadbed/contracts/catalog/query";
import { encodeCursor, handle, readCursor, type Handler, type Sql } from "@roadbed/core";
import { stringify } from "yaml";

import type { Selector } from "../entity/select-entities.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import { visibleTo } from "../estate/visibility.ts";
import { orderBy, type QueryEngine } from "./engine.ts";
import { takePage } from "./run-query.ts";

/** Descriptors as their sources said them: without what the server adds, whatever else is known of the entities. */
export function makeExportEntities(catalogue: Catalogue, selector: Selector, engine: QueryEngine): Handler {
  return handle(exportEntities, async (ctx, { filter, format, limit, cursor }) => {
    await catalogue.feed.fresh();
    const visible = await visibleTo(catalogue, ctx);
    const position = readCursor(Position, cursor);
    const order = orderBy([]);
    const page = takePage(engine.orders, {
      ids: await selector.select(ctx.sql, visible, filter),
      size: catalogue.estate.size,
      order,
      lacking: "last",
      limit,
      offset: 0,
      from: position && { position, backwards: false },
    });
    const documents = await readOwn(
      ctx.sql,
      page.ids.map((id) => catalogue.estate.refOf(id)),
    );
    return {
      text: documents.map(format === "yaml" ? toYaml : toLine).join(""),
      entities: documents.length,
      ...(page.more ? { nextCursor: encodeCursor(engine.orders.positionOf(order, page.ids.at(-1)!)) } : {}),
      total: page.total,
    };
  });
}

/** What the defining source says itself: the row's `base`, where other sources added to the document. */
async function readOwn(sql: Sql, refs: readonly string[]): Promise<Entity[]> {
  const { rows } = await sql.query<{ ref: string; document: Entity }>("select ref, document from catalog.entity where ref = any($1)", [
    refs,
  ]);
  const byRef = new Map(rows.map(({ ref, document }) => [ref, document]));
  return refs.flatMap((ref) => byRef.get(ref) ?? []);
}

export function toYaml(document: unknown): string {
  return `---\n${stringify(document, { lineWidth: 0, aliasDuplicateObjects: false })}`;
}

function toLine(document: unknown): string {
  return `${JSON.stringify(document)}\n`;
}
