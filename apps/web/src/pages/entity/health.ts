import type { Workload } from "@roadbed/contracts/delivery";
import type { Incident, ServiceRow } from "@roadbed/contracts/telemetry";

interface Signs {
  readonly incidents: readonly Incident[];
  readonly workloads: readonly Workload[];
  readonly signals: { readonly data?: { readonly summary: ServiceRow } | undefined };
}

/** The entity's health in one word: an open incident speaks first, then what runs, then what it sends. */
export function healthOf({ incidents, workloads, signals }: Signs): {
  readonly word: string;
  readonly why: string;
} {
  const open = incidents.find(({ state }) => state === "open");
  if (open !== undefined) return { word: "incident", why: open.title };
  const sick = workloads.find(({ health, desired }) => desired === "running" && health !== "healthy" && health !== "starting");
  if (sick !== undefined) return { word: sick.health, why: sick.detail ?? `It is ${sick.health} in ${sick.environment}.` };
  const summary = signals.data?.summary;
  if (summary !== undefined && summary.health !== "unknown") return { word: summary.health, why: summary.why };
  const running = workloads.find(({ health }) => health === "healthy");
  return running === undefined
    ? { word: "unknown", why: "It sent no telemetry in the last hour." }
    : { word: "healthy", why: `It runs in ${running.environment}.` };
}
