import { listMends, mendCampaign, openMend, previewMend, type MendState } from "@roadbed/contracts/standards/mends";
import {
  ConflictError,
  encodeCursor,
  formatActor,
  handle,
  newId,
  NotFoundError,
  readCursor,
  z,
  type Ctx,
  type Handler,
} from "@roadbed/core";

import { requireCampaign } from "../campaign/campaign-store.ts";
import { partsSeen } from "../campaign/read-campaigns.ts";
import type { ScorecardParts } from "../scorecard/parts.ts";
import { findUnsettled, insertMend, toMend, type MendRow } from "./mend-store.ts";
import { valuesOf } from "./patch.ts";
import { ruleOf, workOut, type WorkOutDeps } from "./work-out.ts";

/** A failing rule that has a mend opens the change: seen before, asked for one thing or for all of a campaign, and followed. */
export function makeMendHandlers({
  board: readBoard,
  things,
  hosts,
}: Pick<ScorecardParts, "board" | "things"> & Pick<WorkOutDeps, "hosts">): readonly Handler[] {
  return [
    handle(previewMend, async (ctx, { values, ...about }) => {
      await requireVisible(ctx, about.ref);
      const { title, repository, branch, files } = await workOut({ board: readBoard, things, hosts }, ctx, { ...about, values });
      return {
        title,
        repository: repository.name,
        branch,
        files: files.map(({ path, before, after }) => ({ path, ...(before === undefined ? {} : { before }), after })),
      };
    }),
    handle(openMend, async (ctx, { values, ...about }) => {
      await requireVisible(ctx, about.ref);
      const known = await findUnsettled(ctx.sql, about);
      if (known) return toMend(known);
      const board = await readBoard(ctx.sql);
      const definition = board.definition(about.scorecard);
      const rule = ruleOf(definition.rules, about.rule);
      const entry = board.entries(about.scorecard).get(about.ref);
      const code = entry && board.codes(definition, entry)[definition.rules.indexOf(rule)];
      if (code !== "f")
        throw new ConflictError(`The rule "${rule.title}" does not fail for ${about.ref}.`, { mend: "Only what fails is mended." });
      if (!rule.patch) throw new ConflictError(`The rule "${rule.title}" has no mend that could be made as a change.`, { mend: rule.mend });
      valuesOf(rule.patch, values);
      const row = await insertMend(ctx, { ...newMend(ctx), ...about, title: rule.patch.title, given: values, wave: 0 });
      return toMend(row ?? (await findUnsettled(ctx.sql, about))!);
    }),
    handle(mendCampaign, async (ctx, { name, rule: id, refs, owner, system, perWave, values }) => {
      const [board, view, campaign] = [await readBoard(ctx.sql), await things.viewOf(ctx), await requireCampaign(ctx.sql, name, true)];
      if (campaign.state !== "open") throw new ConflictError(`The campaign ${name} is not open any more.`, { mend: "Begin another." });
      const definition = board.definition(campaign.scorecard);
      const rule = ruleOf(definition.rules, id);
      if (!rule.patch) throw new ConflictError(`The rule "${rule.title}" has no mend that could be made as a change.`, { mend: rule.mend });
      valuesOf(rule.patch, values);
      const at = definition.rules.indexOf(rule);
      const meant = partsSeen(board, campaign, view, ctx.now().getTime())
        .filter(({ codes, open }) => codes[at] === "f" && open.includes(at))
        .filter(({ seen }) => owner === undefined || seen.thing.owner === owner)
        .filter(({ seen }) => system === undefined || seen.thing.system === system)
        .map(({ seen }) => seen.entry.ref)
        .filter((ref) => refs.length === 0 || refs.includes(ref))
        .sort();
      if (meant.length === 0)
        throw new ConflictError(`The rule "${rule.title}" fails for nothing that is meant.`, {
          mend: "Look at what is left of the campaign.",
        });
      const first = await nextWave(ctx, name, id);
      let added = 0;
      for (const ref of meant) {
        const wave = first + Math.floor(added / perWave);
        const row = await insertMend(ctx, {
          ...newMend(ctx, added),
          ref,
          scorecard: definition.name,
          rule: id,
          title: rule.patch.title,
          given: values,
          campaign: name,
          wave,
        });
        if (row) added++;
      }
      return { added, known: meant.length - added, waves: Math.ceil(added / perWave) };
    }),
    handle(listMends, async (ctx, { ref, scorecard, campaign, state, limit, cursor }) => {
      const view = await things.viewOf(ctx);
      const before = readCursor(z.string(), cursor);
      const filter = [ref ?? null, scorecard ?? null, campaign ?? null];
      const WHERE = "($1::text is null or ref = $1) and ($2::text is null or scorecard = $2) and ($3::text is null or campaign = $3)";
      const { rows: all } = await ctx.sql.query<{ ref: string; state: MendState }>(
        `select ref, state from standards.mend where ${WHERE} limit 20000`,
        filter,
      );
      const seen = new Set(all.filter((one) => view.get(one.ref)).map((one) => one.ref));
      const { rows } = await ctx.sql.query<MendRow>(
        `select * from standards.mend where ${WHERE} and ($4::text is null or state = $4) and ($5::text is null or id < $5) and ref = any($6)
         order by id desc limit $7`,
        [...filter, state ?? null, before ?? null, [...seen], limit + 1],
      );
      const counts: Record<MendState, number> = { waiting: 0, open: 0, merged: 0, closed: 0, refused: 0 };
      for (const one of all) if (seen.has(one.ref)) counts[one.state]++;
      return {
        items: rows.slice(0, limit).map(toMend),
        counts,
        ...(rows.length > limit ? { nextCursor: encodeCursor(rows[limit - 1]!.id) } : {}),
      };
    }),
  ];

  async function requireVisible(ctx: Ctx, ref: string): Promise<void> {
    const view = await things.viewOf(ctx);
    if (!view.get(ref)) throw new NotFoundError("entity", ref, "List the entities to see what there is.");
  }
}

function newMend(ctx: Ctx, nth = 0): { readonly id: string; readonly actor: string; readonly name: string } {
  const actor = formatActor(ctx.actor);
  return { id: newId("mend", ctx.now().getTime() + nth), actor, name: "name" in ctx.actor ? String(ctx.actor.name) : actor };
}

/** What is asked for later comes after what is under way. */
async function nextWave(ctx: Ctx, campaign: string, rule: string): Promise<number> {
  const { rows } = await ctx.sql.query<{ wave: number | null }>(
    "select max(wave) as wave from standards.mend where campaign = $1 and rule = $2 and state in ('waiting', 'open')",
    [campaign, rule],
  );
  return (rows[0]?.wave ?? 0) + (rows[0]?.wave == null ? 0 : 1);
}
