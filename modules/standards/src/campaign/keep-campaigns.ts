import { campaignClosed, campaignReminded } from "@roadbed/contracts/standards/campaigns";
import type { Logger } from "@roadbed/core";
import { append, createOutbox, type Database } from "@roadbed/postgres";

import type { ScorecardParts } from "../scorecard/parts.ts";
import { closeCampaign, noteReminded, takeOpenCampaigns } from "./campaign-store.ts";
import { daysLeft, dueReminder, isReached, progressOf } from "./progress.ts";
import { partsSeen } from "./read-campaigns.ts";
import { closing } from "./save-campaign.ts";

/** Closes campaigns that reached their goal or whose day is over, and reminds teams. */
export interface CampaignKeeper {
  /** Looks at all that are open, once; of several processes one does it. */
  look(): Promise<void>;
  wake(): void;
  start(): void;
  stop(): Promise<void>;
}

const EVERY_MS = 60_000;
/** Many results change together: they are looked at once. */
const GATHER_MS = 1_000;

export function createCampaignKeeper(
  o: Pick<ScorecardParts, "board" | "things"> & { readonly db: Database; readonly log: Logger; readonly now: () => Date },
): CampaignKeeper {
  let timer: NodeJS.Timeout | undefined;
  let soon: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let stopped = true;

  return {
    look,
    wake: () => {
      if (!stopped) soon ??= setTimeout(run, GATHER_MS).unref();
    },
    start: () => {
      stopped = false;
      timer = setInterval(run, EVERY_MS).unref();
      run();
    },
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      clearTimeout(soon);
      await running;
    },
  };

  function run(): void {
    soon = undefined;
    running = running.then(look).catch((error: unknown) => o.log.error("campaigns could not be looked at", { error: String(error) }));
  }

  function look(): Promise<void> {
    return o.db.transaction(async (sql) => {
      const rows = await takeOpenCampaigns(sql);
      if (rows.length === 0) return;
      const board = await o.board(sql);
      // What is not computed yet would count as if it were not there.
      if (board.computing) return;
      const view = await o.things.viewOf({ actor: { kind: "system", job: "standards.campaigns" }, scopes: new Set(["*"]), sql });
      const [outbox, at] = [createOutbox("system:standards.campaigns"), o.now()];
      for (const row of rows) {
        const parts = partsSeen(board, row, view, at.getTime());
        const progress = progressOf(parts);
        const left = daysLeft(row.deadline, at.getTime());
        const state = isReached(progress, row.goal) ? "reached" : left < 0 ? "over" : undefined;
        if (state !== undefined) {
          await closeCampaign(sql, row.name, state, at);
          outbox.emit(campaignClosed, row.name, closing(row, state, progress));
          continue;
        }
        const due = dueReminder(row.remind_days, row.reminded, left);
        if (due === undefined) continue;
        await noteReminded(
          sql,
          row.name,
          row.remind_days.filter((days) => days >= left),
        );
        const open = Map.groupBy(
          parts.filter((part) => part.open.length > 0),
          ({ seen }) => seen.thing.owner ?? "",
        );
        for (const [ref, own] of open) {
          if (ref === "") continue;
          const { name: campaign, title, deadline } = row;
          outbox.emit(campaignReminded, ref, { campaign, title, ref, open: own.length, deadline, daysLeft: left });
        }
      }
      await append(sql, undefined, outbox.events, at);
    });
  }
}
