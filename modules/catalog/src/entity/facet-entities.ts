import { facetEntities } from "@roadbed/contracts/catalog";
import { handle, type Handler } from "@roadbed/core";

import type { Catalogue } from "../estate/catalogue.ts";
import type { Selector } from "./select-entities.ts";

/** Exact counts, over everything that matches. */
export function makeFacetEntities({ estate, feed }: Catalogue, selector: Selector): Handler {
  return handle(facetEntities, async (ctx, { filter, text, facets }) => {
    await feed.fresh();
    const selected = await selector.select(ctx.sql, filter, text);
    return { facets: estate.facets(selected, facets) };
  });
}
