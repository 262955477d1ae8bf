import type { Lifetime } from "@roadbed/contracts/paths/lifetimes";
import { NotFoundError, type Sql } from "@roadbed/core";

export interface LifetimeRow extends Record<string, unknown> {
  readonly id: string;
  readonly run_id: string;
  readonly path_ref: string;
  readonly path_title: string;
  readonly entity_ref: string | null;
  readonly name: string;
  readonly state: Lifetime["state"];
  readonly began_at: Date;
  readonly ends_at: Date;
  readonly at_most: Date;
  readonly warn_before_ms: string;
  readonly extend_by_ms: string;
  readonly ended_at: Date | null;
  readonly extensions: Lifetime["extensions"];
  readonly end_path: string | null;
  readonly end_values: Record<string, unknown> | null;
  readonly end_run_id: string | null;
  readonly end_error: string | null;
}

/** By its own id or that of its run. Throws `NotFoundError` for what is not there or may not be seen. */
export async function readLifetime(sql: Sql, id: string, hidden: readonly string[], lock = false): Promise<LifetimeRow> {
  const { rows } = await sql.query<LifetimeRow>(
    `select * from paths.lifetime where (id = $1 or run_id = $1) and (entity_ref is null or entity_ref <> all($2::text[]))${lock ? " for update" : ""}`,
    [id, hidden],
  );
  if (rows[0] !== undefined) return rows[0];
  throw new NotFoundError("lifetime", id, "See roadbed lifetime list.");
}

export async function listLifetimeRows(
  sql: Sql,
  o: {
    readonly state: string | undefined;
    readonly run: string | undefined;
    readonly before: Date | undefined;
    readonly entityRef: string | undefined;
    readonly path: string | undefined;
    readonly actor: string | undefined;
    readonly hidden: readonly string[];
    readonly after: { readonly at: string; readonly id: string } | undefined;
    readonly limit: number;
  },
): Promise<LifetimeRow[]> {
  const { rows } = await sql.query<LifetimeRow>(
    `select l.* from paths.lifetime l join paths.run r on r.id = l.run_id
     where ($1::text is null or l.state = $1) and ($10::text is null or l.run_id = $10) and ($2::timestamptz is null or l.ends_at <= $2) and ($3::text is null or l.entity_ref = $3) and ($4::text is null or l.path_ref = $4)
       and ($5::text is null or r.actor = $5) and (l.entity_ref is null or l.entity_ref <> all($6::text[]))
       and ($7::timestamptz is null or (l.ends_at, l.id) > ($7, $8)) order by l.ends_at, l.id limit $9`,
    [
      o.state ?? null,
      o.before ?? null,
      o.entityRef ?? null,
      o.path ?? null,
      o.actor ?? null,
      o.hidden,
      o.after?.at ?? null,
      o.after?.id ?? null,
      o.limit,
      o.run ?? null,
    ],
  );
  return rows;
}

export function toLifetime(row: LifetimeRow, now: Date): Lifetime {
  const full = row.ends_at >= row.at_most;
  return {
    id: row.id,
    runId: row.run_id,
    path: row.path_ref,
    pathTitle: row.path_title,
    name: row.name,
    ...(row.entity_ref === null ? {} : { entityRef: row.entity_ref }),
    state: row.state,
    beganAt: row.began_at.toISOString(),
    endsAt: row.ends_at.toISOString(),
    atMost: row.at_most.toISOString(),
    soon: row.state === "active" && row.ends_at.getTime() - Number(row.warn_before_ms) <= now.getTime(),
    extendByHours: Number(row.extend_by_ms) / 3_600_000,
    ...(row.state !== "active"
      ? { mayExtend: false, whyNot: "It has ended." }
      : full
        ? { mayExtend: false, whyNot: "Its path lets it live no longer." }
        : { mayExtend: true }),
    ...(row.ended_at === null ? {} : { endedAt: row.ended_at.toISOString() }),
    extensions: [...row.extensions],
    ...(row.end_path === null ? {} : { endPath: row.end_path }),
    ...(row.end_run_id === null ? {} : { endRunId: row.end_run_id }),
    ...(row.end_error === null || row.state === "ended" ? {} : { endError: row.end_error }),
  };
}
