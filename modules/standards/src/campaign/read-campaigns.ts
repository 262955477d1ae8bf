import { getCampaign, listCampaigns, listCampaignThings, type Campaign } from "@roadbed/contracts/standards/campaigns";
import { encodeCursor, handle, readCursor, type Handler } from "@roadbed/core";
import { z } from "zod";

import type { Board } from "../scorecard/board.ts";
import type { ScorecardParts } from "../scorecard/parts.ts";
import type { ThingView } from "../scorecard/things.ts";
import { burnDown } from "./burn-down.ts";
import { listCampaignRows, requireCampaign, type CampaignRow } from "./campaign-store.ts";
import { daysLeft, partsOf, progressOf, sliceOf, type Part } from "./progress.ts";

/** Campaigns as a caller may see them: what is hidden is neither listed nor counted. */
export function makeCampaignReaders({ board: readBoard, things }: Pick<ScorecardParts, "board" | "things">): readonly Handler[] {
  return [
    handle(listCampaigns, async (ctx, { state, scorecard, owner, system, limit, cursor }) => {
      const [board, view] = [await readBoard(ctx.sql), await things.viewOf(ctx)];
      const from = readCursor(z.object({ from: z.number().int().min(0) }), cursor)?.from ?? 0;
      const rows = await listCampaignRows(ctx.sql, { state, scorecard, owner, system, from, limit: limit + 1 });
      const now = ctx.now().getTime();
      return {
        items: rows.slice(0, limit).map((row) => viewCampaign(board, row, partsSeen(board, row, view, now), now)),
        ...(rows.length > limit ? { nextCursor: encodeCursor({ from: from + limit }) } : {}),
      };
    }),
    handle(getCampaign, async (ctx, { name }) => {
      const [board, view, row] = [await readBoard(ctx.sql), await things.viewOf(ctx), await requireCampaign(ctx.sql, name)];
      const now = ctx.now();
      const parts = partsSeen(board, row, view, now.getTime());
      const definition = board.definitions.find((one) => one.name === row.scorecard);
      const rules = definition ? sliceOf(row, definition, now.getTime()).rules : [];
      const teams = [...Map.groupBy(parts, ({ seen }) => seen.thing.owner ?? "")].map(([ref, own]) => ({
        ...(ref === "" ? {} : { ref }),
        title: ref === "" ? "Nobody's" : (view.get(ref)?.title ?? ref),
        ...progressOf(own),
      }));
      const to = row.closed_at ?? now;
      return {
        ...viewCampaign(board, row, parts, now.getTime()),
        ruleTitles: rules.map((n) => {
          const { id, title, patch } = definition!.rules[n]!;
          return { id, title, ...(patch === undefined ? {} : { patch: { title: patch.title, values: patch.values } }) };
        }),
        teams: teams.sort((a, b) => (a.share ?? 1) - (b.share ?? 1) || a.title.localeCompare(b.title, "en")),
        days: definition ? await burnDown(ctx.sql, { definition, rules, parts, from: row.started_at, to }) : [],
      };
    }),
    handle(listCampaignThings, async (ctx, { name, owner, system, done, limit, cursor }) => {
      const [board, view, row] = [await readBoard(ctx.sql), await things.viewOf(ctx), await requireCampaign(ctx.sql, name)];
      const definition = board.definition(row.scorecard);
      const parts = partsSeen(board, row, view, ctx.now().getTime())
        .filter(({ seen }) => owner === undefined || seen.thing.owner === owner)
        .filter(({ seen }) => system === undefined || seen.thing.system === system)
        .filter(({ open }) => done === undefined || (open.length === 0) === done)
        .sort((a, b) => b.open.length - a.open.length || (a.seen.entry.ref < b.seen.entry.ref ? -1 : 1));
      const from = readCursor(z.object({ from: z.number().int().min(0) }), cursor)?.from ?? 0;
      return {
        items: parts.slice(from, from + limit).map(({ seen: { thing }, codes, open }) => ({
          ref: thing.ref,
          title: thing.title,
          ...(thing.owner === undefined ? {} : { owner: thing.owner }),
          ...(thing.system === undefined ? {} : { system: thing.system }),
          done: open.length === 0,
          steps: open
            .map((n) => ({ rule: definition.rules[n]!, outcome: codes[n] === "u" ? ("unknown" as const) : ("fail" as const) }))
            .sort((a, b) => a.rule.effortAt - b.rule.effortAt)
            .map(({ rule: { id, title, mend, effort, patch }, outcome }) => ({
              id,
              title,
              mend,
              mends: patch !== undefined,
              effort,
              outcome,
            })),
        })),
        total: parts.length,
        ...(parts.length > from + limit ? { nextCursor: encodeCursor({ from: from + limit }) } : {}),
      };
    }),
  ];
}

/** A campaign about a scorecard that was removed is about nothing. */
export function partsSeen(board: Board, row: CampaignRow, view: Pick<ThingView, "get">, at: number): Part[] {
  const definition = board.definitions.find(({ name }) => name === row.scorecard);
  return definition ? partsOf(board, definition, row, view, at) : [];
}

export function viewCampaign(board: Board, row: CampaignRow, parts: readonly Part[], now: number): Campaign {
  return {
    name: row.name,
    title: row.title,
    scorecard: row.scorecard,
    scorecardTitle: board.definitions.find(({ name }) => name === row.scorecard)?.title ?? row.scorecard,
    ...(row.level === null ? {} : { level: row.level }),
    rules: [...row.rules],
    owners: [...row.owners],
    systems: [...row.systems],
    goal: row.goal,
    deadline: row.deadline,
    daysLeft: daysLeft(row.deadline, now),
    brief: row.brief,
    ...(row.owner === null ? {} : { owner: row.owner }),
    remindDays: [...row.remind_days],
    state: row.state,
    startedAt: row.started_at.toISOString(),
    ...(row.closed_at === null ? {} : { closedAt: row.closed_at.toISOString() }),
    ...progressOf(parts),
  };
}
