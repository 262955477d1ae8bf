import { facetEntities } from "@roadbed/contracts/catalog";
import { handle, type Handler } from "@roadbed/core";

import type { Catalogue } from "../estate/catalogue.ts";
import { visibleTo } from "../estate/visibility.ts";
import type { Selector } from "./select-entities.ts";

/** Exact counts, over everything that matches. */
export function makeFacetEntities(catalogue: Catalogue, selector: Selector): Handler {
  return handle(facetEntities, async (ctx, { filter, text, facets }) => {
    await catalogue.feed.fresh();
    const visible = await visibleTo(catalogue, ctx);
    const selected = await selector.select(ctx.sql, visible, filter, text);
    return { facets: catalogue.estate.facets(selected, facets, visible.all ? undefined : visible.sees) };
  });
}
