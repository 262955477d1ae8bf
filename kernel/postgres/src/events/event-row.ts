import type { DomainEvent, Sql } from "@roadbed/core";

interface EventRow extends Record<string, unknown> {
  readonly seq: string;
  readonly id: string;
  readonly name: string;
  readonly subject: string;
  readonly time: Date;
  readonly actor: string;
  readonly payload: unknown;
}

/** Events after `after` and up to `upTo`, oldest first; of the given names, or of all. */
export async function readEvents(
  sql: Sql,
  o: { readonly after: bigint; readonly upTo?: bigint; readonly names?: readonly string[]; readonly limit: number },
): Promise<DomainEvent[]> {
  const { rows } = await sql.query<EventRow>(
    `select seq, id, name, subject, time, actor, payload from kernel.event
     where seq > $1 and ($2::bigint is null or seq <= $2) and ($3::text[] is null or name = any($3))
     order by seq limit $4`,
    [o.after.toString(), o.upTo?.toString() ?? null, o.names ?? null, o.limit],
  );
  return rows.map((row) => ({ ...row, seq: BigInt(row.seq) }));
}

/** The seq of the newest committed event. */
export async function readHead(sql: Sql): Promise<bigint> {
  const { rows } = await sql.query<{ event_seq: string }>("select event_seq from kernel.head");
  return BigInt(rows[0]?.event_seq ?? 0);
}
