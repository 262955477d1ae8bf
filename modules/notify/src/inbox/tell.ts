import { noticeArrived, type Notice } from "@roadbed/contracts/notify";
import type { Ctx, DomainEvent, Subscription } from "@roadbed/core";

import type { NotifyDeps } from "../deps.ts";
import { queueSendings } from "../channel/sending-store.ts";
import { insertNotices, type NewNotice } from "./notice-store.ts";
import { EVENTS, isEnough, tidingsOf, type Tidings } from "./what-matters.ts";

/** Owners are told by themselves from this weight on; all else only to those who follow. */
const OWNERS_FROM = "important";

/** Hears what happens and puts it into the inboxes of those it matters to. Hearing it twice tells once. */
export function makeTell(deps: NotifyDeps): Subscription {
  return {
    name: "notify.tell",
    events: EVENTS,
    async receive(ctx, event) {
      const tidings = tidingsOf(event);
      if (!tidings) return;
      const audience = await audienceOf(deps, ctx, tidings, event);
      if (audience.size === 0) return;
      const title = `${await deps.things.titleOf(tidings.ref)} ${tidings.what}`;
      const { ref, weight, detail, link } = tidings;
      const notices = [...audience].map(([userId, because]): NewNotice => ({
        userId,
        eventId: event.id,
        at: event.time,
        weight,
        ref,
        title,
        detail,
        link,
        because,
      }));
      const inserted = await insertNotices(ctx.sql, notices);
      if (inserted.length === 0) return;
      await queueSendings(ctx.sql, inserted, ctx.now());
      ctx.emit(noticeArrived, "inbox", { users: inserted.map(({ userId }) => userId) });
    },
  };
}

/** Who is told, and why: the strongest reason counts once. Nobody is told of what they may not see, or of what they did themselves. */
async function audienceOf(
  { people, things }: NotifyDeps,
  ctx: Ctx,
  tidings: Tidings,
  event: DomainEvent,
): Promise<Map<string, Notice["because"]>> {
  const audience = new Map<string, Notice["because"]>();
  const { rows } = await ctx.sql.query<{ user_id: string; weight: Notice["weight"] }>(
    "select user_id, weight from notify.watch where ref = $1",
    [tidings.ref],
  );
  for (const { user_id, weight } of rows) if (isEnough(tidings.weight, weight)) audience.set(user_id, "follow");
  if (tidings.dependants.length > 0) {
    const owners = await ownersOf(things, ctx, tidings.dependants);
    for (const user of await people.accountsOf(ctx, owners)) audience.set(user, "depend");
  }
  for (const user of await people.accountsOf(ctx, tidings.asked ?? [])) audience.set(user, "asked");
  if (tidings.askedWith !== undefined) for (const user of await people.accountsWith(ctx, tidings.askedWith)) audience.set(user, "asked");
  for (const user of tidings.askers ?? []) audience.set(user, "asker");
  if (!tidings.ownWords && isEnough(tidings.weight, OWNERS_FROM)) {
    for (const user of await people.accountsOf(ctx, await things.ownersOf(ctx, tidings.ref))) audience.set(user, "own");
  }
  for (const user of audience.keys()) {
    const own = event.actor === `user:${user}` && tidings.toThemselves !== true;
    if (own || !(await things.seesAs(user, tidings.ref))) audience.delete(user);
  }
  return audience;
}

/** Groups and people own themselves; of all else the owners are asked for. */
async function ownersOf(things: NotifyDeps["things"], ctx: Ctx, refs: readonly string[]): Promise<string[]> {
  const owners = new Set<string>();
  for (const ref of refs) for (const owner of await things.ownersOf(ctx, ref)) owners.add(owner);
  return [...owners];
}
