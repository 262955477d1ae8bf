import type { ServiceRow } from "@roadbed/contracts/telemetry";

import { judgeHealth } from "./health.ts";
import { figuresOf, requestRows, type RedRow } from "./red.ts";
import type { Window } from "./window.ts";

/** One row per service out of its red rows. `expected` names services that get a row though nothing came from them. */
export function serviceRows(
  rows: readonly RedRow[],
  incidents: ReadonlyMap<string, number>,
  window: Window,
  expected: readonly string[] = [],
): ServiceRow[] {
  const counted = new Map(requestRows(rows).map((row) => [row.service, row]));
  const seen = Map.groupBy(rows, ({ service }) => service);
  const names = [...new Set([...seen.keys(), ...expected])].sort();
  return names.map((service) => {
    const figures = figuresOf(counted.get(service), window);
    const all = seen.get(service) ?? [];
    const lastSeen = all
      .map(({ last }) => last)
      .sort()
      .at(-1);
    return {
      service,
      ...figures,
      ...judgeHealth({ ...figures, openIncidents: incidents.get(service) ?? 0, seen: all.length > 0 }),
      ...(lastSeen === undefined ? {} : { lastSeen }),
      sample: all.length > 0 && all.every(({ sample }) => sample),
    };
  });
}
