import { incidentClosed, incidentOpened, type Incident } from "@roadbed/contracts/telemetry";
import { newId, type Ctx } from "@roadbed/core";

import { INCIDENT_COLUMNS, toIncident, type IncidentRow } from "./incident.ts";

export interface NewIncident {
  readonly title: string;
  readonly service: string;
  readonly entityRef?: string | undefined;
  readonly severity: Incident["severity"];
  readonly openedAt: Date;
  readonly sample: boolean;
  /** Who is to be told beside those who own it or follow it: references. */
  readonly onCall?: readonly string[];
  /** Where to look, as a path of the web app. */
  readonly link?: string;
}

/** Opens an incident, whoever found it: a person or an alert. In the caller's transaction. */
export async function declareIncident(ctx: Ctx, incident: NewIncident): Promise<Incident> {
  const id = newId("inc", incident.openedAt.getTime());
  const { title, service, entityRef, severity, openedAt, sample, onCall, link } = incident;
  const { rows } = await ctx.sql.query<IncidentRow>(
    `insert into telemetry.incident (id, title, service, entity_ref, severity, opened_at, sample)
     values ($1, $2, $3, $4, $5, $6, $7) returning ${INCIDENT_COLUMNS}`,
    [id, title, service, entityRef ?? null, severity, openedAt, sample],
  );
  ctx.emit(incidentOpened, id, {
    incidentId: id,
    service,
    severity,
    title,
    openedAt: openedAt.toISOString(),
    sample,
    ...(entityRef === undefined ? {} : { entityRef }),
    ...(onCall === undefined ? {} : { onCall: [...onCall] }),
    ...(link === undefined ? {} : { link }),
  });
  return toIncident(rows[0] as IncidentRow);
}

/** Ends an incident that is open; does nothing to one that somebody has closed before. */
export async function endIncident(ctx: Ctx, id: string, o: { readonly at: Date; readonly summary: string }): Promise<void> {
  const { rows } = await ctx.sql.query<IncidentRow>(
    `update telemetry.incident set closed_at = greatest($2, opened_at), summary = $3 where id = $1 and closed_at is null
     returning ${INCIDENT_COLUMNS}`,
    [id, o.at, o.summary],
  );
  const [incident] = rows;
  if (incident === undefined) return;
  ctx.emit(incidentClosed, id, {
    incidentId: id,
    service: incident.service,
    closedAt: toIncident(incident).closedAt!,
    ...(incident.entity_ref === null ? {} : { entityRef: incident.entity_ref }),
  });
}
