import { driftEnded, driftFound, type Drift, type DriftDifference } from "@roadbed/contracts/delivery/drift";
import type { DriftPolicy } from "@roadbed/contracts/delivery/environments";
import { formatActor, newId, NotFoundError, type Ctx, type Sql } from "@roadbed/core";

export interface DriftRow extends Record<string, unknown> {
  readonly id: string;
  readonly entity_ref: string;
  readonly environment: string;
  readonly kind: Drift["kind"];
  readonly state: Drift["state"];
  readonly policy: DriftPolicy;
  readonly differences: readonly DriftDifference[];
  readonly attempts: number;
  readonly tried_at: Date | null;
  readonly first_seen: Date;
  readonly last_seen: Date;
  readonly ended_at: Date | null;
  readonly ended_by: string | null;
  readonly why: string | null;
}

const WITH_POLICY = "select d.*, e.drift as policy from delivery.drift d join delivery.environment e on e.name = d.environment";

/** Held until the transaction ends when `lock`. Throws `NotFoundError`, also for what may not be seen. */
export async function readDrift(sql: Sql, id: string, hidden: readonly string[], lock = false): Promise<DriftRow> {
  const { rows } = await sql.query<DriftRow>(`${WITH_POLICY} where d.id = $1${lock ? " for update of d" : ""}`, [id]);
  if (rows[0] !== undefined && !hidden.includes(rows[0].entity_ref)) return rows[0];
  throw new NotFoundError("drift", id, "See roadbed workload-drift list.");
}

export async function readDrifts(sql: Sql, where: string, values: readonly unknown[]): Promise<DriftRow[]> {
  return (await sql.query<DriftRow>(`${WITH_POLICY} where ${where}`, values)).rows;
}

/** Writes down that something is different, or that it still is; another difference is told again. */
export async function noteDrift(
  ctx: Ctx,
  o: {
    readonly entityRef: string;
    readonly environment: string;
    readonly differences: readonly DriftDifference[];
    readonly policy: DriftPolicy;
  },
): Promise<void> {
  const { entityRef, environment, differences, policy } = o;
  const about = { entityRef, environment, fields: differences.map(({ field }) => field) };
  const [known] = await readDrifts(
    ctx.sql,
    "d.entity_ref = $1 and d.environment = $2 and d.kind = 'workload' and d.ended_at is null for update of d",
    [entityRef, environment],
  );
  if (known !== undefined) {
    const isSame = JSON.stringify(known.differences) === JSON.stringify(differences);
    await ctx.sql.query("update delivery.drift set differences = $2, last_seen = $3 where id = $1", [
      known.id,
      JSON.stringify(differences),
      ctx.now(),
    ]);
    if (!isSame) ctx.emit(driftFound, entityRef, { ...about, driftId: known.id, policy });
    return;
  }
  const id = newId("drift", ctx.now().getTime());
  const { rowCount } = await ctx.sql.query(
    `insert into delivery.drift (id, entity_ref, environment, kind, state, differences, first_seen, last_seen) values ($1, $2, $3, 'workload', 'open', $4, $5, $5)
     on conflict do nothing`,
    [id, entityRef, environment, JSON.stringify(differences), ctx.now()],
  );
  if (rowCount > 0) ctx.emit(driftFound, entityRef, { ...about, driftId: id, policy });
}

/** A branch that somebody else wrote to was put right at once: what they wrote is kept to be read. */
export async function notePutRight(
  ctx: Ctx,
  o: { readonly entityRef: string; readonly environment: string; readonly differences: readonly DriftDifference[]; readonly why: string },
): Promise<void> {
  const id = newId("drift", ctx.now().getTime());
  await ctx.sql.query(
    `insert into delivery.drift (id, entity_ref, environment, kind, state, differences, first_seen, last_seen, ended_at, ended_by, why)
     values ($1, $2, $3, 'branch', 'healed', $4, $5, $5, $5, $6, $7)`,
    [id, o.entityRef, o.environment, JSON.stringify(o.differences), ctx.now(), formatActor(ctx.actor), o.why],
  );
  const fields = o.differences.map(({ field }) => field);
  const about = { driftId: id, entityRef: o.entityRef, environment: o.environment, fields };
  ctx.emit(driftFound, o.entityRef, { ...about, policy: "heal" });
  ctx.emit(driftEnded, o.entityRef, { ...about, state: "healed", by: formatActor(ctx.actor), why: o.why });
}

/** It is put right: told with who did it. */
export async function endDrift(
  ctx: Ctx,
  row: DriftRow,
  state: "healed" | "accepted" | "gone",
  o: { readonly by?: string | undefined; readonly why?: string | undefined } = {},
): Promise<void> {
  await ctx.sql.query(
    "update delivery.drift set state = $2, ended_at = $3, ended_by = coalesce($4, ended_by), why = coalesce($5, why) where id = $1",
    [row.id, state, ctx.now(), o.by ?? null, o.why ?? null],
  );
  const [by, why] = [o.by ?? row.ended_by, o.why ?? row.why];
  ctx.emit(driftEnded, row.entity_ref, {
    driftId: row.id,
    entityRef: row.entity_ref,
    environment: row.environment,
    fields: row.differences.map(({ field }) => field),
    state,
    ...(by === null ? {} : { by }),
    ...(why === null ? {} : { why }),
  });
}

export function toDrift(row: DriftRow): Drift {
  return {
    id: row.id,
    entityRef: row.entity_ref,
    environment: row.environment,
    kind: row.kind,
    state: row.state,
    policy: row.policy,
    differences: [...row.differences],
    attempts: row.attempts,
    firstSeen: row.first_seen.toISOString(),
    lastSeen: row.last_seen.toISOString(),
    ...(row.ended_at === null ? {} : { endedAt: row.ended_at.toISOString() }),
    ...(row.ended_by === null ? {} : { endedBy: row.ended_by }),
    ...(row.why === null ? {} : { why: row.why }),
  };
}
