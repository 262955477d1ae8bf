import { incidentOpened, openIncident } from "@roadbed/contracts/telemetry";
import { handle, newId, type Handler } from "@roadbed/core";

import { INCIDENT_COLUMNS, toIncident, type IncidentRow } from "./incident.ts";

export function makeOpenIncident(): Handler {
  return handle(openIncident, async (ctx, input) => {
    const openedAt = input.openedAt === undefined ? ctx.now() : new Date(input.openedAt);
    const id = newId("inc", openedAt.getTime());
    const { rows } = await ctx.sql.query<IncidentRow>(
      `insert into telemetry.incident (id, title, service, entity_ref, severity, opened_at, sample)
       values ($1, $2, $3, $4, $5, $6, $7) returning ${INCIDENT_COLUMNS}`,
      [id, input.title, input.service, input.entityRef ?? null, input.severity, openedAt, input.sample],
    );
    ctx.emit(incidentOpened, id, { incidentId: id, service: input.service, severity: input.severity });
    return toIncident(rows[0] as IncidentRow);
  });
}
