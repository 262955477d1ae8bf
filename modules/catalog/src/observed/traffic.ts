import type { Traffic } from "@roadbed/contracts/catalog/graph";

import type { ObservedEdge } from "./observed.ts";

const DAY_MINUTES = 24 * 60;

/** The figures of observed relations as they are answered. Several between the same ends are added up; the slowest quantile stands. */
export function trafficOf(edges: readonly ObservedEdge[], now: Date): Traffic | undefined {
  const [newest] = [...edges].sort((a, b) => b.lastSeen.getTime() - a.lastSeen.getTime());
  if (!newest) return undefined;
  const calls = edges.reduce((sum, edge) => sum + edge.calls, 0);
  const errors = edges.reduce((sum, edge) => sum + edge.errors, 0);
  const firstSeen = new Date(Math.min(...edges.map((edge) => edge.firstSeen.getTime())));
  // What has been seen for an hour only is not spread over a day.
  const minutes = Math.min(DAY_MINUTES, Math.max(1, (now.getTime() - firstSeen.getTime()) / 60_000));
  const slowest = Math.max(...edges.map(({ p95Ms }) => p95Ms ?? -1));
  return {
    calls,
    errors,
    ...(calls === 0 ? {} : { errorShare: errors / calls }),
    perMinute: calls / minutes,
    ...(slowest < 0 ? {} : { p95Ms: slowest }),
    firstSeen: firstSeen.toISOString(),
    lastSeen: newest.lastSeen.toISOString(),
    traceId: newest.traceId,
  };
}
