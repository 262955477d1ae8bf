import type { Notice } from "@roadbed/contracts/notify";
import type { Sql } from "@roadbed/core";

export interface NewNotice {
  readonly userId: string;
  readonly eventId: string;
  readonly at: Date;
  readonly weight: Notice["weight"];
  readonly ref: string;
  readonly title: string;
  readonly detail: string | undefined;
  readonly link: string;
  readonly because: Notice["because"];
}

/** A notice as it was stored. */
export interface Inserted {
  readonly id: string;
  readonly userId: string;
  readonly weight: Notice["weight"];
}

/** Answers those that were not there already. */
export async function insertNotices(sql: Sql, notices: readonly NewNotice[]): Promise<Inserted[]> {
  const { rows } = await sql.query<Record<string, unknown>>(
    `insert into notify.notice (user_id, event_id, at, weight, ref, title, detail, link, because)
     select n."userId", n."eventId", n.at, n.weight, n.ref, n.title, n.detail, n.link, n.because
     from json_to_recordset($1::json) as n("userId" text, "eventId" text, at timestamptz, weight text, ref text, title text, detail text, link text, because text)
     on conflict (user_id, event_id) do nothing returning id::text, user_id as "userId", weight`,
    [JSON.stringify(notices)],
  );
  return rows as unknown as Inserted[];
}

export interface NoticeRow {
  readonly id: string;
  readonly at: Date;
  readonly weight: Notice["weight"];
  readonly ref: string | null;
  readonly title: string;
  readonly detail: string | null;
  readonly link: string;
  readonly because: Notice["because"];
  readonly read_at: Date | null;
}

const NOTICE_COLUMNS = "id::text, at, weight, ref, title, detail, link, because, read_at";

/** Newest first. */
export async function listNotices(
  sql: Sql,
  o: { userId: string; unread: boolean; before: string | undefined; limit: number },
): Promise<NoticeRow[]> {
  const { rows } = await sql.query<Record<string, unknown>>(
    `select ${NOTICE_COLUMNS} from notify.notice
     where user_id = $1 and (not $2 or read_at is null) and ($3::bigint is null or notice.id < $3) order by notice.id desc limit $4`,
    [o.userId, o.unread, o.before ?? null, o.limit],
  );
  return rows as unknown as NoticeRow[];
}

export async function countUnread(sql: Sql, userId: string): Promise<number> {
  const { rows } = await sql.query<{ n: number }>("select count(*)::int as n from notify.notice where user_id = $1 and read_at is null", [
    userId,
  ]);
  return rows[0]?.n ?? 0;
}

/** As it is answered. */
export function noticeView({ id, at, weight, ref, title, detail, link, because, read_at }: NoticeRow): Notice {
  return {
    id,
    at: at.toISOString(),
    weight,
    title,
    link,
    because,
    read: read_at !== null,
    ...(ref === null ? {} : { ref }),
    ...(detail === null ? {} : { detail }),
  };
}

/** What is older and read is forgotten, and what is far older in any case. Answers how many. */
export async function forgetOldNotices(sql: Sql): Promise<number> {
  const { rowCount } = await sql.query(
    `delete from notify.notice where (read_at is not null and at < now() - interval '90 days') or at < now() - interval '365 days'`,
  );
  return rowCount;
}
