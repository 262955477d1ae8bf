import type { Run, RunStatus, StepStatus } from "@roadbed/contracts/paths";
import { NotFoundError, type Actor, type Sql } from "@roadbed/core";
import type { z } from "zod";

import type { Output } from "../action/action.ts";
import type { Path } from "../template/template.ts";
import { seenBy, type RunViewer } from "./seen-by.ts";
import type { RunUser } from "./user.ts";

export type Status = z.output<typeof RunStatus>;
export type StepState = z.output<typeof StepStatus>;

/** Who asked for a run: to act in their name, and as the path sees them. */
export interface ActorDetail {
  readonly actor: Actor;
  readonly user: RunUser;
  /** What they might do when they asked; absent in runs of before. */
  readonly scopes?: readonly string[];
}

/** A run as its table keeps it. */
export interface RunRow extends Record<string, unknown> {
  readonly id: string;
  readonly path_ref: string;
  readonly path_title: string;
  readonly path: Path;
  readonly status: Status;
  readonly actor: string;
  readonly actor_detail: ActorDetail;
  readonly user_ref: string;
  readonly shown_values: Record<string, unknown>;
  readonly sealed: Buffer | null;
  readonly attempt: number;
  readonly cancel_requested: boolean;
  readonly workspace: number;
  readonly judged_workspace: number | null;
  readonly decision_id: string | null;
  readonly error: string | null;
  readonly outputs: Record<string, unknown>;
  readonly links: Run["links"];
  readonly entity_ref: string | null;
  readonly created_at: Date;
  readonly started_at: Date | null;
  readonly ended_at: Date | null;
  readonly source_digest: string | null;
  readonly path_version: string | null;
  readonly preview_digest: string | null;
  readonly undo_state: NonNullable<Run["undo"]>["state"] | null;
  readonly undo_why: string | null;
  readonly undo_attempt: number;
  /** References of what it is about: the entity that its answers name, and what it makes. */
  readonly about: readonly string[];
}

export interface StepRow extends Record<string, unknown> {
  readonly run_id: string;
  readonly n: number;
  readonly id: string;
  readonly name: string;
  readonly action: string;
  readonly status: StepState;
  readonly started_at: Date | null;
  readonly ended_at: Date | null;
  readonly error: string | null;
  readonly output: Output | null;
}

export interface NewRun {
  readonly id: string;
  readonly path: Path;
  readonly actor: string;
  readonly actorDetail: ActorDetail;
  readonly shownValues: Record<string, unknown>;
  readonly sealed: Buffer;
  /** The kept version of the path, where it could be kept. */
  readonly sourceDigest: string | undefined;
  readonly previewDigest: string;
  readonly about: readonly string[];
  readonly at: Date;
}

export async function insertRun(sql: Sql, run: NewRun): Promise<void> {
  await sql.query(
    `insert into paths.run (id, path_ref, path_title, path, status, actor, actor_detail, user_ref, shown_values, sealed, created_at, source_digest, path_version,
       preview_digest, about)
     values ($1, $2, $3, $4, 'queued', $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
    [
      run.id,
      run.path.ref,
      run.path.title,
      JSON.stringify(run.path),
      run.actor,
      JSON.stringify(run.actorDetail),
      run.actorDetail.user.ref,
      JSON.stringify(run.shownValues),
      run.sealed,
      run.at,
      run.sourceDigest ?? null,
      run.path.promises.version ?? null,
      run.previewDigest,
      [...new Set(run.about.map((ref) => ref.toLowerCase()))],
    ],
  );
  for (const [n, step] of run.path.steps.entries()) {
    await sql.query("insert into paths.run_step (run_id, n, id, name, action, status) values ($1, $2, $3, $4, $5, 'open')", [
      run.id,
      n,
      step.id,
      step.name,
      step.action,
    ]);
  }
}

/** Throws `NotFoundError`. `lock`: nobody else changes it until the transaction ends. */
export async function readRun(sql: Sql, id: string, lock = false): Promise<RunRow> {
  const text = lock ? "select * from paths.run where id = $1 for update" : "select * from paths.run where id = $1";
  const { rows } = await sql.query<RunRow>(text, [id]);
  if (!rows[0]) throw new NotFoundError("run", id, "See the runs: roadbed run list.");
  return rows[0];
}

export async function readSteps(sql: Sql, runIds: readonly string[]): Promise<StepRow[]> {
  const { rows } = await sql.query<StepRow>("select * from paths.run_step where run_id = any($1) order by run_id, n", [runIds]);
  return rows;
}

export interface RunFilter {
  readonly status: string | undefined;
  readonly path: string | undefined;
  readonly actor: string | undefined;
  readonly entityRef: string | undefined;
  /** Runs made before this one; ids grow with time. */
  readonly before: string | undefined;
  readonly viewer: RunViewer;
  readonly limit: number;
}

/** Newest first. */
export async function findRuns(sql: Sql, filter: RunFilter): Promise<RunRow[]> {
  const { rows } = await sql.query<RunRow>(
    `select * from paths.run
     where ($1::text is null or status = $1) and ($2::text is null or path_ref = $2) and ($3::text is null or actor = $3)
       and ($4::text is null or entity_ref = $4) and ($5::text is null or id < $5)
       and ${seenBy("$6", "$7")}
     order by id desc limit $8`,
    [
      filter.status ?? null,
      filter.path ?? null,
      filter.actor ?? null,
      filter.entityRef ?? null,
      filter.before ?? null,
      filter.viewer.actor,
      filter.viewer.hidden,
      filter.limit,
    ],
  );
  return rows;
}

/** What everybody may see. */
export function toRun(run: RunRow, steps: readonly StepRow[]): Run {
  return {
    id: run.id,
    path: run.path_ref,
    pathTitle: run.path_title,
    status: run.status,
    actor: run.actor,
    actorName: nameOf(run.actor_detail.user),
    createdAt: run.created_at.toISOString(),
    ...optional("startedAt", run.started_at?.toISOString()),
    ...optional("endedAt", run.ended_at?.toISOString()),
    ...optional("error", run.error),
    steps: steps.filter((step) => step.run_id === run.id).map(toStep),
    outputs: run.outputs,
    links: run.links,
    ...optional("decisionId", run.decision_id),
    ...optional("previewDigest", run.preview_digest),
    ...optional("version", run.path_version),
    values: run.shown_values,
  };
}

export function isFinal(status: Status): boolean {
  return status === "succeeded" || status === "failed" || status === "cancelled";
}

function nameOf({ entity }: RunUser): string {
  const profile = entity.spec?.["profile"];
  const displayName = typeof profile === "object" && profile !== null && "displayName" in profile ? profile.displayName : undefined;
  return typeof displayName === "string" ? displayName : (entity.metadata.title ?? entity.metadata.name);
}

function toStep(step: StepRow): Run["steps"][number] {
  return {
    id: step.id,
    name: step.name,
    action: step.action,
    status: step.status,
    ...optional("startedAt", step.started_at?.toISOString()),
    ...optional("endedAt", step.ended_at?.toISOString()),
    ...optional("error", step.error),
  };
}

function optional<K extends string, V>(key: K, value: V | null | undefined): { [P in K]?: V } {
  return value === null || value === undefined ? {} : ({ [key]: value } as { [P in K]?: V });
}
