import { rolloutChanged } from "@roadbed/contracts/delivery/rollouts";
import { newId, NotFoundError, type Ctx, type Row, type Sql } from "@roadbed/core";

import { advance, finishDeployment } from "../deployment/deployment-store.ts";
import type { MirrorMetrics } from "../router/metrics.ts";
import type { WorkloadKey } from "../runtime/local-runtime.ts";
import type { Manifest } from "../workload/manifest.ts";
import { setDeployed } from "../workload/workload-store.ts";
import type { AnalysisRecord } from "./analyse.ts";
import { BEGINNING, follow, isOver, type Position, type RolloutEvent } from "./machine.ts";
import type { RolloutPlan } from "./plan.ts";
import type { MetricState } from "./template/metric.ts";

export interface RolloutRecord extends Position {
  readonly id: string;
  readonly deploymentId: string;
  readonly entityRef: string;
  readonly environment: string;
  readonly commit: string;
  readonly stableCommit: string;
  readonly manifest: Manifest;
  readonly plan: RolloutPlan;
  readonly cause: RolloutEvent | undefined;
  readonly reason: string | undefined;
  readonly decidedBy: string | undefined;
  readonly decidedAt: Date | undefined;
  readonly restoredMs: number | undefined;
  readonly stepSeconds: number;
  readonly analysis: AnalysisRecord | undefined;
  readonly mirrored: MirrorMetrics | undefined;
  readonly measured: Measured | undefined;
  readonly createdAt: Date;
  readonly endedAt: Date | undefined;
}

/** What was measured by AnalysisTemplates, in the order of the plan's metrics. */
export interface Measured {
  /** Seconds that it has gone on, without those in which the server did not run. */
  readonly seconds: number;
  readonly metrics: readonly MetricState[];
}

export interface NewRollout {
  readonly deploymentId: string;
  readonly key: WorkloadKey;
  readonly commit: string;
  readonly stableCommit: string;
  readonly manifest: Manifest;
  readonly plan: RolloutPlan;
}

/** Begins one, once per deployment. */
export async function insertRollout(ctx: Ctx, { deploymentId, key, commit, stableCommit, manifest, plan }: NewRollout): Promise<void> {
  const now = ctx.now();
  const { rows } = await ctx.sql.query(
    `insert into delivery.rollout (id, deployment_id, entity_ref, environment, commit, stable_commit, manifest, plan, state, step, weight, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict (deployment_id) do nothing returning *`,
    [
      newId("rol", now.getTime()),
      deploymentId,
      key.entityRef,
      key.environment,
      commit,
      stableCommit,
      JSON.stringify(manifest),
      JSON.stringify(plan),
      BEGINNING.state,
      BEGINNING.step,
      BEGINNING.weight,
      now,
    ],
  );
  if (rows[0] === undefined) return;
  await advance(ctx.sql, deploymentId, ["starting"], "rolling");
  emitChange(ctx, toRecord(rows[0]));
}

export interface EventWords {
  readonly reason?: string | undefined;
  readonly by?: string | undefined;
  readonly restoredMs?: number | undefined;
}

/**
 * Moves a rollout on by an event, with everything that follows from it in the same transaction: what the workload runs, how the deployment
 * stands, who is told. The row is locked meanwhile, so that of two that decide at once the second sees what the first has decided.
 */
export async function applyEvent(ctx: Ctx, id: string, event: RolloutEvent, words: EventWords = {}): Promise<RolloutRecord> {
  const { rows } = await ctx.sql.query("select * from delivery.rollout where id = $1 for update", [id]);
  if (rows[0] === undefined) throw new NotFoundError("rollout", id, "See roadbed rollout list.");
  const before = toRecord(rows[0]);
  const next = follow(before, before.plan.steps, event);
  if (next === before) return before;
  const decides = next.state === "held" || next.state === "rolling-back" || words.by !== undefined;
  const entersStep = next.step !== before.step || next.state !== before.state;
  const updated = await ctx.sql.query(
    `update delivery.rollout set state = $2, step = $3, weight = $4, header = $5, mirror = $6,
       cause = case when $7 then $8 else cause end, reason = case when $7 then $9 else reason end,
       decided_by = case when $7 then $10 else decided_by end, decided_at = case when $7 then $11 else decided_at end,
       restored_ms = coalesce($12, restored_ms), step_seconds = case when $13 then 0 else step_seconds end, ended_at = $14
     where id = $1 returning *`,
    [
      id,
      next.state,
      next.step,
      next.weight,
      json(next.header),
      json(next.mirror),
      decides,
      event,
      words.reason ?? null,
      words.by ?? null,
      ctx.now(),
      words.restoredMs ?? null,
      entersStep,
      isOver(next) ? ctx.now() : null,
    ],
  );
  const after = toRecord(updated.rows[0]!);
  await follows(ctx, after);
  emitChange(ctx, after);
  return after;
}

