import { chainDeployments } from "./chain.ts";
import { leadTimeOf, type LeadTime } from "./lead-time.ts";
import { linkIncident, type IncidentLink } from "./link-incident.ts";
import type { Change, Deployment, Incident, Records } from "./records.ts";

/** What of the rules decides about single facts. */
export interface FactRules {
  /** Whether an environment is production. */
  readonly isProduction: (environment: string) => boolean;
  /** Undefined: however long ago. */
  readonly incidentWindowMs: number | undefined;
}

/** Why a deployment needed somebody at once, and when all was well again; undefined while it is not. */
export interface Failure {
  readonly by: "incident" | "rollback" | "hotfix";
  readonly what: string;
  /** `unknown`: it was taken back while it was still coming, so that there is no time to count. */
  readonly recovered: number | "unknown" | undefined;
}

export interface DeploymentFact {
  readonly deployment: Deployment;
  readonly failure: Failure | undefined;
}

export interface IncidentFact {
  readonly incident: Incident;
  readonly link: IncidentLink<Deployment> | undefined;
}

export interface ChangeFact {
  readonly change: Change;
  readonly lead: LeadTime<Deployment>;
}

export interface Facts {
  /** To production, those that never answered anybody among them. */
  readonly deployments: readonly DeploymentFact[];
  readonly changes: readonly ChangeFact[];
  readonly incidents: readonly IncidentFact[];
}

/** What happened, read from what was told: each deployment with what it caused, each change with how it came out, each incident with its cause. */
export function factsOf(records: Records, rules: FactRules): Facts {
  const production = records.deployments.filter(({ environment }) => rules.isProduction(environment));
  const chain = chainDeployments(production, ({ entityRef, environment }) => `${entityRef} ${environment}`);
  const byComponent = Map.groupBy(
    production.toSorted((a, b) => a.finishedAt - b.finishedAt),
    ({ entityRef }) => entityRef,
  );
  const incidents = records.incidents.map((incident) => ({
    incident,
    link:
      incident.entityRef === undefined
        ? undefined
        : linkIncident(incident, byComponent.get(incident.entityRef) ?? [], rules.incidentWindowMs),
  }));
  const caused = Map.groupBy(
    incidents.filter(({ incident, link }) => link !== undefined && incident.userFacing),
    ({ link }) => link!.deployment.id,
  );
  return {
    incidents,
    deployments: production.map((deployment) => ({
      deployment,
      failure: failureOf(
        deployment,
        chain.get(deployment.id)?.next,
        (caused.get(deployment.id) ?? []).map(({ incident }) => incident),
        rules.incidentWindowMs,
      ),
    })),
    changes: records.changes.map((change) => ({
      change,
      lead: leadTimeOf(change, byComponent.get(change.entityRef) ?? [], ({ id }) => chain.get(id)?.previous !== undefined),
    })),
  };
}

/** A deployment failed if an incident is put down to it, if it was taken back, or if the next one mends it in a hurry. */
function failureOf(
  deployment: Deployment,
  next: Deployment | undefined,
  incidents: readonly Incident[],
  windowMs: number | undefined,
): Failure | undefined {
  if (deployment.result === "failure") return undefined;
  if (incidents.length > 0) {
    const open = incidents.some(({ resolvedAt }) => resolvedAt === undefined);
    const what = incidents.length === 1 ? `incident ${incidents[0]!.key}` : `${incidents.length} incidents`;
    return { by: "incident", what, recovered: open ? undefined : Math.max(...incidents.map(({ resolvedAt }) => resolvedAt!)) };
  }
  if (deployment.result === "rolled-back") return { by: "rollback", what: "it was taken back while it was coming", recovered: "unknown" };
  if (next === undefined) return undefined;
  if (next.rollback === true) return { by: "rollback", what: `taken back by ${next.key}`, recovered: next.finishedAt };
  const inTime = windowMs === undefined || next.finishedAt - deployment.finishedAt <= windowMs;
  return next.rework === true && inTime ? { by: "hotfix", what: `mended by ${next.key}`, recovered: next.finishedAt } : undefined;
}
