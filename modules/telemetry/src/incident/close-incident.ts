import { closeIncident, incidentClosed } from "@roadbed/contracts/telemetry";
import { ConflictError, handle, InvalidError, NotFoundError, type Handler } from "@roadbed/core";

import { INCIDENT_COLUMNS, toIncident, type IncidentRow } from "./incident.ts";

export function makeCloseIncident(): Handler {
  return handle(closeIncident, async (ctx, { id, summary, closedAt }) => {
    const found = await ctx.sql.query<IncidentRow>(`select ${INCIDENT_COLUMNS} from telemetry.incident where id = $1 for update`, [id]);
    const [incident] = found.rows;
    if (incident === undefined) throw new NotFoundError("incident", id);
    if (incident.closed_at !== null) throw new ConflictError(`incident ${id} was closed at ${incident.closed_at.toISOString()}`);
    const at = closedAt === undefined ? ctx.now() : new Date(closedAt);
    if (at < incident.opened_at) {
      throw new InvalidError("closedAt: must not be before the incident was opened", {
        problems: [{ at: "closedAt", reason: "must not be before the incident was opened" }],
      });
    }
    const { rows } = await ctx.sql.query<IncidentRow>(
      `update telemetry.incident set closed_at = $2, summary = $3 where id = $1 returning ${INCIDENT_COLUMNS}`,
      [id, at, summary ?? null],
    );
    ctx.emit(incidentClosed, id, {
      incidentId: id,
      service: incident.service,
      closedAt: at.toISOString(),
      ...(incident.entity_ref === null ? {} : { entityRef: incident.entity_ref }),
    });
    return toIncident(rows[0] as IncidentRow);
  });
}
