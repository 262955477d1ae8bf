import type { Handler, Subscription } from "@roadbed/core";

import type { ProductDeps } from "./deps.ts";
import { makeMeasureHandlers } from "./measure/measure-handlers.ts";
import { makeHearDeliveries } from "./record/hear-deliveries.ts";
import { makeImportRecords } from "./record/import-records.ts";

export type { Deliveries, MergedChange, ProductDeps, Thing, Things, ThingsSeen, ToldEvent } from "./deps.ts";

/** The tables of this module. */
export const migrations = { module: "product", dir: new URL("../migrations/", import.meta.url) };

/** What is measured of the platform and of what is delivered by it. */
export interface Product {
  readonly handlers: readonly Handler[];
  readonly subscriptions: readonly Subscription[];
  health(): Promise<{ readonly ok: boolean; readonly detail?: string }>;
}

export function createProduct(deps: ProductDeps): Product {
  return {
    handlers: [makeImportRecords(deps), ...makeMeasureHandlers(deps)],
    subscriptions: makeHearDeliveries(deps),
    health: async () => ({ ok: true }),
  };
}
