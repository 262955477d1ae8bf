import type { Announcement, Weight } from "@roadbed/contracts/notify";
import { NotFoundError, type Sql } from "@roadbed/core";

export interface AnnouncementRow {
  readonly id: string;
  readonly ref: string;
  readonly title: string;
  readonly body: string;
  readonly weight: Weight;
  readonly by: string;
  readonly at: Date;
  readonly withdrawn_at: Date | null;
  readonly dependants: readonly {
    readonly ref: string;
    readonly owner: string | null;
    readonly acknowledged_by: string | null;
    readonly acknowledged_at: string | null;
    readonly note: string | null;
  }[];
}

const SELECT = `select a.id, a.ref, a.title, a.body, a.weight, a.by, a.at, a.withdrawn_at,
  coalesce((select json_agg(d order by d.ref) from notify.dependant d where d.announcement_id = a.id), '[]') as dependants from notify.announcement a`;

/** Throws `NotFoundError`. */
export async function getAnnouncement(sql: Sql, id: string): Promise<AnnouncementRow> {
  const { rows } = await sql.query<Record<string, unknown>>(`${SELECT} where a.id = $1`, [id]);
  if (!rows[0]) throw new NotFoundError("announcement", id, "List the announcements to see their ids.");
  return rows[0] as unknown as AnnouncementRow;
}

/** Newest first. `owners`: only those that wait for one of these to acknowledge. */
export async function listAnnouncementRows(
  sql: Sql,
  o: {
    ref: string | undefined;
    owners: readonly string[] | undefined;
    before: readonly [at: string, id: string] | undefined;
    limit: number;
  },
): Promise<AnnouncementRow[]> {
  const { rows } = await sql.query<Record<string, unknown>>(
    `${SELECT} where ($1::text is null or a.ref = $1)
       and ($2::text[] is null or (a.withdrawn_at is null and exists (select 1 from notify.dependant d
         where d.announcement_id = a.id and d.acknowledged_at is null and d.owner = any($2))))
       and ($3::timestamptz is null or (a.at, a.id) < ($3, $4)) order by a.at desc, a.id desc limit $5`,
    [o.ref ?? null, o.owners ?? null, o.before?.[0] ?? null, o.before?.[1] ?? null, o.limit],
  );
  return rows as unknown as AnnouncementRow[];
}

/** As it is answered: with those dependants that the reader may see. */
export function announcementView(row: AnnouncementRow, sees: (ref: string) => boolean): Announcement {
  const dependants = row.dependants.filter(({ ref }) => sees(ref));
  return {
    id: row.id,
    ref: row.ref,
    title: row.title,
    body: row.body,
    weight: row.weight,
    by: row.by,
    at: row.at.toISOString(),
    ...(row.withdrawn_at === null ? {} : { withdrawnAt: row.withdrawn_at.toISOString() }),
    dependants: dependants.map(({ ref, owner, acknowledged_by, acknowledged_at, note }) => ({
      ref,
      ...(owner === null ? {} : { owner }),
      ...(acknowledged_by === null ? {} : { acknowledgedBy: acknowledged_by }),
      ...(acknowledged_at === null ? {} : { acknowledgedAt: new Date(acknowledged_at).toISOString() }),
      ...(note === null ? {} : { note }),
    })),
    acknowledged: dependants.filter(({ acknowledged_at }) => acknowledged_at !== null).length,
  };
}
