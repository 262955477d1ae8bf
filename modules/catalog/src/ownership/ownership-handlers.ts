import type { Handler } from "@roadbed/core";

import type { Catalogue } from "../estate/catalogue.ts";
import { makeListLeavers } from "./find-leavers.ts";
import { makeGetOnCall } from "./get-on-call.ts";
import { makeListOnCall } from "./list-on-call.ts";
import { makeHandOverHandlers } from "./hand-over-handlers.ts";
import { makeOrphanHandlers } from "./list-orphans.ts";
import { createOwnership } from "./ownership-view.ts";
import { makeTeamHandlers } from "./teams.ts";

/** Who owns what, who does not any more, and who is called. */
export function makeOwnershipHandlers(catalogue: Catalogue): readonly Handler[] {
  const ownership = createOwnership(catalogue);
  return [
    ...makeOrphanHandlers(catalogue, ownership),
    ...makeTeamHandlers(catalogue, ownership),
    makeListLeavers(catalogue, ownership),
    ...makeHandOverHandlers(catalogue, ownership),
    makeGetOnCall(catalogue),
    makeListOnCall(catalogue),
  ];
}
