import { listInbox, readInbox } from "@roadbed/contracts/notify";
import { encodeCursor, handle, readCursor, type Handler } from "@roadbed/core";
import { z } from "zod";

import { requireUser } from "../require-user.ts";
import { countUnread, listNotices, noticeView } from "./notice-store.ts";

export function makeInboxHandlers(): readonly Handler[] {
  return [
    handle(listInbox, async (ctx, { unread, limit, cursor }) => {
      const userId = requireUser(ctx);
      const before = readCursor(z.string().regex(/^\d{1,18}$/), cursor);
      const rows = await listNotices(ctx.sql, { userId, unread: unread === true, before, limit: limit + 1 });
      const page = rows.slice(0, limit);
      return {
        items: page.map(noticeView),
        unread: await countUnread(ctx.sql, userId),
        ...(rows.length > limit ? { nextCursor: encodeCursor(page.at(-1)!.id) } : {}),
      };
    }),
    handle(readInbox, async (ctx, { ids, read }) => {
      const { rowCount } = await ctx.sql.query(
        `update notify.notice set read_at = case when $3 then $4::timestamptz end
         where user_id = $1 and ($2::bigint[] is null or id = any($2)) and (read_at is null) = $3`,
        [requireUser(ctx), ids ?? null, read, ctx.now()],
      );
      return { changed: rowCount };
    }),
  ];
}
