import { readFacets } from "@roadbed/contracts/catalog/backstage";
import { EntityPredicate } from "@roadbed/contracts/catalog/query";
import { parseInput } from "@roadbed/core";
import type { FastifyInstance } from "@roadbed/http";
import { z } from "zod";

import type { Ask } from "../face/ask.ts";
import { sendJson } from "../face/errors.ts";
import { invalid, queryOf, texts } from "../request/params.ts";

const Body = z.object({ facets: z.array(z.string()).default([]), query: EntityPredicate.optional() });

export function addFacetRoutes(app: FastifyInstance, ask: Ask): void {
  app.get("/entity-facets", async (request, reply) => {
    const facets = named(texts(queryOf(request), "facet"));
    return sendJson(reply, JSON.stringify(await ask(readFacets, request, reply, { facets, filter: texts(queryOf(request), "filter") })));
  });

  app.post("/entity-facets", async (request, reply) => {
    const { facets, query } = parseInput(Body, request.body ?? {});
    const asked = { facets: named(facets) };
    return sendJson(reply, JSON.stringify(await ask(readFacets, request, reply, query === undefined ? asked : { ...asked, query })));
  });
}

function named(facets: readonly string[]): string[] {
  const names = facets.map((facet) => facet.trim()).filter(Boolean);
  if (names.length === 0) throw invalid("facet", "Missing facet parameter");
  return names;
}
