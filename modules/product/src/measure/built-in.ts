import type { MeasureName } from "@roadbed/contracts/product/measures";

import { ADOPTION } from "./adoption-definitions.ts";
import { DELIVERY, type BuiltIn } from "./definitions.ts";

/** Version 1 of a measure: what comes with Roadbed. */
export function builtIn(measure: MeasureName): BuiltIn {
  return [...DELIVERY, ...ADOPTION].find((one) => one.measure === measure)!;
}
