import {
  acknowledgeAnnouncement,
  announcementPublished,
  listAnnouncements,
  publishAnnouncement,
  withdrawAnnouncement,
  type Announcement,
} from "@roadbed/contracts/notify";
import {
  ConflictError,
  encodeCursor,
  ForbiddenError,
  formatActor,
  handle,
  newId,
  NotFoundError,
  readCursor,
  type Ctx,
  type Handler,
} from "@roadbed/core";
import { z } from "zod";

import type { NotifyDeps } from "../deps.ts";
import { announcementView, getAnnouncement, listAnnouncementRows, type AnnouncementRow } from "./announcement-store.ts";

export function makeAnnouncementHandlers(deps: NotifyDeps): readonly Handler[] {
  const { people, things } = deps;
  return [
    handle(publishAnnouncement, async (ctx, { ref, title, body, weight }) => {
      if (!(await things.sees(ctx, ref))) throw new NotFoundError("entity", ref, "List the entities to see what there is.");
      const dependants = await things.dependantsOf(ref);
      const id = newId("ann");
      await ctx.sql.query("insert into notify.announcement (id, ref, title, body, weight, by, at) values ($1, $2, $3, $4, $5, $6, $7)", [
        id,
        ref,
        title,
        body,
        weight,
        formatActor(ctx.actor),
        ctx.now(),
      ]);
      await ctx.sql.query(
        "insert into notify.dependant (announcement_id, ref, owner) select $1, d.ref, d.owner from unnest($2::text[], $3::text[]) as d(ref, owner)",
        [id, dependants.map((dependant) => dependant.ref), dependants.map(({ owner }) => owner ?? null)],
      );
      const owners = [...new Set(dependants.flatMap(({ owner }) => owner ?? []))];
      ctx.emit(announcementPublished, id, { id, ref, title, weight, owners });
      return shown(deps, ctx, await getAnnouncement(ctx.sql, id));
    }),
    handle(listAnnouncements, async (ctx, { ref, mine, limit, cursor }) => {
      const before = readCursor(z.tuple([z.iso.datetime(), z.string()]), cursor);
      const owners = mine === true ? [...(await people.identitiesOf(ctx))] : undefined;
      const rows = await listAnnouncementRows(ctx.sql, { ref, owners, before, limit: limit + 1 });
      const page = rows.slice(0, limit);
      const items: Announcement[] = [];
      for (const row of page) if (await things.sees(ctx, row.ref)) items.push(await shown(deps, ctx, row));
      const last = page.at(-1);
      return { items, ...(rows.length > limit && last ? { nextCursor: encodeCursor([last.at.toISOString(), last.id]) } : {}) };
    }),
    handle(acknowledgeAnnouncement, async (ctx, { id, dependant, note }) => {
      const row = await getSeen(deps, ctx, id);
      if (row.withdrawn_at !== null) throw new ConflictError("The announcement was withdrawn.", { mend: "Nothing has to be done." });
      const own = await people.identitiesOf(ctx);
      const theirs = row.dependants.filter(
        ({ ref, owner }) => (dependant === undefined || ref === dependant) && owner !== null && own.has(owner),
      );
      if (theirs.length === 0) {
        throw new ForbiddenError(
          dependant === undefined ? "None of your things depends on it." : `${dependant} is not yours, or does not depend on it.`,
          {
            mend: "Only the owners of a dependant acknowledge for it.",
          },
        );
      }
      await ctx.sql.query(
        `update notify.dependant set acknowledged_by = coalesce(acknowledged_by, $3), acknowledged_at = coalesce(acknowledged_at, $4), note = coalesce($5, note)
         where announcement_id = $1 and ref = any($2)`,
        [id, theirs.map(({ ref }) => ref), formatActor(ctx.actor), ctx.now(), note ?? null],
      );
      return shown(deps, ctx, await getAnnouncement(ctx.sql, id));
    }),
    handle(withdrawAnnouncement, async (ctx, { id }) => {
      const row = await getSeen(deps, ctx, id);
      const own = await people.identitiesOf(ctx);
      const owners = await things.ownersOf(ctx, row.ref);
      const may =
        row.by === formatActor(ctx.actor) ||
        owners.some((owner) => own.has(owner)) ||
        ctx.scopes.has("*") ||
        ctx.scopes.has("catalog:admin");
      if (!may) throw new ForbiddenError("Only its author and the owners may withdraw it.", { mend: "Ask one of them." });
      await ctx.sql.query("update notify.announcement set withdrawn_at = coalesce(withdrawn_at, $2) where id = $1", [id, ctx.now()]);
      return shown(deps, ctx, await getAnnouncement(ctx.sql, id));
    }),
  ];
}

async function getSeen({ things }: NotifyDeps, ctx: Ctx, id: string): Promise<AnnouncementRow> {
  const row = await getAnnouncement(ctx.sql, id);
  if (await things.sees(ctx, row.ref)) return row;
  throw new NotFoundError("announcement", id, "List the announcements to see their ids.");
}

async function shown({ things }: NotifyDeps, ctx: Ctx, row: AnnouncementRow): Promise<Announcement> {
  const seen = new Set<string>();
  for (const { ref } of row.dependants) if (await things.sees(ctx, ref)) seen.add(ref);
  return announcementView(row, (ref) => seen.has(ref));
}
