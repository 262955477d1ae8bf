import type { DriftDifference } from "@roadbed/contracts/delivery/drift";
import type { DriftPolicy } from "@roadbed/contracts/delivery/environments";
import type { KubernetesPlace } from "@roadbed/contracts/delivery/kubernetes-place";
import type { Sql } from "@roadbed/core";

import { workloadNameOf } from "../component.ts";
import { targetOf } from "../gitops/gitops-repository.ts";
import { render, renderedObjects } from "../gitops/render.ts";
import type { KubeObject } from "../kubernetes/cluster/sorts.ts";
import { findReleases, type ReleaseRow } from "../release/release-store.ts";
import { MANIFEST_FILE, parseManifest, type Manifest } from "../workload/manifest.ts";
import { acceptedIn, type AcceptedRow } from "./accepted-store.ts";
import { differencesInCluster } from "./cluster-differences.ts";
import { differencesOf, withAccepted, type Accepted, type Actual, type Wanted } from "./differences.ts";

/** What a runtime can tell beyond what is written down of a workload. */
export interface Seen {
  /** What it keeps running; undefined where this server does not know. */
  readonly running?: { readonly commit: string; readonly manifest: Manifest } | undefined;
  readonly stale: readonly string[];
}

/** Asked of each place: the local runtime answers for its processes, another one for its objects. */
export type Look = (place: { readonly entityRef: string; readonly environment: string; readonly name: string }) => Promise<Seen>;

/** What a cluster has of a workload's own object; undefined while nobody can say it. */
export type ClusterLook = (place: {
  readonly entityRef: string;
  readonly environment: string;
  readonly name: string;
}) => Promise<{ readonly main: KubeObject | undefined; readonly revision: string | undefined } | undefined>;

export interface Looks {
  readonly local: Look;
  readonly cluster: ClusterLook;
  readonly publicUrl: string;
  /** Whether a revision of the GitOps repository holds a commit. */
  readonly holds: (revision: string, commit: string) => Promise<boolean>;
}

/** So long an engine may take until it has seen a commit: what it has not seen it cannot have applied. */
const ENGINE_LOOKS_MS = 10 * 60_000;

export interface Place {
  /** What Git says of it stands in a cluster. */
  readonly inCluster: boolean;
  readonly entityRef: string;
  readonly environment: string;
  readonly policy: DriftPolicy;
  readonly releaseId: string;
  readonly repository: string;
  readonly wanted: Wanted;
  readonly actual: Actual | undefined;
  readonly accepted: Accepted;
  readonly differences: readonly DriftDifference[];
}

interface Row extends Record<string, unknown> {
  readonly entity_ref: string;
  readonly environment: string;
  readonly policy: DriftPolicy;
  readonly release_id: string;
  readonly repository: string;
  readonly commit: string;
  readonly text: string;
  readonly changes: Accepted | null;
  readonly name: string | null;
  readonly runs_commit: string | null;
  readonly runs_manifest: Manifest | null;
  readonly desired: string | null;
  readonly runtime: "local" | "kubernetes";
  readonly kubernetes: KubernetesPlace | null;
  readonly git_commit: string;
  readonly written_ms: number;
}

const AT_ONCE = 5_000;
/**
 * Nothing is on its way there: what is being changed is no drift. Where releases begin, one is made of what was just deployed well and written to
 * Git a moment later.
 */
const QUIET = `not exists (select 1 from delivery.promotion p where p.entity_ref = d.entity_ref and p.environment = d.environment
    and p.state in ('writing', 'deploying', 'held'))
  and not exists (select 1 from delivery.deployment t where t.entity_ref = d.entity_ref and t.environment = d.environment and t.ended_at is null)
  and not (e.runtime = 'local' and cardinality(e.upstream) = 0 and exists (select 1 from delivery.deployment t where t.entity_ref = d.entity_ref and t.environment = d.environment
    and t.ended_at > now() - interval '30 seconds'))`;

