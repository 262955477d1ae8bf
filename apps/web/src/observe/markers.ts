import type { Deployment } from "@roadbed/contracts/delivery";
import type { Incident } from "@roadbed/contracts/telemetry";
import type { Marker } from "../charts/TimeSeries.tsx";

/** A deployment as a mark on a time chart. */
export function deploymentMarker({ commit, status, createdAt, environment }: Deployment): Marker {
  return { at: Date.parse(createdAt), kind: "deploy", label: `Deploy ${commit.slice(0, 7)} to ${environment}: ${status}` };
}

/** An incident as a band on a time chart; an open one lasts until `now`. */
export function incidentMarker({ title, openedAt, closedAt }: Incident, now: number): Marker {
  return { at: Date.parse(openedAt), until: closedAt === undefined ? now : Date.parse(closedAt), kind: "incident", label: title };
}
