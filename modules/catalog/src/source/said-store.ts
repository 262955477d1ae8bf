import type { Sql } from "@roadbed/core";

/** References of which a message came after this instant of our clock. */
export async function readSaidSince(sql: Sql, sourceId: string, startedAt: Date): Promise<ReadonlySet<string>> {
  const { rows } = await sql.query<{ ref: string }>("select ref from catalog.source_said where source_id = $1 and received_at > $2", [
    sourceId,
    startedAt,
  ]);
  return new Set(rows.map(({ ref }) => ref));
}

/** Notes what a message is about; answers those of which something newer is known already. */
export async function noteSaid(
  sql: Sql,
  sourceId: string,
  refs: readonly string[],
  at: Date,
  receivedAt: Date,
): Promise<ReadonlySet<string>> {
  if (refs.length === 0) return new Set();
  const { rows } = await sql.query<{ ref: string }>(
    `insert into catalog.source_said as said (source_id, ref, at, received_at) select $1, w.ref, $3, $4 from unnest($2::text[]) as w(ref)
     on conflict (source_id, ref) do update set at = excluded.at, received_at = excluded.received_at where said.at <= excluded.at
     returning ref`,
    [sourceId, [...new Set(refs)], at, receivedAt],
  );
  const taken = new Set(rows.map(({ ref }) => ref));
  return new Set(refs.filter((ref) => !taken.has(ref)));
}

/** True the first time that a delivery is seen. */
export async function noteDelivery(sql: Sql, sourceId: string, deliveryId: string, at: Date): Promise<boolean> {
  const { rowCount } = await sql.query(
    "insert into catalog.source_delivery (source_id, delivery_id, at) values ($1, $2, $3) on conflict do nothing",
    [sourceId, deliveryId.slice(0, 500), at],
  );
  if (rowCount > 0) {
    await sql.query("delete from catalog.source_delivery where source_id = $1 and at < $2::timestamptz - interval '30 days'", [
      sourceId,
      at,
    ]);
  }
  return rowCount > 0;
}
