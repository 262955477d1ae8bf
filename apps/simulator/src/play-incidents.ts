import { setTimeout as pause } from "node:timers/promises";

import { closeIncident, listIncidents, openIncident } from "@roadbed/contracts/telemetry";
import type { Client } from "@roadbed/face-client";

import type { Estate } from "./flows.ts";
import { placeIncidents, type PlacedIncident } from "./load.ts";

const LOOK_EVERY_MS = 15_000;

/** Declares each incident when it begins and closes it when it ends; what is already declared is left as it is. */
export async function playIncidents(o: {
  client: Client;
  estate: Estate;
  origin: number;
  from: number;
  signal: AbortSignal;
}): Promise<void> {
  const declared = new Map<string, { id: string; open: boolean }>();
  const known = await o.client.call(listIncidents, { limit: 500 });
  for (const incident of known.items)
    declared.set(keyOf(incident.service, Date.parse(incident.openedAt)), { id: incident.id, open: incident.state === "open" });

  while (!o.signal.aborted) {
    const now = Date.now();
    for (const incident of placeIncidents(o.estate.incidents, o.origin, o.from, now)) await declare(o.client, declared, incident, now);
    await pause(LOOK_EVERY_MS, undefined, { signal: o.signal }).catch(() => {});
  }
}

async function declare(
  client: Client,
  declared: Map<string, { id: string; open: boolean }>,
  incident: PlacedIncident,
  now: number,
): Promise<void> {
  const key = keyOf(incident.service, incident.from);
  let entry = declared.get(key);
  if (!entry) {
    const { title, service, severity } = incident;
    const opened = await client.call(openIncident, {
      title,
      service,
      entityRef: `component:default/${service}`,
      severity,
      openedAt: new Date(incident.from).toISOString(),
      sample: true,
    });
    entry = { id: opened.id, open: true };
    declared.set(key, entry);
  }
  if (entry.open && incident.to <= now) {
    await client.call(closeIncident, { id: entry.id, summary: incident.summary, closedAt: new Date(incident.to).toISOString() });
    entry.open = false;
  }
}

/** Times are compared to the minute: the store may keep them with another precision. */
function keyOf(service: string, from: number): string {
  return `${service} ${Math.round(from / 60_000)}`;
}
