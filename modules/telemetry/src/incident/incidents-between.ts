import type { Incident } from "@roadbed/contracts/telemetry";
import type { Sql } from "@roadbed/core";

import { INCIDENT_COLUMNS, toIncident, type IncidentRow } from "./incident.ts";

/** Incidents that were open at some instant of `[from, until)`, the latest first, without those of hidden entities. */
export async function incidentsBetween(
  sql: Sql,
  o: {
    readonly from: Date;
    readonly until: Date;
    readonly entityRef: string | undefined;
    readonly hidden: readonly string[];
    readonly limit: number;
  },
): Promise<readonly Incident[]> {
  const { rows } = await sql.query<IncidentRow>(
    `select ${INCIDENT_COLUMNS} from telemetry.incident
     where opened_at < $2 and (closed_at is null or closed_at >= $1) and ($3::text is null or entity_ref = $3)
       and (entity_ref is null or entity_ref <> all($4::text[]))
     order by opened_at desc, id desc limit $5`,
    [o.from, o.until, o.entityRef ?? null, o.hidden, o.limit],
  );
  return rows.map(toIncident);
}
