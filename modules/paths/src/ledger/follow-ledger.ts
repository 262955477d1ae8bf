import { repositoryPushed } from "@roadbed/contracts/delivery";
import { changeMerged } from "@roadbed/contracts/delivery/changes";
import { runFinished } from "@roadbed/contracts/paths";
import type { Subscription } from "@roadbed/core";

import { hearAdopted } from "../action/change/hear-adopted.ts";
import type { Catalog } from "../deps.ts";
import { checkMade, type LedgerRepositories } from "./check-made.ts";
import { hearMerged } from "../upgrade/follow-upgrades.ts";
import { findMadeOf } from "./made-store.ts";

/** What the ledger hears: pushes to what was made, and the entity that a run registered. */
export function followLedger(repositories: LedgerRepositories | undefined, catalog: Pick<Catalog, "registerRepository">): Subscription[] {
  return [
    {
      name: "paths.ledger-hears-pushes",
      // Both in one: a merge is heard before the push that it is.
      events: [changeMerged.name, repositoryPushed.name],
      async receive(ctx, event) {
        if (repositories === undefined) return;
        if (event.name === changeMerged.name) {
          await hearAdopted(repositories, catalog, ctx, changeMerged.payload.parse(event.payload));
          return hearMerged(repositories, ctx, event.subject);
        }
        const { repository, branch } = repositoryPushed.payload.parse(event.payload);
        for (const id of await findMadeOf(ctx.sql, repository, branch)) await checkMade(repositories, ctx, id);
      },
    },
    {
      name: "paths.ledger-hears-runs",
      events: [runFinished.name],
      async receive(ctx, event) {
        const { runId, entityRef } = runFinished.payload.parse(event.payload);
        if (entityRef === undefined) return;
        await ctx.sql.query("update paths.made set entity_ref = $2 where run_id = $1 and entity_ref is null", [runId, entityRef]);
      },
    },
  ];
}
