import type { ToldBuild } from "@roadbed/contracts/catalog/builds";
import type { PipelineRun, PipelineStep } from "@roadbed/contracts/delivery/pipelines";
import { newId, type Ctx } from "@roadbed/core";

import type { DeliveryDeps } from "../deps.ts";
import { findRun, tellFinished, type RunRow } from "./pipeline-store.ts";

interface Known extends Record<string, unknown> {
  readonly id: string;
  readonly state: PipelineRun["state"];
  readonly attempt: number;
  readonly told_at: Date | null;
}

/**
 * What a host told of a run becomes a run like those that are made here. Messages may come twice and in any order: one that is older than
 * what is known says nothing of the run, and a run that is over begins again only by a later attempt or a later instant.
 */
export async function takeTold(deps: DeliveryDeps, ctx: Ctx, told: ToldBuild): Promise<void> {
  const { system, repository, run: external } = told;
  await ctx.sql.query("select pg_advisory_xact_lock(hashtext('delivery.told'), hashtext($1))", [`${system} ${repository} ${external}`]);
  const { rows } = await ctx.sql.query<Known>(
    "select id, state, attempt, told_at from delivery.pipeline_run where host = $1 and repository = $2 and external_id = $3",
    [system, repository, external],
  );
  const known = rows[0];
  const at = new Date(told.at);
  const id = known?.id ?? (await insertTold(deps, ctx, told));
  const isOver = known !== undefined && known.state !== "queued" && known.state !== "running";
  const newer = known === undefined || told.attempt > known.attempt || (told.attempt === known.attempt && at >= (known.told_at ?? at));
  if (told.state !== undefined && newer) await moveTold(ctx, id, told, isOver);
  if (known === undefined || told.attempt >= known.attempt) for (const [n, job] of told.jobs.entries()) await takeJob(ctx, id, n, job);
}

async function insertTold(deps: DeliveryDeps, ctx: Ctx, told: ToldBuild): Promise<string> {
  const { system, repository, run, name, branch, commit, message, author, attempt } = told;
  const id = newId("pip", ctx.now().getTime());
  await ctx.sql.query(
    `insert into delivery.pipeline_run
       (id, host, repository, entity_ref, name, branch, commit, message, author, trigger, state, asked_by, created_at, external_id, attempt)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'host', 'queued', $10, $11, $12, $13)`,
    [
      id,
      system,
      repository,
      (await deps.entities.componentAt?.(ctx, { system, repository })) ?? null,
      name.slice(0, 300),
      branch.slice(0, 300),
      commit,
      message.slice(0, 2_000),
      author.slice(0, 300),
      `webhook:${system}`,
      ctx.now(),
      run,
      attempt,
    ],
  );
  return id;
}

async function moveTold(ctx: Ctx, id: string, told: ToldBuild, wasOver: boolean): Promise<void> {
  const state = told.state === "skipped" ? "succeeded" : told.state!;
  const over = state !== "queued" && state !== "running";
  await ctx.sql.query(
    `update delivery.pipeline_run set state = $2, started_at = coalesce($3, started_at), ended_at = $4, address = coalesce($5, address), attempt = $6, told_at = $7,
       name = $8, message = case when $9 = '' then message else $9 end, author = case when $10 = '' then author else $10 end,
       branch = case when $11 = '' then branch else $11 end, error = $12 where id = $1`,
    [
      id,
      state,
      told.startedAt ?? null,
      over ? (told.endedAt ?? told.at) : null,
      told.address ?? null,
      told.attempt,
      told.at,
      told.name.slice(0, 300),
      told.message.slice(0, 2_000),
      told.author.slice(0, 300),
      told.branch.slice(0, 300),
      state === "failed" ? failureOf(told) : null,
    ],
  );
  if (!over || wasOver) return;
  const run = await findRun(ctx.sql, id);
  if (run !== undefined) tellFinished(ctx, run as RunRow);
}

function failureOf({ name, jobs }: ToldBuild): string {
  const failed = jobs.filter(({ state }) => state === "failed").map((job) => job.name);
  return failed.length === 0 ? `${name} failed.` : `Failed: ${failed.join(", ")}.`;
}

async function takeJob(ctx: Ctx, runId: string, n: number, job: ToldBuild["jobs"][number]): Promise<void> {
  const states: Partial<Record<typeof job.state, PipelineStep["state"]>> = { queued: "waiting" };
  const state = states[job.state] ?? (job.state as PipelineStep["state"]);
  await ctx.sql.query(
    `insert into delivery.pipeline_step (run_id, n, name, needs, commands, state, error, started_at, ended_at, begun, address, external_id)
     values ($1, $2, $3, '{}', '{}', $4, $5, $6, $7, 1, $8, $9)
     on conflict (run_id, name) do update set state = excluded.state, error = excluded.error, started_at = coalesce(excluded.started_at, delivery.pipeline_step.started_at),
       ended_at = excluded.ended_at, address = coalesce(excluded.address, delivery.pipeline_step.address), external_id = excluded.external_id
     where excluded.external_id <> delivery.pipeline_step.external_id or excluded.ended_at is not null or delivery.pipeline_step.ended_at is null`,
    [runId, n, job.name.slice(0, 300), state, job.error ?? null, job.startedAt ?? null, job.endedAt ?? null, job.address ?? null, job.id],
  );
}
