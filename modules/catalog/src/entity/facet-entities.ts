import { facetEntities } from "@roadbed/contracts/catalog";
import { handle, type Handler } from "@roadbed/core";

import { countFacets } from "../query/count-facets.ts";
import type { Standpoints } from "../time/standpoints.ts";

/** Exact counts, over everything that matches. */
export function makeFacetEntities(standpoints: Standpoints): Handler {
  return handle(facetEntities, async (ctx, { filter, text, asOf, facets }) => {
    const { catalogue, selector, visible } = await standpoints.at(ctx, asOf);
    const choose = () => selector.select(ctx.sql, visible, filter, text);
    return { facets: await countFacets(catalogue, visible, { facets, question: ["own", filter, text], choose }) };
  });
}
