import type { UseQueryResult } from "@tanstack/react-query";
import { useState } from "react";

import type { OutputOf } from "@roadbed/core";
import { getEntity, serviceNameOf, type Entity, type EntityView } from "@roadbed/contracts/catalog";
import {
  listDeployments,
  listRepositories,
  listWorkloads,
  type Deployment,
  type Repository,
  type Workload,
} from "@roadbed/contracts/delivery";
import { getService, listIncidents, type Incident } from "@roadbed/contracts/telemetry";
import { listSlos, type Slo } from "@roadbed/contracts/telemetry/slos";
import { LIVE_MS, useOperation } from "../../api/use-operation.ts";
import { windowOf } from "../../url-state.ts";

/** What the platform knows of an entity: its descriptor, what runs, what was deployed, what it sends. */
export interface KnownEntity {
  readonly ref: string;
  /** The moment of the past that is shown; undefined for now. */
  readonly asOf: string | undefined;
  /** In lower case. */
  readonly kind: string;
  readonly name: string;
  readonly view: EntityView;
  readonly entity: Entity;
  readonly owner: string | undefined;
  /** The name under which its telemetry arrives. */
  readonly service: string;
  readonly workloads: readonly Workload[];
  readonly deployments: readonly Deployment[];
  readonly repository: Repository | undefined;
  /** Of the last hour, live. */
  readonly signals: UseQueryResult<ServiceAnswer>;
  /** True when it sent telemetry in the last three days. */
  readonly observed: boolean;
  readonly incidents: readonly Incident[];
  /** What it promises, the one with the least left first. */
  readonly slos: readonly Slo[];
}
type ServiceAnswer = OutputOf<typeof getService>;

export function useEntity(
  ref: string,
  asOf: string | undefined,
): { readonly query: UseQueryResult<EntityView>; readonly known: KnownEntity | undefined } {
  const query = useOperation(getEntity, { ref, ...(asOf === undefined ? { trust: true } : { asOf }) });
  const view = query.data;
  // What runs and what it sends is asked of now only.
  const component = view?.entity.kind.toLowerCase() === "component" && asOf === undefined;
  const service = view === undefined ? "" : serviceNameOf(view.entity);
  const workloads = useOperation(listWorkloads, { entityRef: ref }, { enabled: component });
  const deployments = useOperation(listDeployments, { entityRef: ref, limit: 30 }, { enabled: component });
  const repositories = useOperation(listRepositories, { limit: 500 }, { enabled: component, staleTime: 60_000 });
  const incidents = useOperation(listIncidents, { service, limit: 50 }, { enabled: component });
  const slos = useOperation(listSlos, { entityRef: ref, limit: 20 }, { enabled: component, every: 60_000 });
  const signals = useOperation(getService, { service }, { enabled: component, every: LIVE_MS, keep: true });
  const recent = useOperation(getService, { service, ...useLastDays() }, { enabled: component, staleTime: 5 * 60_000 });
  if (view === undefined) return { query, known: undefined };
  return {
    query,
    known: {
      ref: view.ref,
      asOf,
      kind: view.entity.kind.toLowerCase(),
      name: view.entity.metadata.name,
      view,
      entity: view.entity,
      owner: view.neighbours.find(({ type }) => type === "ownedBy")?.ref,
      service,
      workloads: workloads.data?.items ?? [],
      deployments: deployments.data?.items ?? [],
      repository: repositories.data?.items.find(({ entityRef }) => entityRef === view.ref),
      signals,
      observed: (signals.data?.series.length ?? 0) > 0 || (recent.data?.series.length ?? 0) > 0,
      incidents: incidents.data?.items ?? [],
      slos: slos.data?.items ?? [],
    },
  };
}

/** A window that does not move while one looks, so that it is read once. */
function useLastDays(): { readonly from: string; readonly to: string } {
  const [now] = useState(() => Math.ceil(Date.now() / 3_600_000) * 3_600_000);
  const { from, to } = windowOf("3d", now);
  return { from, to };
}
