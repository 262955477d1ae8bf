import type { HappeningSort } from "@roadbed/contracts/catalog/time";
import { deploymentFinished, deploymentRequested, repositoryPushed, workloadChanged, workloadCommanded } from "@roadbed/contracts/delivery";
import { runFinished, runRequested } from "@roadbed/contracts/paths";
import { decisionMade } from "@roadbed/contracts/standards";
import { incidentClosed, incidentOpened } from "@roadbed/contracts/telemetry";
import type { DomainEvent, EventType } from "@roadbed/core";

/** What an event means to whoever asks what changed here. */
export interface Told {
  readonly sort: HappeningSort;
  readonly text: string;
  /** The entity it is about, or what leads to it. */
  readonly about?: { readonly ref: string } | { readonly service: string } | { readonly repository: string };
  readonly link?: string;
}

interface Teller {
  readonly type: EventType<any>;
  readonly tell: (payload: any) => Told;
}

function teller<P>(type: EventType<P>, tell: (payload: P) => Told): Teller {
  return { type, tell };
}

/** Of each event, in words. To hear of more, add a line; who did it and when stands beside it. */
const TELLERS: readonly Teller[] = [
  teller(deploymentRequested, ({ entityRef, environment }) => ({
    sort: "deployment",
    text: `A deployment to ${environment} was asked for`,
    about: { ref: entityRef },
    link: DEPLOYMENTS,
  })),
  teller(deploymentFinished, ({ entityRef, environment, status, commit }) => ({
    sort: "deployment",
    text: `The deployment of ${commit.slice(0, 8)} to ${environment} ended: ${status}`,
    about: { ref: entityRef },
    link: DEPLOYMENTS,
  })),
  teller(workloadChanged, ({ entityRef, environment, health }) => ({
    sort: "workload",
    text: `In ${environment} it became ${health}`,
    about: { ref: entityRef },
    link: "/delivery",
  })),
  teller(workloadCommanded, ({ entityRef, environment, command }) => ({
    sort: "workload",
    text: `A ${command} in ${environment} was asked for`,
    about: { ref: entityRef },
    link: "/delivery",
  })),
  teller(repositoryPushed, ({ repository, branch, message, after }) => ({
    sort: "push",
    text: `${after.slice(0, 8)} was pushed to ${repository} (${branch}): ${firstLine(message)}`,
    about: { repository },
  })),
  teller(runRequested, ({ runId, path }) => ({ sort: "run", text: `A run of ${path} was begun`, link: `/runs/${runId}` })),
  teller(runFinished, ({ runId, path, status, entityRef }) => ({
    sort: "run",
    text: `The run of ${path} ended: ${status}`,
    ...(entityRef === undefined ? {} : { about: { ref: entityRef } }),
    link: `/runs/${runId}`,
  })),
  teller(decisionMade, ({ decisionId, subject, verdict }) => ({
    sort: "policy",
    text: `Policies answered ${verdict} to ${subject}`,
    ...(ENTITY.test(subject) ? { about: { ref: subject } } : {}),
    link: `/standards/decisions/${decisionId}`,
  })),
  teller(incidentOpened, ({ service, severity }) => ({
    sort: "incident",
    text: `An incident (${severity}) of ${service} was declared`,
    about: { service },
    link: "/incidents",
  })),
  teller(incidentClosed, ({ service }) => ({
    sort: "incident",
    text: `The incident of ${service} ended`,
    about: { service },
    link: "/incidents",
  })),
];

const BY_NAME: ReadonlyMap<string, Teller> = new Map(TELLERS.map((one) => [one.type.name, one]));

/** Names of the events that are heard. */
export const HEARD: readonly string[] = [...BY_NAME.keys()];

/** Undefined for an event that means nothing here, or that is not as its contract says. */
export function tell(event: Pick<DomainEvent, "name" | "payload">): Told | undefined {
  const found = BY_NAME.get(event.name);
  const payload = found?.type.payload.safeParse(event.payload);
  return found && payload?.success ? found.tell(payload.data) : undefined;
}

const DEPLOYMENTS = "/delivery?tab=deployments";
const ENTITY = /^[a-z][a-z0-9]*:[a-z0-9-]+\/[^\s/:]+$/;

function firstLine(text: string): string {
  return (text.split("\n", 1)[0] ?? "").slice(0, 200);
}
