import { deploymentFinished, type Deployment } from "@roadbed/contracts/delivery";
import type { Ctx, Row, Sql } from "@roadbed/core";

export type DeploymentStatus = Deployment["status"];

export async function insertDeployment(sql: Sql, d: Deployment): Promise<void> {
  await sql.query(
    `insert into delivery.deployment (id, entity_ref, environment, repository, commit, message, author, status, created_at, pipeline_run)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [d.id, d.entityRef, d.environment, d.repository, d.commit, d.message, d.author, d.status, d.createdAt, d.pipelineRun ?? null],
  );
}

export async function findDeployment(sql: Sql, id: string): Promise<Deployment | undefined> {
  const { rows } = await sql.query("select * from delivery.deployment where id = $1", [id]);
  return rows[0] && toDeployment(rows[0]);
}

export interface DeploymentFilter {
  readonly entityRef?: string | undefined;
  readonly environment?: string | undefined;
  readonly commit?: string | undefined;
  /** Only ids below it. */
  readonly before?: string | undefined;
  readonly limit: number;
}

/** Newest first: ids grow with time. */
export async function listDeploymentRecords(
  sql: Sql,
  { entityRef, environment, commit, before, limit }: DeploymentFilter,
): Promise<Deployment[]> {
  const { rows } = await sql.query(
    `select * from delivery.deployment
     where ($1::text is null or entity_ref = $1) and ($2::text is null or environment = $2)
       and ($3::text is null or commit = $3) and ($4::text is null or id < $4)
     order by id desc limit $5`,
    [entityRef ?? null, environment ?? null, commit ?? null, before ?? null, limit],
  );
  return rows.map(toDeployment);
}

/** What was under way at some instant of a time, the latest first. */
export async function listDeploymentsBetween(
  sql: Sql,
  o: {
    readonly from: Date;
    readonly until: Date;
    readonly entityRef?: string | undefined;
    readonly environment?: string | undefined;
    readonly hidden: readonly string[];
    readonly limit: number;
  },
): Promise<Deployment[]> {
  const { rows } = await sql.query(
    `select * from delivery.deployment
     where created_at < $2 and (created_at >= $1 or ended_at >= $1 or (ended_at is null and status not in ('failed', 'superseded')))
       and ($3::text is null or entity_ref = $3) and ($4::text is null or environment = $4) and entity_ref <> all($5::text[])
     order by created_at desc, id desc limit $6`,
    [o.from, o.until, o.entityRef ?? null, o.environment ?? null, o.hidden, o.limit],
  );
  return rows.map(toDeployment);
}

/** Moves it on only from one of the states given; undefined when it is in another. */
export async function advance(
  sql: Sql,
  id: string,
  from: readonly DeploymentStatus[],
  to: DeploymentStatus,
  o: { readonly error?: string; readonly endedAt?: Date } = {},
): Promise<Deployment | undefined> {
  const { rows } = await sql.query(
    "update delivery.deployment set status = $3, error = $4, ended_at = $5 where id = $1 and status = any($2) returning *",
    [id, from, to, o.error ?? null, o.endedAt ?? null],
  );
  return rows[0] && toDeployment(rows[0]);
}

/** The end of one that goes on; says so once. */
export async function finishDeployment(
  ctx: Ctx,
  deploymentId: string,
  status: "healthy" | "failed" | "rolled-back" | "superseded",
  error?: string,
): Promise<void> {
  const ended = await advance(ctx.sql, deploymentId, ["queued", "building", "starting", "rolling", "held"], status, {
    endedAt: ctx.now(),
    ...(error === undefined ? {} : { error }),
  });
  if (ended === undefined) return;
  const { entityRef, environment, commit } = ended;
  ctx.emit(deploymentFinished, entityRef, { deploymentId, entityRef, environment, status, commit });
}

/** Ends what a newer deployment makes needless. */
export async function supersede(sql: Sql, entityRef: string, environment: string, endedAt: Date): Promise<Deployment[]> {
  const { rows } = await sql.query(
    `update delivery.deployment set status = 'superseded', ended_at = $3
     where entity_ref = $1 and environment = $2 and status in ('queued', 'building') returning *`,
    [entityRef, environment, endedAt],
  );
  return rows.map(toDeployment);
}

function toDeployment(row: Row): Deployment {
  const [error, endedAt] = [row["error"] as string | null, row["ended_at"] as Date | null];
  const pipelineRun = row["pipeline_run"] as string | null;
  return {
    id: row["id"] as string,
    entityRef: row["entity_ref"] as string,
    environment: row["environment"] as string,
    repository: row["repository"] as string,
    commit: row["commit"] as string,
    message: row["message"] as string,
    author: row["author"] as string,
    status: row["status"] as DeploymentStatus,
    ...(error === null ? {} : { error }),
    ...(pipelineRun === null ? {} : { pipelineRun }),
    createdAt: (row["created_at"] as Date).toISOString(),
    ...(endedAt === null ? {} : { endedAt: endedAt.toISOString() }),
  };
}
