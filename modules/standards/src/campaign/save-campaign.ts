import { campaignClosed, campaignSaved, endCampaign, saveCampaign } from "@roadbed/contracts/standards/campaigns";
import { ConflictError, handle, InvalidError, type Handler } from "@roadbed/core";

import type { Definition } from "../scorecard/definition.ts";
import type { ScorecardParts } from "../scorecard/parts.ts";
import { closeCampaign, findCampaign, requireCampaign, writeCampaign, type CampaignRow } from "./campaign-store.ts";
import { daysLeft, progressOf } from "./progress.ts";
import { partsSeen, viewCampaign } from "./read-campaigns.ts";

/** Campaigns are begun, changed while they are open, and ended. */
export function makeCampaignWriters({ board: readBoard, things }: Pick<ScorecardParts, "board" | "things">): readonly Handler[] {
  return [
    handle(saveCampaign, async (ctx, { name, level, owner, remindDays, ...rest }) => {
      const [board, view, now] = [await readBoard(ctx.sql), await things.viewOf(ctx), ctx.now()];
      checkSlice(board.definition(rest.scorecard), level, rest.rules);
      if (daysLeft(rest.deadline, now.getTime()) < 0) throw wrong("deadline", "lies in the past", "Name a day that is still to come.");
      const before = await findCampaign(ctx.sql, name, true);
      if (before && before.state !== "open")
        throw new ConflictError(`The campaign ${name} is closed.`, {
          mend: "Begin a new one under another name: this one stays as it was.",
        });
      await writeCampaign(ctx.sql, { ...rest, name, level: level ?? null, owner: owner ?? null, remind_days: remindDays }, now);
      ctx.emit(campaignSaved, name, { campaign: name, title: rest.title, change: before ? "changed" : "begun" });
      const row = await requireCampaign(ctx.sql, name);
      return viewCampaign(board, row, partsSeen(board, row, view, now.getTime()), now.getTime());
    }),
    handle(endCampaign, async (ctx, { name }) => {
      const [board, view, now] = [await readBoard(ctx.sql), await things.viewOf(ctx), ctx.now()];
      const row = await requireCampaign(ctx.sql, name, true);
      if (row.state !== "open")
        throw new ConflictError(`The campaign ${name} is closed already.`, { mend: "There is nothing left to do." });
      await closeCampaign(ctx.sql, name, "ended", now);
      const parts = partsSeen(board, row, view, now.getTime());
      ctx.emit(campaignClosed, name, closing(row, "ended", progressOf(parts)));
      return viewCampaign(board, await requireCampaign(ctx.sql, name), parts, now.getTime());
    }),
  ];
}

/** What is told of the end of a campaign. */
export function closing(
  { name, title, owner }: CampaignRow,
  state: CampaignRow["state"],
  { things, done }: { things: number; done: number },
) {
  return { campaign: name, title, ...(owner === null ? {} : { owner }), state, things, done };
}

function checkSlice({ levels, rules }: Definition, level: string | undefined, named: readonly string[]): void {
  if ((level === undefined) === (named.length === 0))
    throw wrong("level", "or rules is needed, and only one of them", "Name a level, or the rules that the campaign is about.");
  if (level !== undefined && !levels.some(({ name }) => name === level))
    throw wrong("level", `there is no level ${level}`, `There are ${levels.map(({ name }) => name).join(", ")}.`);
  for (const id of named)
    if (!rules.some((rule) => rule.id === id))
      throw wrong("rules", `there is no rule ${id}`, `There are ${rules.map((rule) => rule.id).join(", ")}.`);
}

function wrong(at: string, reason: string, mend: string): InvalidError {
  return new InvalidError(`${at} ${reason}.`, { problems: [{ at, reason, mend }], mend });
}
