import type { ServiceRow } from "@roadbed/contracts/telemetry";

export interface HealthFacts {
  readonly requests: number;
  readonly errors: number;
  readonly openIncidents: number;
  /** Anything at all came from it in the window. */
  readonly seen: boolean;
}

export const FAILING_RATE = 0.05;
export const DEGRADED_RATE = 0.01;
/** Below this many requests an error rate says too little to call a service failing. */
export const ENOUGH_REQUESTS = 20;

/** How a service does, and why in one sentence. Nothing is called ok that nobody looked at. */
export function judgeHealth({ requests, errors, openIncidents, seen }: HealthFacts): Pick<ServiceRow, "health" | "why"> {
  const rate = requests === 0 ? 0 : errors / requests;
  const share = `${(rate * 100).toFixed(1)} % of ${requests} requests failed`;
  if (rate >= FAILING_RATE && requests >= ENOUGH_REQUESTS) {
    return { health: "failing", why: `${share}; ${FAILING_RATE * 100} % is the limit.` };
  }
  if (openIncidents > 0)
    return { health: "degraded", why: openIncidents === 1 ? "An incident is open." : `${openIncidents} incidents are open.` };
  if (rate >= DEGRADED_RATE) return { health: "degraded", why: `${share}; ${DEGRADED_RATE * 100} % is the limit.` };
  if (requests > 0) return { health: "ok", why: `${share}.` };
  return { health: "unknown", why: seen ? "It sends telemetry, but served no requests in this time." : "No telemetry in this time." };
}
