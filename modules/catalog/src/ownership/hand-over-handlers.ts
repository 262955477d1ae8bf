import {
  assignOwner,
  handOver,
  handOverUndone,
  listHandOvers,
  previewHandOver,
  undoHandOver,
  type HandOver,
} from "@roadbed/contracts/catalog/ownership";
import {
  ConflictError,
  encodeCursor,
  ForbiddenError,
  formatActor,
  handle,
  InvalidError,
  NotFoundError,
  readCursor,
  type Ctx,
  type Handler,
} from "@roadbed/core";
import { z } from "zod";

import { lockCatalog, nextChange } from "../entity/entity-store.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import { isAdministrator, visibleTo, type Visibility } from "../estate/visibility.ts";
import { remerge } from "../facts/merge-entities.ts";
import { findLeavers, standsOf } from "./find-leavers.ts";
import { alsoNot, give, MOST_NAMED, requireReceiver } from "./give.ts";
import { ACT_COLUMNS, putBack, readItems, UNDO_DAYS, type ActRow } from "./hand-over-store.ts";
import { OWNS_TYPE, type createOwnership } from "./ownership-view.ts";
import { planGifts } from "./plan-gifts.ts";
import { countOf, titleOf } from "./words.ts";

const Before = z.object({ before: z.string() });
const DAY = 86_400_000;

