import type { Sql } from "@roadbed/core";

import type { Inserted } from "../inbox/notice-store.ts";
import { isEnough } from "../inbox/what-matters.ts";
import type { ChannelRow } from "./channel-store.ts";
import type { Outgoing } from "./deliver.ts";

/** Queues new notices for the channels of those whose they are, in the transaction that makes the notices. */
export async function queueSendings(sql: Sql, notices: readonly Inserted[], now: Date): Promise<void> {
  const { rows } = await sql.query<{ id: string; user_id: string; weight: Inserted["weight"] }>(
    "select id, user_id, weight from notify.channel where enabled and user_id = any($1)",
    [notices.map(({ userId }) => userId)],
  );
  const wanted = notices.flatMap((notice) =>
    rows
      .filter((channel) => channel.user_id === notice.userId && isEnough(notice.weight, channel.weight))
      .map(({ id }) => ({ channel: id, notice: notice.id })),
  );
  if (wanted.length === 0) return;
  await sql.query(
    `insert into notify.sending (channel_id, notice_id, due_at) select w.channel, w.notice, $3
     from unnest($1::text[], $2::bigint[]) as w(channel, notice) on conflict do nothing`,
    [wanted.map(({ channel }) => channel), wanted.map(({ notice }) => notice), now],
  );
}

/** Something to be sent now. */
export interface Due {
  readonly channel: Pick<ChannelRow, "id" | "kind" | "sealed" | "target">;
  readonly notice: Outgoing;
  readonly attempts: number;
}

/** Takes one that is due; its row stays locked until the transaction ends, so no other process sends it. */
export async function takeDue(sql: Sql): Promise<Due | undefined> {
  const { rows } = await sql.query<Record<string, any>>(
    `select s.attempts, c.id, c.kind, c.sealed, c.target, n.id::text as notice_id, n.at, n.weight, n.title, n.detail, n.link, n.ref
     from notify.sending s join notify.channel c on c.id = s.channel_id join notify.notice n on n.id = s.notice_id
     where s.due_at <= now() and c.enabled order by s.due_at limit 1 for update of s skip locked`,
  );
  const [row] = rows;
  if (!row) return undefined;
  const { attempts, id, kind, sealed, target, notice_id, at, weight, title, detail, link, ref } = row;
  return { attempts, channel: { id, kind, sealed, target }, notice: { id: notice_id, at, weight, title, detail, link, ref } };
}

/** Minutes between the tries; after the last one it is given up. The notice itself stays in the inbox. */
const PAUSES = [1, 5, 30, 120, 720];

/** Notes how a sending went. */
export async function settle(sql: Sql, { channel, notice, attempts }: Due, fault: string | undefined): Promise<void> {
  const pause = fault === undefined ? undefined : PAUSES[attempts];
  if (pause === undefined) await sql.query("delete from notify.sending where channel_id = $1 and notice_id = $2", [channel.id, notice.id]);
  else {
    await sql.query(
      `update notify.sending set attempts = attempts + 1, due_at = now() + make_interval(mins => $3) where channel_id = $1 and notice_id = $2`,
      [channel.id, notice.id, pause],
    );
  }
  await sql.query(
    "update notify.channel set last_error = $2, last_sent_at = case when $2::text is null then now() else last_sent_at end where id = $1",
    [channel.id, fault ?? null],
  );
}
