import { facetEntities, getSample, listEntities, listSources, type EntityRow, type Source } from "@roadbed/contracts/catalog";
import { listDeployments, type Deployment } from "@roadbed/contracts/delivery";
import { listRuns, type Run } from "@roadbed/contracts/paths";
import { listIncidents, listServices, type Incident, type ServiceRow } from "@roadbed/contracts/telemetry";
import { useOperation } from "../../api/use-operation.ts";
import { answerOf, type Answer } from "./answer.ts";

const SERVICES_EVERY_MS = 15_000;

/** Everything the home page asks, once; its parts share the answers. */
export interface Estate {
  readonly loading: boolean;
  readonly empty: boolean;
  readonly answer: Answer;
  readonly incidents: readonly Incident[];
  readonly sick: readonly ServiceRow[];
  /** How many sent telemetry in the last hour; undefined while that is not known. */
  readonly services: number | undefined;
  readonly failedRuns: readonly Run[];
  readonly badSources: readonly Source[];
  readonly unowned: readonly EntityRow[];
  readonly runs: readonly Run[];
  readonly deployments: readonly Deployment[];
}

/** Things that should have an owner and name none. */
const UNOWNED =
  '(entity.kind == "Component" || entity.kind == "API" || entity.kind == "Resource" || entity.kind == "System") && !has(entity.spec.owner)';

export function useEstate(): Estate {
  const incidents = useOperation(listIncidents, { state: "open", limit: 20 });
  const services = useOperation(listServices, { limit: 500 }, { every: SERVICES_EVERY_MS });
  const runs = useOperation(listRuns, { limit: 20 });
  const deployments = useOperation(listDeployments, { limit: 20 });
  const sources = useOperation(listSources, { limit: 100 });
  const kinds = useOperation(facetEntities, { facets: ["kind"] });
  const sample = useOperation(getSample, {});
  const unowned = useOperation(listEntities, { filter: UNOWNED, limit: 20 });

  const sick = (services.data?.items ?? []).filter(({ health }) => health === "failing" || health === "degraded").sort(byHealth);
  const counted = Object.fromEntries((kinds.data?.facets["kind"] ?? []).map(({ value, count }) => [value.toLowerCase(), count]));
  const total = Object.values(counted).reduce((sum, count) => sum + count, 0);
  const own = total - (counted["template"] ?? 0) - (counted["location"] ?? 0);
  const loading = incidents.isPending || services.isPending || kinds.isPending;
  return {
    loading,
    empty: kinds.data !== undefined && own === 0 && sample.data?.loaded === false && (runs.data?.items.length ?? 0) === 0,
    answer: answerOf({
      loading,
      unreachable: services.isError,
      incidents: incidents.data?.items ?? [],
      sick,
      services: services.data?.items.length ?? 0,
      components: counted["component"] ?? 0,
    }),
    incidents: incidents.data?.items ?? [],
    sick,
    services: services.data?.items.length,
    failedRuns: latestFailures(runs.data?.items ?? []),
    badSources: (sources.data?.items ?? []).filter(({ state, problems }) => state === "failed" || problems > 0),
    unowned: unowned.data?.items ?? [],
    runs: runs.data?.items ?? [],
    deployments: deployments.data?.items ?? [],
  };
}

const WEEK_MS = 7 * 86_400_000;

function latestFailures(runs: readonly Run[]): readonly Run[] {
  return runs.filter(({ status, createdAt }) => status === "failed" && Date.now() - Date.parse(createdAt) < WEEK_MS).slice(0, 5);
}

function byHealth(a: ServiceRow, b: ServiceRow): number {
  return Number(a.health === "degraded") - Number(b.health === "degraded") || b.requests - a.requests;
}