/** Giving things to another owner: one by one, all of a team at once, and back. */
export function makeHandOverHandlers(catalogue: Catalogue, ownership: ReturnType<typeof createOwnership>): readonly Handler[] {
  const { estate, feed } = catalogue;
  return [
    handle(assignOwner, async (ctx, { owner, refs, reason }) => {
      await feed.fresh();
      const visible = await visibleTo(catalogue, ctx);
      requireReceiver(catalogue, visible, ownership(visible), owner);
      const some = [...new Set(refs)];
      for (const ref of some) requireShown(visible, ref);
      const own = isAdministrator(ctx) ? undefined : await identitiesOf(ctx);
      const refuse = (ref: string) =>
        own === undefined || ownersOf(ref).some((one) => own.has(one))
          ? undefined
          : { why: "Only its owners and administrators may say whose it is.", mend: "Ask one of them." };
      return give(catalogue, ctx, { to: owner, refs: some, reason, refuse });
    }),
    handle(previewHandOver, async (ctx, { from, to, refs }) => {
      const { visible, owned } = await prepare(ctx, { from, to, refs });
      const { gifts, notGiven } = await planGifts(catalogue, ctx.sql, { from, to, refs: owned });
      const kinds = Object.fromEntries([...Map.groupBy(gifts, ({ kind }) => kind)].map(([kind, all]) => [kind, all.length]));
      const stays = standsOf(catalogue, visible, from).filter(({ as }) => as !== "owner");
      const [giver, taker] = [titleOf(estate, from), titleOf(estate, to)];
      return {
        total: gifts.length,
        kinds,
        descriptors: gifts.filter(({ says }) => says === "descriptor").length,
        given: gifts.slice(0, MOST_NAMED).map(({ ref, kind, title, property, says }) => ({ ref, kind, title, property, says })),
        notGiven: notGiven.slice(0, MOST_NAMED),
        stays: stays.slice(0, MOST_NAMED),
        said:
          owned.length === 0
            ? `${giver} owns nothing.`
            : `${taker} would get ${countOf(gifts.length, "thing")} of ${giver}.${alsoNot(notGiven)}`,
      };
    }),
    handle(handOver, async (ctx, { from, to, refs, reason }) => {
      const { owned } = await prepare(ctx, { from, to, refs });
      return give(catalogue, ctx, { from, to, refs: owned, reason });
    }),
    handle(listHandOvers, async (ctx, { ref, limit, cursor }) => {
      await feed.fresh();
      const visible = await visibleTo(catalogue, ctx);
      const acts: HandOver[] = [];
      let before = readCursor(Before, cursor)?.before ?? null;
      for (;;) {
        const { rows } = await ctx.sql.query<ActRow>(
          `select ${ACT_COLUMNS} from catalog.hand_over h where ($1::bigint is null or h.seq < $1) and ($2::text is null or h.from_ref = $2
             or h.to_ref = $2 or exists (select 1 from catalog.hand_over_item i where i.hand_over = h.id and i.ref = $2))
           order by h.seq desc limit $3`,
          [before, ref ?? null, limit + 1],
        );
        const items = await readItems(
          ctx.sql,
          rows.map(({ id }) => id),
        );
        for (const row of rows) {
          if (acts.length === limit) return { items: acts, nextCursor: encodeCursor({ before }) };
          before = row.seq;
          const things = (items.get(row.id) ?? []).filter((one) => shows(visible, one)).length;
          if (things > 0 && isShownAct(visible, row)) acts.push(viewOf(row, things, ctx.now()));
        }
        if (rows.length <= limit) return { items: acts };
      }
    }),
    handle(undoHandOver, async (ctx, { id, reason }) => undo(ctx, id, reason)),
  ];

  /** What the giver owns and the caller sees, or the part of it that is asked for. */
  async function prepare(ctx: Ctx, o: { readonly from: string; readonly to: string; readonly refs: readonly string[] | undefined }) {
    await feed.fresh();
    const visible = await visibleTo(catalogue, ctx);
    const view = ownership(visible);
    if (o.from === o.to) {
      throw new InvalidError("Giver and receiver are the same.", {
        problems: [{ at: "to", reason: "is the same as from" }],
        mend: "Name another group or person.",
      });
    }
    requireReceiver(catalogue, visible, view, o.to);
    const id = estate.idOf(o.from);
    const isGone = id !== undefined && estate.at(id) === undefined;
    if (id === undefined || !visible.sees(id) || (isGone && !(await isKnownGone(ctx, o.from, visible)))) {
      throw new NotFoundError("entity", o.from, "List the teams to see who there is.");
    }
    const owned: string[] = [];
    estate.graph.forEach(id, "in", (other, type) => {
      const item = type === OWNS_TYPE && visible.sees(other) ? estate.at(other) : undefined;
      if (item) owned.push(item.ref);
    });
    owned.sort();
    if (o.refs === undefined) return { visible, owned };
    for (const ref of o.refs) requireShown(visible, ref);
    return { visible, owned: [...new Set(o.refs)].sort() };
  }

  /** Somebody who is gone is known as long as something names them. */
  async function isKnownGone(ctx: Ctx, ref: string, visible: Visibility): Promise<boolean> {
    if (standsOf(catalogue, visible, ref).length > 0) return true;
    return (await findLeavers(catalogue, ctx.sql, { view: ownership(visible), visible })).some((leaver) => leaver.ref === ref);
  }

  async function undo(given: Ctx, id: string, reason: string | undefined) {
    const ctx = reason === undefined ? given : { ...given, reason };
    await feed.fresh();
    const visible = await visibleTo(catalogue, ctx);
    const own = isAdministrator(ctx) ? undefined : await identitiesOf(ctx);
    await lockCatalog(ctx.sql);
    const { rows } = await ctx.sql.query<ActRow>(`select ${ACT_COLUMNS} from catalog.hand_over h where h.id = $1`, [id]);
    const [act] = rows;
    const all = act ? ((await readItems(ctx.sql, [id])).get(id) ?? []) : [];
    if (!act || !isShownAct(visible, act) || !all.some((ref) => shows(visible, ref))) {
      throw new NotFoundError("hand-over", id, "List the hand-overs to see their ids.");
    }
    if (own !== undefined && act.actor !== formatActor(ctx.actor) && !(act.from_ref !== null && own.has(act.from_ref))) {
      throw new ForbiddenError("Only who did it, who gave, and administrators may take a hand-over back.", { mend: "Ask one of them." });
    }
    if (act.undone_at) throw new ConflictError(`${act.undone_by} took it back already.`, { mend: "There is nothing to do." });
    if (undoableUntil(act).getTime() < ctx.now().getTime()) {
      throw new ConflictError(`It is older than ${UNDO_DAYS} days.`, { mend: "Hand the things over again, the other way round." });
    }
    const actor = formatActor(ctx.actor);
    const back = await putBack(ctx.sql, id);
    if (back.length === 0) {
      throw new ConflictError("All of it was changed again since.", { mend: "Take back first what was done later, or hand over anew." });
    }
    await ctx.sql.query("update catalog.hand_over set undone_at = $2, undone_by = $3, undone_reason = $4 where id = $1", [
      id,
      ctx.now(),
      actor,
      ctx.reason ?? null,
    ]);
    let number: number | undefined;
    const takeNumber = async (): Promise<number> => (number ??= await nextChange(ctx.sql));
    await remerge(ctx, back, { reason: `the hand-over to ${act.to_ref} was taken back`, kinds: catalogue.kinds, takeNumber });
    if (number !== undefined) feed.expect(number);
    const from = act.from_ref === null ? {} : { from: act.from_ref };
    ctx.emit(handOverUndone, act.to_ref, {
      id,
      to: act.to_ref,
      things: back.length,
      actor,
      ...from,
      ...(ctx.reason === undefined ? {} : { reason: ctx.reason }),
    });
    const notGiven = all
      .filter((ref) => !back.includes(ref) && shows(visible, ref))
      .map((ref) => ({
        ref,
        title: titleOf(estate, ref),
        why: "Its owner was changed again since.",
        mend: "Look at its history, and decide.",
      }));
    const said = `${countOf(back.length, "thing")} ${back.length === 1 ? "is" : "are"} as before.${notGiven.length === 0 ? "" : ` ${countOf(notGiven.length, "thing")} stayed: changed again since.`}`;
    return { id, takenBack: back.length, notGiven: notGiven.slice(0, MOST_NAMED), said };
  }

  async function identitiesOf(ctx: Ctx): Promise<ReadonlySet<string>> {
    return (await catalogue.viewers?.identitiesOf(ctx)) ?? new Set();
  }

  function ownersOf(ref: string): string[] {
    const id = estate.idOf(ref);
    const owners: string[] = [];
    if (id !== undefined) estate.graph.forEach(id, "out", (other, type) => type === OWNS_TYPE && owners.push(estate.refOf(other)));
    return owners;
  }

  function requireShown(visible: Visibility, ref: string): void {
    const id = estate.idOf(ref);
    if (id !== undefined && estate.at(id) && visible.sees(id)) return;
    throw new NotFoundError("entity", ref, "List the entities to see what there is.");
  }

  /** What is gone since is nobody's secret any more than its history; only what is there can be hidden. */
  function shows(visible: Visibility, ref: string): boolean {
    const id = estate.idOf(ref);
    return id === undefined || visible.sees(id);
  }

  function isShownAct(visible: Visibility, { from_ref, to_ref }: ActRow): boolean {
    return (from_ref === null || shows(visible, from_ref)) && shows(visible, to_ref);
  }
}

function undoableUntil({ at }: ActRow): Date {
  return new Date(at.getTime() + UNDO_DAYS * DAY);
}

function viewOf(row: ActRow, things: number, now: Date): HandOver {
  const until = undoableUntil(row);
  return {
    id: row.id,
    to: row.to_ref,
    things,
    at: row.at.toISOString(),
    actor: row.actor,
    ...(row.from_ref === null ? {} : { from: row.from_ref }),
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.undone_at
      ? {
          undone: {
            at: row.undone_at.toISOString(),
            actor: row.undone_by!,
            ...(row.undone_reason === null ? {} : { reason: row.undone_reason }),
          },
        }
      : until > now
        ? { undoableUntil: until.toISOString() }
        : {}),
  };
}
