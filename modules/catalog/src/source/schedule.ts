import type { Sql } from "@roadbed/core";

/** How long a run that was claimed may take before another process may think that it was lost. */
const LEASE_MINUTES = 20;

/**
 * Sources whose hour has come, each claimed for this process: their next hour is set at once, so that of several processes one reads
 * each. A process that dies in the middle loses only this turn.
 */
export async function claimDue(sql: Sql, now: Date): Promise<readonly string[]> {
  const { rows } = await sql.query<{ id: string }>(
    `update catalog.source set next_run_at = $1::timestamptz + make_interval(mins => least(coalesce(every_minutes, ${LEASE_MINUTES}), ${LEASE_MINUTES}))
     where id in (select id from catalog.source where next_run_at <= $1 and paused_at is null order by next_run_at limit 20 for update skip locked)
     returning id`,
    [now],
  );
  return rows.map(({ id }) => id);
}

/** Sets the next hour of a source whose look found nothing to write. */
export async function settleTurn(sql: Sql, sourceId: string, now: Date): Promise<void> {
  await sql.query(
    "update catalog.source set next_run_at = $2::timestamptz + make_interval(mins => every_minutes) where id = $1 and every_minutes is not null",
    [sourceId, now],
  );
}
