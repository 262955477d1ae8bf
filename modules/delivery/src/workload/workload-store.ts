import type { Workload } from "@roadbed/contracts/delivery";
import type { Row, Sql } from "@roadbed/core";

import type { RunningWorkload } from "../index.ts";
import type { Content } from "../configuration/content-of.ts";
import type { Observation, WorkloadKey } from "../runtime/local-runtime.ts";
import type { Manifest } from "./manifest.ts";

export interface WorkloadRecord {
  readonly key: WorkloadKey;
  readonly kind: Workload["kind"];
  readonly desired: Workload["desired"];
  readonly health: Workload["health"];
  readonly detail: string | undefined;
  /** What runs; absent until a deployment was healthy. */
  readonly commit: string | undefined;
  readonly deploymentId: string | undefined;
  readonly manifest: Manifest | undefined;
  readonly restarts: number;
  readonly pid: number | undefined;
  readonly startedAt: Date | undefined;
  readonly replicas: Workload["replicas"];
  /** Of what runs in a cluster: where it is reached, and what the cluster says. */
  readonly url: string | undefined;
  readonly cluster: Workload["cluster"];
}

/** Makes it known and wanted, before its first deployment as well as before each later one. */
export async function wantWorkload(sql: Sql, { entityRef, environment, name }: WorkloadKey, kind: Workload["kind"]): Promise<void> {
  await sql.query(
    `insert into delivery.workload (entity_ref, environment, name, kind, desired, health) values ($1, $2, $3, $4, 'running', 'starting')
     on conflict (entity_ref, environment) do update set desired = 'running'`,
    [entityRef, environment, name, kind],
  );
}

export async function setDeployed(
  sql: Sql,
  { entityRef, environment }: WorkloadKey,
  o: {
    readonly kind: Workload["kind"];
    readonly commit: string;
    readonly deploymentId: string;
    readonly manifest: Manifest;
    readonly served?: Content | undefined;
  },
): Promise<void> {
  await sql.query(
    "update delivery.workload set kind = $3, commit = $4, deployment_id = $5, manifest = $6, served = $7 where entity_ref = $1 and environment = $2",
    [
      entityRef,
      environment,
      o.kind,
      o.commit,
      o.deploymentId,
      JSON.stringify(o.manifest),
      o.served === undefined ? null : JSON.stringify(o.served),
    ],
  );
}

export async function setDesired(
  sql: Sql,
  entityRef: string,
  environment: string,
  desired: Workload["desired"],
): Promise<WorkloadRecord | undefined> {
  const { rows } = await sql.query("update delivery.workload set desired = $3 where entity_ref = $1 and environment = $2 returning *", [
    entityRef,
    environment,
    desired,
  ]);
  return rows[0] && toRecord(rows[0]);
}

/** Answers whether the health is another one than before. */
export async function setSeen(sql: Sql, { entityRef, environment }: WorkloadKey, seen: Observation): Promise<boolean> {
  const { rows } = await sql.query<{ before: string }>(
    `update delivery.workload w set health = $3, detail = $4, pid = $5, started_at = $6, restarts = $7, replicas = $8,
       url = coalesce($9, url), cluster = coalesce($10, cluster)
     from (select health as before from delivery.workload where entity_ref = $1 and environment = $2 for update) old
     where w.entity_ref = $1 and w.environment = $2 returning old.before`,
    [
      entityRef,
      environment,
      seen.health,
      seen.detail ?? null,
      seen.pid ?? null,
      seen.startedAt ?? null,
      seen.restarts,
      replicasIn(seen),
      seen.url ?? null,
      seen.cluster === undefined ? null : JSON.stringify(seen.cluster),
    ],
  );
  return rows[0] !== undefined && rows[0].before !== seen.health;
}

function replicasIn({ replicas = [] }: Observation): string | null {
  const told = replicas.map(({ name, release, health, detail, pid, startedAt, restarts }) => ({
    name,
    release,
    health,
    detail,
    pid,
    startedAt: startedAt?.toISOString(),
    restarts,
  }));
  return told.length === 0 ? null : JSON.stringify(told);
}

export async function findWorkload(sql: Sql, entityRef: string, environment: string): Promise<WorkloadRecord | undefined> {
  const { rows } = await sql.query("select * from delivery.workload where entity_ref = $1 and environment = $2", [entityRef, environment]);
  return rows[0] && toRecord(rows[0]);
}

