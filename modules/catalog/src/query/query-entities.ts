import { Position } from "@roadbed/contracts/catalog/backstage";
import { queryEntities } from "@roadbed/contracts/catalog/query";
import { encodeCursor, handle, InvalidError, readCursor, type Handler } from "@roadbed/core";
import { z } from "zod";

import type { Selector } from "../entity/select-entities.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import { visibleTo } from "../estate/visibility.ts";
import { parseFilter } from "../estate/filter.ts";
import { intersect } from "../estate/sets.ts";
import { orderBy, type QueryEngine } from "./engine.ts";
import { makeProjection } from "./project.ts";
import { takePage } from "./run-query.ts";

const Cursor = z.object({ order: z.array(z.string()), position: Position, backwards: z.boolean() });

/** Whole entities by any condition and in any order. Those without the field that is sorted by come last. */
export function makeQueryEntities(catalogue: Catalogue, selector: Selector, engine: QueryEngine): Handler {
  return handle(queryEntities, async (ctx, input) => {
    await catalogue.feed.fresh();
    const project = makeProjection(input.fields);
    const from = readCursor(Cursor, input.cursor);
    if (from && from.order.join() !== input.order.join()) {
      throw new InvalidError("The cursor belongs to another order.", { problems: [{ at: "cursor", reason: "belongs to another order" }] });
    }
    const visible = await visibleTo(catalogue, ctx);
    const filter = parseFilter(input.filter);
    const chosen = await engine.choose(ctx.sql, visible, {
      groups: "conditions" in filter ? [filter.conditions] : undefined,
      predicate: input.predicate,
      text: textOf(input),
    });
    const matching = "expression" in filter ? intersect(chosen, await selector.select(ctx.sql, visible, filter.expression)) : chosen;
    const order = orderBy(input.order.map((word) => ({ field: word.replace(/^-/, ""), descending: word.startsWith("-") })));
    const page = takePage(engine.orders, {
      ids: matching,
      size: catalogue.estate.size,
      order,
      lacking: "last",
      limit: input.limit,
      offset: 0,
      from,
    });
    const cursorAt = (id: number, backwards: boolean): string =>
      encodeCursor({ order: input.order, position: engine.orders.positionOf(order, id), backwards });
    const documents = await engine.texts.documents(ctx.sql, page.ids, visible);
    return {
      items: documents.filter((document) => document !== undefined).map((document) => (project ? project(document) : { ...document })),
      ...(page.more ? { nextCursor: cursorAt(page.ids.at(-1)!, false) } : {}),
      ...(page.before && page.ids.length > 0 ? { prevCursor: cursorAt(page.ids[0]!, true) } : {}),
      total: page.total,
    };
  });
}

function textOf({ contains, in: fields, order }: { contains?: string | undefined; in: readonly string[]; order: readonly string[] }) {
  if (contains === undefined || contains.trim() === "") return undefined;
  const [first = "metadata.name"] = order;
  return { term: contains, fields: fields.length > 0 ? fields : [first.replace(/^-/, "")] };
}
