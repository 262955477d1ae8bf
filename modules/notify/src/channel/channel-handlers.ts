import { deleteChannel, listChannels, saveChannel, testChannel } from "@roadbed/contracts/notify";
import { handle, InvalidError, newId, NotFoundError, type Handler } from "@roadbed/core";
import { z } from "zod";

import type { NotifyDeps } from "../deps.ts";
import { requireUser } from "../require-user.ts";
import { CHANNEL_COLUMNS, channelView, getChannel, type ChannelKind, type ChannelRow } from "./channel-store.ts";
import { deliver } from "./deliver.ts";

export function makeChannelHandlers(deps: NotifyDeps): readonly Handler[] {
  return [
    handle(saveChannel, async (ctx, { id = newId("chan"), kind, target, secret, weight, enabled }) => {
      const userId = requireUser(ctx);
      const known = await ctx.sql.query<{ user_id: string }>("select user_id from notify.channel where id = $1", [id]);
      if (known.rows[0] && known.rows[0].user_id !== userId) throw new NotFoundError("channel", id, "List your channels to see their ids.");
      const shown = checkTarget(deps, kind, target.trim());
      const sealed = await deps.sealer.seal({ address: target.trim(), secret }, id);
      await ctx.sql.query(
        `insert into notify.channel (id, user_id, kind, target, sealed, weight, enabled, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (id) do update set kind = excluded.kind, target = excluded.target, sealed = excluded.sealed, weight = excluded.weight,
           enabled = excluded.enabled, last_error = null`,
        [id, userId, kind, shown, sealed, weight, enabled, ctx.now()],
      );
      return channelView(await getChannel(ctx.sql, userId, id));
    }),
    handle(listChannels, async (ctx) => {
      const { rows } = await ctx.sql.query<Record<string, unknown>>(
        `select ${CHANNEL_COLUMNS} from notify.channel c where user_id = $1 order by created_at, id`,
        [requireUser(ctx)],
      );
      return { items: (rows as unknown as ChannelRow[]).map(channelView), mail: deps.mailer !== undefined };
    }),
    handle(deleteChannel, async (ctx, { id }) => {
      const { rowCount } = await ctx.sql.query("delete from notify.channel where id = $1 and user_id = $2", [id, requireUser(ctx)]);
      if (rowCount === 0) throw new NotFoundError("channel", id, "List your channels to see their ids.");
      return { id };
    }),
    handle(testChannel, async (ctx, { id }) => {
      const channel = await getChannel(ctx.sql, requireUser(ctx), id);
      const notice = {
        id: "test",
        at: ctx.now(),
        weight: "info" as const,
        title: "Roadbed can reach you here",
        detail: "You asked for this test.",
        link: "/inbox",
      };
      const fault = await deliver(deps, channel, notice);
      return fault === undefined ? { ok: true, detail: `It was taken by ${channel.target}.` } : { ok: false, detail: fault };
    }),
  ];
}

/** What may be shown of where it goes. Throws `InvalidError` for an address that cannot be one. */
function checkTarget({ mailer }: NotifyDeps, kind: ChannelKind, target: string): string {
  if (kind === "email") {
    if (mailer === undefined)
      throw wrong("this server sends no mail", "Ask an administrator to set ROADBED_SMTP_URL, or choose a webhook.");
    if (!z.email().safeParse(target).success) throw wrong("is not an address of mail", "Write it like ada@example.com.");
    return target;
  }
  const url = URL.parse(target);
  if (url?.protocol !== "https:" && url?.protocol !== "http:") throw wrong("is not an address", "Write it whole: https://...");
  return url.host;
}

function wrong(reason: string, mend: string): InvalidError {
  return new InvalidError(`target: ${reason}`, { mend, problems: [{ at: "target", reason, mend }] });
}
