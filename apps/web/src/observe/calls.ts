import type { OutputOf } from "@roadbed/core";
import type { listServiceEdges } from "@roadbed/contracts/telemetry";

export type Edge = OutputOf<typeof listServiceEdges>["items"][number];

/** A neighbour of a service, with what passed between the two. */
export interface Neighbour extends Omit<Edge, "from" | "to"> {
  readonly service: string;
}

/** Who calls a service and whom it calls; the busiest first. */
export function neighboursOf(
  service: string,
  edges: readonly Edge[],
): { readonly callers: readonly Neighbour[]; readonly callees: readonly Neighbour[] } {
  const busiest = (a: Neighbour, b: Neighbour): number => b.requests - a.requests || a.service.localeCompare(b.service, "en");
  return {
    callers: edges
      .filter(({ from, to }) => to === service && from !== service)
      .map((edge) => toNeighbour(edge.from, edge))
      .sort(busiest),
    callees: edges
      .filter(({ from, to }) => from === service && to !== service)
      .map((edge) => toNeighbour(edge.to, edge))
      .sort(busiest),
  };
}

/** Share of calls that failed, between 0 and 1; undefined where there were none. */
export function errorRateOf({ requests, errors }: Pick<Edge, "requests" | "errors">): number | undefined {
  return requests === 0 ? undefined : errors / requests;
}

function toNeighbour(service: string, { requests, errors, p95Ms }: Edge): Neighbour {
  return { service, requests, errors, ...(p95Ms !== undefined && { p95Ms }) };
}
