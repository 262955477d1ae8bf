import type { Incident } from "@roadbed/contracts/telemetry";

/** A row of `telemetry.incident`. */
export interface IncidentRow extends Record<string, unknown> {
  readonly id: string;
  readonly title: string;
  readonly service: string;
  readonly entity_ref: string | null;
  readonly severity: Incident["severity"];
  readonly opened_at: Date;
  readonly closed_at: Date | null;
  readonly summary: string | null;
  readonly sample: boolean;
}

export const INCIDENT_COLUMNS = "id, title, service, entity_ref, severity, opened_at, closed_at, summary, sample";

export function toIncident(row: IncidentRow): Incident {
  return {
    id: row.id,
    title: row.title,
    service: row.service,
    ...(row.entity_ref === null ? {} : { entityRef: row.entity_ref }),
    severity: row.severity,
    state: row.closed_at === null ? "open" : "closed",
    openedAt: row.opened_at.toISOString(),
    ...(row.closed_at === null ? {} : { closedAt: row.closed_at.toISOString() }),
    ...(row.summary === null ? {} : { summary: row.summary }),
    sample: row.sample,
  };
}
