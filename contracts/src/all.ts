import type { Operation } from "@roadbed/core";

import { operations as catalog } from "./catalog.ts";
import { operations as delivery } from "./delivery.ts";
import { operations as identity } from "./identity.ts";
import { operations as paths } from "./paths.ts";
import { operations as standards } from "./standards.ts";
import { operations as telemetry } from "./telemetry.ts";

/** Everything the platform can do: each face is made from this one list. */
export const allOperations: readonly Operation[] = [...identity, ...catalog, ...standards, ...paths, ...delivery, ...telemetry];
