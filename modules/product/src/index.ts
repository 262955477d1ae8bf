import type { Handler, Subscription } from "@roadbed/core";

import { makeCapabilityHandlers } from "./adoption/capability-handlers.ts";
import { createUsageRecorder, type UsageRecorder } from "./adoption/record-usage.ts";
import { makeRegisterHandlers } from "./adoption/register-handlers.ts";
import { makeUsageHandlers } from "./adoption/usage-handlers.ts";
import type { ProductDeps } from "./deps.ts";
import { makeMeasureHandlers } from "./measure/measure-handlers.ts";
import { makeHearDeliveries } from "./record/hear-deliveries.ts";
import { makeImportRecords } from "./record/import-records.ts";
import { makeValueHandlers } from "./value/value-handlers.ts";

export type { Deliveries, MergedChange, People, ProductDeps, Teams, Thing, Things, ThingsSeen, ToldEvent } from "./deps.ts";

/** The tables of this module. */
export const migrations = { module: "product", dir: new URL("../migrations/", import.meta.url) };

/** What is measured of the platform and of what is delivered by it. */
export interface Product {
  readonly handlers: readonly Handler[];
  readonly subscriptions: readonly Subscription[];
  /** Counts what is used through these handlers, by team and day. */
  readonly usage: UsageRecorder;
  start(): Promise<void>;
  stop(): Promise<void>;
  health(): Promise<{ readonly ok: boolean; readonly detail?: string }>;
}

export function createProduct(deps: ProductDeps): Product {
  const usage = createUsageRecorder(deps);
  return {
    handlers: [
      makeImportRecords(deps),
      ...makeMeasureHandlers(deps),
      ...makeCapabilityHandlers(deps),
      ...makeRegisterHandlers(deps),
      ...makeUsageHandlers(deps),
      ...makeValueHandlers(),
    ],
    subscriptions: makeHearDeliveries(deps),
    usage,
    start: async () => usage.start(),
    stop: () => usage.stop(),
    health: async () => ({ ok: true }),
  };
}