async function follows(ctx: Ctx, rollout: RolloutRecord): Promise<void> {
  const { state, deploymentId, entityRef, environment, manifest, commit, cause, reason } = rollout;
  if (state === "promoted") {
    await setDeployed(ctx.sql, { entityRef, environment, name: "" }, { kind: manifest.kind, commit, deploymentId, manifest });
    return finishDeployment(ctx, deploymentId, "healthy");
  }
  if (state === "rolled-back") return finishDeployment(ctx, deploymentId, endOf(cause), reason);
  await advance(ctx.sql, deploymentId, ["starting", "rolling", "held"], state === "held" ? "held" : "rolling");
}

/** What never came up has failed; what a newer release overtook was not judged. */
function endOf(cause: RolloutEvent | undefined): "failed" | "superseded" | "rolled-back" {
  return cause === "failed" ? "failed" : cause === "superseded" ? "superseded" : "rolled-back";
}

export async function findRollout(sql: Sql, id: string): Promise<RolloutRecord | undefined> {
  const { rows } = await sql.query("select * from delivery.rollout where id = $1", [id]);
  return rows[0] && toRecord(rows[0]);
}

export async function findActive(sql: Sql, entityRef: string, environment: string): Promise<RolloutRecord | undefined> {
  const { rows } = await sql.query("select * from delivery.rollout where entity_ref = $1 and environment = $2 and ended_at is null", [
    entityRef,
    environment,
  ]);
  return rows[0] && toRecord(rows[0]);
}

export async function listActive(sql: Sql): Promise<string[]> {
  const { rows } = await sql.query<{ id: string }>("select id from delivery.rollout where ended_at is null order by id");
  return rows.map(({ id }) => id);
}

export interface RolloutFilter {
  readonly entityRef?: string | undefined;
  readonly environment?: string | undefined;
  readonly active?: boolean | undefined;
  readonly hidden: readonly string[];
  /** Only ids below it. */
  readonly before?: string | undefined;
  readonly limit: number;
}

/** Newest first: ids grow with time. */
export async function listRolloutRecords(sql: Sql, o: RolloutFilter): Promise<RolloutRecord[]> {
  const { rows } = await sql.query(
    `select * from delivery.rollout
     where ($1::text is null or entity_ref = $1) and ($2::text is null or environment = $2) and ($3::text is null or id < $3)
       and (not $4 or ended_at is null) and entity_ref <> all($5)
     order by id desc limit $6`,
    [o.entityRef ?? null, o.environment ?? null, o.before ?? null, o.active === true, o.hidden, o.limit],
  );
  return rows.map(toRecord);
}

/** What was counted and seen meanwhile; never a decision. */
export async function keepProgress(
  sql: Sql,
  id: string,
  o: Pick<RolloutRecord, "stepSeconds" | "analysis" | "mirrored" | "measured">,
): Promise<void> {
  await sql.query(
    "update delivery.rollout set step_seconds = $2, analysis = $3, mirrored = $4, measured = $5 where id = $1 and ended_at is null",
    [id, o.stepSeconds, json(o.analysis), json(o.mirrored), json(o.measured)],
  );
}

function emitChange(ctx: Ctx, { id, deploymentId, entityRef, environment, commit, state, weight, reason }: RolloutRecord): void {
  const said = reason === undefined ? {} : { reason };
  ctx.emit(rolloutChanged, entityRef, { rolloutId: id, deploymentId, entityRef, environment, commit, state, weight, ...said });
}

function json(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

function toRecord(row: Row): RolloutRecord {
  const optional = <T>(name: string): T | undefined => (row[name] as T | null) ?? undefined;
  const [header, mirror] = [optional<Position["header"]>("header"), optional<Position["mirror"]>("mirror")];
  return {
    id: row["id"] as string,
    deploymentId: row["deployment_id"] as string,
    entityRef: row["entity_ref"] as string,
    environment: row["environment"] as string,
    commit: row["commit"] as string,
    stableCommit: row["stable_commit"] as string,
    manifest: row["manifest"] as Manifest,
    plan: row["plan"] as RolloutPlan,
    state: row["state"] as Position["state"],
    step: row["step"] as number,
    weight: row["weight"] as number,
    ...(header === undefined ? {} : { header }),
    ...(mirror === undefined ? {} : { mirror }),
    cause: optional("cause"),
    reason: optional("reason"),
    decidedBy: optional("decided_by"),
    decidedAt: optional("decided_at"),
    restoredMs: optional("restored_ms"),
    stepSeconds: row["step_seconds"] as number,
    analysis: optional("analysis"),
    mirrored: optional("mirrored"),
    measured: optional("measured"),
    createdAt: row["created_at"] as Date,
    endedAt: optional("ended_at"),
  };
}
