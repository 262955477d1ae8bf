import type { Slo } from "@roadbed/contracts/telemetry/slos";

import { stateOf } from "./figures.ts";
import { objectiveOf, type SloRow } from "./slo-store.ts";

/** A row as contracts spell it, with the figures that were counted last or with others. */
export function toSlo(row: SloRow, owner: string | undefined, figures: Slo["figures"] = row.figures ?? undefined): Slo {
  const firing = row.alert.firing.map(({ rule }) => rule);
  return {
    name: row.name,
    title: row.title,
    ...(row.description === null ? {} : { description: row.description }),
    service: row.service,
    entityRef: row.entity_ref,
    ...(owner === undefined ? {} : { owner }),
    ...(row.environment === null ? {} : { environment: row.environment }),
    indicator: row.indicator,
    target: row.target,
    period: row.period,
    minimumEvents: row.minimum_events,
    ...stateOf(objectiveOf(row), figures, firing),
    ...(figures === undefined ? {} : { figures }),
    ...(row.alert.incident === undefined ? {} : { incidentId: row.alert.incident.id }),
    ...(row.repository === null ? {} : { definedIn: { repository: row.repository, path: row.path ?? "" } }),
    sample: row.sample,
    changedBy: row.changed_by,
    changedAt: row.changed_at.toISOString(),
  };
}
