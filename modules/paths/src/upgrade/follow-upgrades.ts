import { changeClosed, changeMoved } from "@roadbed/contracts/delivery/changes";
import { upgradeChanged, upgradeRequested } from "@roadbed/contracts/paths/upgrades";
import type { Ctx, Subscription } from "@roadbed/core";
import { NotFoundError } from "@roadbed/core";
import type { Flow, Workflows } from "@roadbed/workflows";

import type { LedgerRepositories } from "../ledger/check-made.ts";
import { arrive } from "./propose-item.ts";
import { changeItem, countUnsettled, findItemOfChange, readUpgrade } from "./upgrade-store.ts";

/** What upgrades hear: that they are asked for, and what becomes of the changes they proposed. */
export function followUpgrades(workflows: Workflows, flow: Flow<{ upgradeId: string }, void>): Subscription[] {
  return [
    {
      name: "paths.start-upgrades",
      events: [upgradeRequested.name],
      async receive(_ctx, event) {
        const { upgradeId, why } = upgradeRequested.payload.parse(event.payload);
        if (why === "started") return workflows.start(flow, { upgradeId }, { id: upgradeId });
        await workflows.signal(upgradeId, "news", {}, event.id).catch((error: unknown) => {
          // It ended before the news came.
          if (!(error instanceof NotFoundError)) throw error;
        });
      },
    },
    {
      name: "paths.upgrades-hear-changes",
      events: [changeMoved.name, changeClosed.name],
      async receive(ctx, event) {
        const item = await findItemOfChange(ctx.sql, event.subject);
        if (item === undefined || (item.state !== "open" && item.state !== "conflicting")) return;
        if (event.name === changeClosed.name) {
          const { note } = changeClosed.payload.parse(event.payload);
          await changeItem(
            ctx.sql,
            item.upgrade_id,
            item.made_id,
            { state: "closed", reason: note ?? "The change was closed." },
            ctx.now(),
          );
          return tellNews(ctx, item.upgrade_id, item.made_id, item.wave, "closed");
        }
        const state = changeMoved.payload.parse(event.payload).conflicts > 0 ? "conflicting" : "open";
        if (state === item.state) return;
        await changeItem(ctx.sql, item.upgrade_id, item.made_id, { state }, ctx.now());
        ctx.emit(upgradeChanged, item.upgrade_id, { upgradeId: item.upgrade_id, thing: item.made_id, state });
      },
    },
  ];
}

/** A merged change: its thing is on the new version. Heard before the push of the merge, so that books are right when that comes. */
export async function hearMerged(repositories: LedgerRepositories, ctx: Ctx, changeId: string): Promise<void> {
  const item = await findItemOfChange(ctx.sql, changeId);
  if (item === undefined || item.state === "merged") return;
  await changeItem(ctx.sql, item.upgrade_id, item.made_id, { state: "merged" }, ctx.now());
  await arrive({ repositories }, ctx, await readUpgrade(ctx.sql, item.upgrade_id), item.made_id, item);
  await tellNews(ctx, item.upgrade_id, item.made_id, item.wave, "merged");
}

/** The workflow is woken only when a wave is settled by this. */
export async function tellNews(ctx: Ctx, upgradeId: string, thing: string, wave: number, state: string): Promise<void> {
  ctx.emit(upgradeChanged, upgradeId, { upgradeId, thing, state });
  if ((await countUnsettled(ctx.sql, upgradeId, wave)) === 0) ctx.emit(upgradeRequested, upgradeId, { upgradeId, why: "news" });
}
