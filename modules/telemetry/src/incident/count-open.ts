import type { Sql } from "@roadbed/core";

/** How many incidents are open per service. */
export async function countOpenIncidents(sql: Sql): Promise<Map<string, number>> {
  const { rows } = await sql.query<{ service: string; n: number }>(
    "select service, count(*)::int as n from telemetry.incident where closed_at is null group by service",
  );
  return new Map(rows.map(({ service, n }) => [service, n]));
}
