import type { Waiver, WaiverState } from "@roadbed/contracts/standards/waivers";
import type { Row, Sql } from "@roadbed/core";

import { storable } from "../decision/decision-store.ts";

export async function insertWaiver(sql: Sql, waiver: Waiver): Promise<void> {
  await sql.query(
    `insert into standards.waiver
       (id, policy, entity, namespace, team, reason, owner, requested_by, requested_at, expires_at, state, decided_by, decided_at, note, rule)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
    [
      waiver.id,
      waiver.policy,
      waiver.entity ?? null,
      waiver.namespace ?? null,
      waiver.team ?? null,
      storable(waiver.reason),
      storable(waiver.owner),
      waiver.requestedBy,
      waiver.requestedAt,
      waiver.expiresAt,
      waiver.state,
      waiver.decidedBy ?? null,
      waiver.decidedAt ?? null,
      waiver.note ?? null,
      waiver.rule ?? null,
    ],
  );
}

/** Locks the row: two who decide at the same time do it one after the other. */
export async function lockWaiver(sql: Sql, id: string): Promise<Waiver | undefined> {
  const { rows } = await sql.query<WaiverRow>("select * from standards.waiver where id = $1 for update", [id]);
  return rows[0] && toWaiver(rows[0]);
}

export async function findWaiver(sql: Sql, id: string): Promise<Waiver | undefined> {
  const { rows } = await sql.query<WaiverRow>("select * from standards.waiver where id = $1", [id]);
  return rows[0] && toWaiver(rows[0]);
}

export async function updateState(
  sql: Sql,
  id: string,
  to: { readonly state: WaiverState; readonly by: string; readonly at: Date; readonly note: string | undefined },
): Promise<Waiver> {
  const { rows } = await sql.query<WaiverRow>(
    "update standards.waiver set state = $2, decided_by = $3, decided_at = $4, note = coalesce($5, note) where id = $1 returning *",
    [id, to.state, to.by, to.at, to.note === undefined ? null : storable(to.note)],
  );
  return toWaiver(rows[0] as WaiverRow);
}

/** Those that count at this instant; of these policies only, where some are named. */
export async function selectInForce(sql: Sql, now: Date): Promise<Waiver[]> {
  const { rows } = await sql.query<WaiverRow>(
    "select * from standards.waiver where state = 'approved' and expires_at > $1 order by expires_at desc limit 10000",
    [now],
  );
  return rows.map(toWaiver);
}

/** A row, with what it is called now: one whose day is over has expired, whether somebody noted it or not. */
export interface WaiverRow extends Row {
  readonly id: string;
  readonly policy: string;
  readonly entity: string | null;
  readonly namespace: string | null;
  readonly team: string | null;
  readonly reason: string;
  readonly owner: string;
  readonly requested_by: string;
  readonly requested_at: Date;
  readonly expires_at: Date;
  readonly state: WaiverState;
  readonly decided_by: string | null;
  readonly decided_at: Date | null;
  readonly note: string | null;
  readonly rule: string | null;
}

export function toWaiver(row: WaiverRow): Waiver {
  return {
    id: row.id,
    policy: row.policy,
    ...(row.entity === null ? {} : { entity: row.entity }),
    ...(row.namespace === null ? {} : { namespace: row.namespace }),
    ...(row.team === null ? {} : { team: row.team }),
    reason: row.reason,
    owner: row.owner,
    requestedBy: row.requested_by,
    requestedAt: row.requested_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    state: row.state,
    ...(row.decided_by === null ? {} : { decidedBy: row.decided_by }),
    ...(row.decided_at === null ? {} : { decidedAt: row.decided_at.toISOString() }),
    ...(row.note === null ? {} : { note: row.note }),
    ...(row.rule === null ? {} : { rule: row.rule }),
  };
}
