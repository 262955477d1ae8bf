import type { Handler } from "@roadbed/core";

import { makeHostHandlers } from "../connector/allowed-hosts.ts";
import { makeConnectorHandlers } from "../connector/source-handlers.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import type { Feed } from "../estate/feed.ts";
import { makeApproveHold, makeRejectHold } from "./decide-hold.ts";
import { makePauseHandlers } from "./pause-source.ts";
import { makeQuarantineHandlers } from "./quarantine-handlers.ts";
import type { ReadDeps } from "./read-source.ts";
import { makeLifeHandlers } from "./source-life.ts";
import type { Syncer } from "./syncer.ts";
import { makeTestSource } from "./test-source.ts";
import { makeUndoSync } from "./undo-sync.ts";

interface Deps extends ReadDeps {
  readonly catalogue: Catalogue;
  readonly feed: Feed;
  readonly syncer: Syncer;
}

/** Everything that is done with sources beyond reading files. */
export function makeConnectionHandlers(deps: Deps): readonly Handler[] {
  return [
    ...makeConnectorHandlers(deps),
    ...makeHostHandlers(),
    ...makeLifeHandlers(deps),
    ...makePauseHandlers(deps),
    ...makeQuarantineHandlers(deps),
    makeTestSource(deps),
    makeApproveHold(deps),
    makeRejectHold(deps),
    makeUndoSync(deps),
  ];
}