export interface WorkloadFilter {
  readonly entityRef?: string | undefined;
  readonly environment?: string | undefined;
  /** Position of the last row of the page before. */
  readonly after?: readonly [entityRef: string, environment: string] | undefined;
  readonly limit: number;
}

export async function listWorkloadRecords(sql: Sql, { entityRef, environment, after, limit }: WorkloadFilter): Promise<WorkloadRecord[]> {
  const { rows } = await sql.query(
    `select * from delivery.workload
     where ($1::text is null or entity_ref = $1) and ($2::text is null or environment = $2) and (entity_ref, environment) > ($3, $4)
     order by entity_ref, environment limit $5`,
    [entityRef ?? null, environment ?? null, after?.[0] ?? "", after?.[1] ?? "", limit],
  );
  return rows.map(toRecord);
}

/** What runs of each of these entities. */
export async function listWorkloadsOf(sql: Sql, refs: readonly string[]): Promise<ReadonlyMap<string, readonly RunningWorkload[]>> {
  const { rows } = await sql.query<Row>("select * from delivery.workload where entity_ref = any($1) order by entity_ref, environment", [
    refs,
  ]);
  const running = rows.map(toRecord).map(({ key, kind, desired, health, commit = "" }) => ({
    ref: key.entityRef,
    workload: { environment: key.environment, kind, desired, health, commit },
  }));
  return new Map([...Map.groupBy(running, ({ ref }) => ref)].map(([ref, all]) => [ref, all.map(({ workload }) => workload)]));
}

/** What this machine runs: of clusters others take care. */
const LOCAL = "environment in (select name from delivery.environment where runtime = 'local')";

export async function listWanted(sql: Sql): Promise<WorkloadRecord[]> {
  const { rows } = await sql.query(
    `select * from delivery.workload where desired = 'running' and commit is not null and ${LOCAL} order by entity_ref`,
  );
  return rows.map(toRecord);
}

export async function listStopped(sql: Sql): Promise<WorkloadRecord[]> {
  const { rows } = await sql.query(`select * from delivery.workload where (desired = 'stopped' or commit is null) and ${LOCAL}`);
  return rows.map(toRecord);
}

export function toWorkload(record: WorkloadRecord, routerUrl: string): Workload {
  const { key, kind, desired, health, detail, commit, deploymentId, restarts, pid, startedAt, manifest, replicas, cluster } = record;
  const url = urlOf(record, routerUrl);
  return {
    entityRef: key.entityRef,
    environment: key.environment,
    kind,
    desired,
    health,
    ...(detail === undefined ? {} : { detail }),
    ...(commit === undefined ? {} : { commit }),
    ...(url === undefined ? {} : { url }),
    restarts,
    ...(pid === undefined ? {} : { pid }),
    ...(startedAt === undefined ? {} : { startedAt: startedAt.toISOString() }),
    ...(replicas === undefined ? {} : { replicas }),
    ...(deploymentId === undefined ? {} : { deploymentId }),
    ...(cluster === undefined ? {} : { cluster }),
    ...(manifest?.schedule === undefined ? {} : { schedule: manifest.schedule }),
  };
}

/** Where people reach it; a worker and a job are not reached. */
export function urlOf(
  { key, kind, cluster, url }: Pick<WorkloadRecord, "key" | "kind" | "cluster" | "url">,
  routerUrl: string,
): string | undefined {
  if (cluster !== undefined) return url;
  return kind === "worker" || kind === "job" ? undefined : `${routerUrl}/${key.environment}/${key.name}/`;
}

function toRecord(row: Row): WorkloadRecord {
  const optional = <T>(name: string): T | undefined => (row[name] as T | null) ?? undefined;
  return {
    key: { entityRef: row["entity_ref"] as string, environment: row["environment"] as string, name: row["name"] as string },
    kind: row["kind"] as WorkloadRecord["kind"],
    desired: row["desired"] as WorkloadRecord["desired"],
    health: row["health"] as WorkloadRecord["health"],
    detail: optional("detail"),
    commit: optional("commit"),
    deploymentId: optional("deployment_id"),
    manifest: optional("manifest"),
    restarts: row["restarts"] as number,
    pid: optional("pid"),
    startedAt: optional("started_at"),
    replicas: optional("replicas"),
    url: optional("url"),
    cluster: optional("cluster"),
  };
}
