import { createHash } from "node:crypto";

import type { Indicator, Slo, SloFigures, SloPeriod, SloState } from "@roadbed/contracts/telemetry/slos";
import { NotFoundError, type Sql } from "@roadbed/core";

import type { Alert } from "./alert-machine.ts";
import type { SloText } from "./read-openslo.ts";

/** A row of `telemetry.slo`. */
export interface SloRow extends Record<string, unknown> {
  readonly name: string;
  readonly title: string;
  readonly description: string | null;
  readonly service: string;
  readonly entity_ref: string;
  readonly environment: string | null;
  readonly indicator: Indicator;
  readonly target: number;
  readonly period: SloPeriod;
  readonly minimum_events: number;
  readonly text: string;
  readonly revision: string;
  readonly sample: boolean;
  readonly changed_by: string;
  readonly changed_at: Date;
  readonly figures: SloFigures | null;
  readonly remaining: number | null;
  readonly state: SloState;
  readonly alert: Alert;
  readonly look_at: Date;
  readonly repository: string | null;
  readonly path: string | null;
}

/** The file that says it. */
export interface SloOrigin {
  readonly repository: string;
  readonly path: string;
}

/** The row as the rules take it. */
export function objectiveOf(row: SloRow): Pick<Slo, "target" | "period" | "minimumEvents"> {
  return { target: row.target, period: row.period, minimumEvents: row.minimum_events };
}

/** What is counted, as a digest: figures of one revision are comparable. */
export function revisionOf({ service, environment, indicator }: Pick<SloText, "service" | "environment" | "indicator">): string {
  const entries = (value: unknown): unknown =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.entries(value)
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, inner]) => [key, entries(inner)])
      : value;
  return createHash("sha256")
    .update(JSON.stringify([service, environment ?? null, entries(indicator)]))
    .digest("hex")
    .slice(0, 16);
}

/** Throws `NotFoundError` also for one of an entity that the reader may not see. */
export async function readSlo(sql: Sql, name: string, hidden: readonly string[], lock = false): Promise<SloRow> {
  const { rows } = await sql.query<SloRow>(
    `select * from telemetry.slo where name = $1 and entity_ref <> all($2::text[])${lock ? " for update" : ""}`,
    [name, hidden],
  );
  const [row] = rows;
  if (row === undefined) throw new NotFoundError("objective", name, "See roadbed slo list.");
  return row;
}

/** Makes or changes a row. Where something else is counted from now on, what was counted before is forgotten, and so is its alert. */
export async function putSlo(
  sql: Sql,
  o: { readonly said: SloText; readonly sample: boolean; readonly origin: SloOrigin | undefined; readonly by: string; readonly now: Date },
): Promise<void> {
  const { said, sample, origin, by, now } = o;
  await sql.query(
    `insert into telemetry.slo as s (name, title, description, service, entity_ref, environment, indicator, target, period, minimum_events, text,
       revision, sample, changed_by, changed_at, look_at, repository, path)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15, $16, $17)
     on conflict (name) do update set title = $2, description = $3, service = $4, entity_ref = $5, environment = $6, indicator = $7, target = $8,
       period = $9, minimum_events = $10, text = $11, revision = $12, sample = $13, changed_by = $14, changed_at = $15, look_at = $15, repository = $16, path = $17,
       figures = case when s.revision = $12 then s.figures end,
       remaining = case when s.revision = $12 then s.remaining end,
       state = case when s.revision = $12 then s.state else 'unknown' end`,
    [
      said.name,
      said.title,
      said.description ?? null,
      said.service,
      said.entityRef,
      said.environment ?? null,
      JSON.stringify(said.indicator),
      said.target,
      JSON.stringify(said.period),
      said.minimumEvents,
      said.text,
      revisionOf(said),
      sample,
      by,
      now,
      origin?.repository ?? null,
      origin?.path ?? null,
    ],
  );
}
