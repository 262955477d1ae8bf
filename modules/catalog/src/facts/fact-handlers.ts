import type { Handler } from "@roadbed/core";

import type { CatalogDeps } from "../deps.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import type { Syncer } from "../source/syncer.ts";
import { makeConfirmFact } from "./confirm-fact.ts";
import { makeListFacts } from "./list-facts.ts";
import { makePrecedenceHandlers } from "./precedence.ts";
import { makeProposeFact } from "./propose-fact.ts";
import { makeSetFactHandlers } from "./set-fact.ts";
import { makeTrustRuleHandlers } from "./trust-rules.ts";

/** What may be asked and said about single facts. */
export function makeFactHandlers(o: {
  readonly catalogue: Catalogue;
  readonly deps: CatalogDeps;
  readonly syncer: Pick<Syncer, "schedule">;
}): readonly Handler[] {
  const { catalogue, deps, syncer } = o;
  return [
    makeListFacts(catalogue),
    ...makeSetFactHandlers(catalogue),
    makeConfirmFact(catalogue, deps.runtime),
    makeProposeFact(catalogue, deps, syncer),
    ...makePrecedenceHandlers(catalogue),
    ...makeTrustRuleHandlers(catalogue),
  ];
}
