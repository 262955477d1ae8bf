import type { Incident, ServiceRow } from "@roadbed/contracts/telemetry";

import { formatCount } from "../../format/number.ts";

export interface Answer {
  readonly title: string;
  readonly sentence: string;
}

interface Known {
  readonly loading: boolean;
  /** True when the telemetry could not be read: then nobody may say that all is well. */
  readonly unreachable: boolean;
  readonly incidents: readonly Pick<Incident, "title">[];
  readonly sick: readonly Pick<ServiceRow, "service" | "health">[];
  readonly services: number;
  readonly components: number;
}

/** "Is everything all right?", in a title and a sentence. Unknown is never said to be well. */
export function answerOf(known: Known): Answer {
  const { loading, unreachable, incidents, sick, services, components } = known;
  if (loading) return { title: "Home", sentence: "Looking at the estate…" };
  if (unreachable)
    return { title: "We cannot tell whether all is well", sentence: "The telemetry store does not answer, so health is unknown for now." };
  const failing = sick.filter(({ health }) => health === "failing");
  const watching = `${formatCount(components, "component")}, ${formatCount(services, "service")} with telemetry in the last hour.`;
  if (incidents.length > 0) {
    const rest = sick.length > 0 ? ` ${formatCount(sick.length, "service is", "services are")} not well.` : "";
    return {
      title: incidents.length === 1 ? "One incident is open" : `${incidents.length} incidents are open`,
      sentence: `${incidents[0]?.title ?? ""}.${rest}`.replace("..", "."),
    };
  }
  if (failing.length > 0)
    return { title: `${names(failing)} ${failing.length === 1 ? "is" : "are"} failing`, sentence: `No incident is open. ${watching}` };
  if (sick.length > 0)
    return {
      title: `Mostly well: ${names(sick)} ${sick.length === 1 ? "is" : "are"} degraded`,
      sentence: `No incident is open. ${watching}`,
    };
  if (services === 0)
    return {
      title: "No service sends telemetry",
      sentence: `${formatCount(components, "component")} in the catalogue; their health is unknown.`,
    };
  return { title: "Everything is all right", sentence: watching };
}

function names(services: readonly Pick<ServiceRow, "service">[]): string {
  const [first, second] = services;
  if (services.length === 1) return first?.service ?? "";
  if (services.length === 2) return `${first?.service} and ${second?.service}`;
  return `${first?.service} and ${services.length - 1} more`;
}