/** Everything that an environment is to run, beside what runs. Of one place where one is named. */
export async function comparePlaces(
  sql: Sql,
  looks: Looks,
  one?: { readonly entityRef: string; readonly environment: string },
): Promise<Place[]> {
  const { rows } = await sql.query<Row>(
    `select d.entity_ref, d.environment, e.drift as policy, d.release_id, r.repository, r.commit, r.config ->> '${MANIFEST_FILE}' as text,
       a.changes, w.name, w.commit as runs_commit, w.manifest as runs_manifest, w.desired, e.runtime, e.kubernetes,
       d.git_commit, coalesce(extract(epoch from now() - b.written_at) * 1000, 0)::float8 as written_ms
     from delivery.desired d join delivery.release r on r.id = d.release_id join delivery.environment e on e.name = d.environment and e.ended_at is null
     left join delivery.accepted a on a.entity_ref = d.entity_ref and a.environment = d.environment and a.release_id = d.release_id
     left join delivery.workload w on w.entity_ref = d.entity_ref and w.environment = d.environment
     left join delivery.gitops_branch b on b.branch = 'env/' || d.environment
     where r.commit is not null and r.repository is not null and r.config ? '${MANIFEST_FILE}'
       and ($1::text is null or (d.entity_ref, d.environment) = ($1, $2)) and ${QUIET}
     order by d.environment, d.entity_ref limit ${AT_ONCE}`,
    [one?.entityRef ?? null, one?.environment ?? null],
  );
  const inCluster = rows.filter(({ runtime }) => runtime === "kubernetes");
  const releases = await findReleases(
    sql,
    inCluster.map(({ release_id }) => release_id),
  );
  const accepted = new Map<string, ReadonlyMap<string, AcceptedRow>>();
  for (const [environment, some] of Map.groupBy(inCluster, (row) => row.environment)) {
    const refs = some.map(({ entity_ref }) => entity_ref);
    accepted.set(environment, await acceptedIn(sql, environment, refs));
  }
  const places = await Promise.all([
    ...rows.filter(({ runtime }) => runtime === "local").map((row) => placeOf(row, looks.local)),
    ...inCluster.map((row) =>
      placeInCluster(row, releases.get(row.release_id)!, accepted.get(row.environment)?.get(row.entity_ref), looks),
    ),
  ]);
  return places.filter((place) => place !== undefined);
}

/** Of a prompt, model or agent nothing runs in a cluster; of one that cannot be asked nothing can be said. */
async function placeInCluster(
  row: Row,
  release: ReleaseRow,
  accepted: AcceptedRow | undefined,
  { cluster, publicUrl, holds }: Looks,
): Promise<Place | undefined> {
  const { entity_ref: entityRef, environment, kubernetes } = row;
  const name = workloadNameOf(entityRef);
  const target = targetOf({ publicUrl }, { name: environment, kubernetes: kubernetes ?? undefined });
  const files = render(release, target, accepted?.release_id === release.id ? accepted : undefined);
  const main = renderedObjects(files).find(({ kind, metadata }) => MAINS.has(kind) && metadata.name === name);
  const there = main === undefined ? undefined : await cluster({ entityRef, environment, name });
  if (main === undefined || there === undefined) return undefined;
  const { revision } = there;
  if (revision !== undefined && row.written_ms < ENGINE_LOOKS_MS && !(await holds(revision, row.git_commit))) return undefined;
  const changes = row.changes ?? {};
  return {
    inCluster: true,
    entityRef,
    environment,
    policy: row.policy,
    releaseId: row.release_id,
    repository: row.repository,
    wanted: { commit: row.commit, manifest: withAccepted(parseManifest(row.text), changes), suspended: changes.suspended === true },
    actual: undefined,
    accepted: changes,
    differences: differencesInCluster(main, there.main),
  };
}

/** What a component is in a cluster; the rest of its objects only serves it. */
const MAINS: ReadonlySet<string> = new Set(["Deployment", "Rollout", "CronJob"]);

async function placeOf(row: Row, look: Look): Promise<Place> {
  const { entity_ref: entityRef, environment, name, changes } = row;
  const accepted = changes ?? {};
  const wanted = { commit: row.commit, manifest: withAccepted(parseManifest(row.text), accepted), suspended: accepted.suspended === true };
  const seen = name === null ? undefined : await look({ entityRef, environment, name });
  const actual = seen && actualOf(row, seen);
  return {
    inCluster: false,
    entityRef,
    environment,
    policy: row.policy,
    releaseId: row.release_id,
    repository: row.repository,
    wanted,
    actual,
    accepted,
    differences: differencesOf(wanted, actual),
  };
}

/** The process counts where it is known; else what was written down of it. */
function actualOf(row: Row, { running, stale }: Seen): Actual {
  const suspended = row.desired === "stopped";
  const written = { commit: row.runs_commit ?? undefined, manifest: row.runs_manifest ?? undefined };
  return { ...(suspended || running === undefined ? written : running), suspended, stale };
}
