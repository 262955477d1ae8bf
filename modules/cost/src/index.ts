import type { Handler } from "@roadbed/core";

import { makeCheckCharges } from "./charge/check-charges.ts";

/** What things cost. */
export interface Cost {
  readonly handlers: readonly Handler[];
}

export function createCost(): Cost {
  return { handlers: [makeCheckCharges()] };
}
