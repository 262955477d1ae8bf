import type { Handler } from "@roadbed/core";

import type { Connectors } from "../connector/connectors.ts";
import type { CatalogDeps } from "../deps.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import { makeIdentityHandlers } from "./identity/identity-handlers.ts";
import { makeAcceptProposals } from "./proposal/accept-proposals.ts";
import { makeDecisionHandlers } from "./proposal/decide-proposals.ts";
import { makeGetProposal } from "./proposal/get-proposal.ts";
import { makeListProposals } from "./proposal/list-proposals.ts";
import { createDiscoverer } from "./run/discoverer.ts";
import { makeDiscoveryHandlers } from "./run/discovery-handlers.ts";

/** Finds services, owners and relations in repositories, and proposes them. */
export interface DiscoveryPart {
  readonly handlers: readonly Handler[];
  start(): void;
  stop(): Promise<void>;
}

export function createDiscovery(
  deps: Omit<CatalogDeps, "connectors"> & { readonly connectors: Connectors },
  catalogue: Catalogue,
): DiscoveryPart {
  const discoverer = createDiscoverer(deps, catalogue.kinds);
  return {
    handlers: [
      ...makeDiscoveryHandlers({ discoverer, connectors: deps.connectors, catalogue }),
      makeListProposals(catalogue),
      makeGetProposal(catalogue),
      makeAcceptProposals(catalogue, discoverer),
      ...makeDecisionHandlers(catalogue),
      ...makeIdentityHandlers(catalogue),
    ],
    start: () => discoverer.start(),
    stop: () => discoverer.stop(),
  };
}
