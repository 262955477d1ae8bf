import type { Deviation } from "@roadbed/contracts/paths/ledger";
import { NotFoundError, type Sql } from "@roadbed/core";

export interface DeviationRow extends Record<string, unknown> {
  readonly id: string;
  readonly made_id: string;
  readonly paths: readonly string[];
  readonly reason: string;
  readonly owner: string;
  readonly requested_by: string;
  readonly decided_by: string | null;
  readonly status: "requested" | "active" | "refused" | "ended";
  readonly note: string | null;
  readonly created_at: Date;
  readonly decided_at: Date | null;
  readonly expires_at: Date;
}

/** With the thing that it is about. */
export interface DeviationOfThing extends DeviationRow {
  readonly repository: string;
  readonly entity_ref: string | null;
  readonly path_ref: string;
}

const OF_THING = "select v.*, m.repository, m.entity_ref, m.path_ref from paths.deviation v join paths.made m on m.id = v.made_id";

/** The declared deviations of a made thing, newest first. */
export async function readDeviations(sql: Sql, madeId: string, now: Date): Promise<Deviation[]> {
  const { rows } = await sql.query<DeviationRow>("select * from paths.deviation where made_id = $1 order by id desc limit 200", [madeId]);
  return rows.map((row) => toDeviation(row, now));
}

/** Held until the transaction ends, so that of two decisions at once one comes second. Throws `NotFoundError` for what may not be seen. */
export async function lockDeviation(sql: Sql, id: string, hidden: readonly string[]): Promise<DeviationOfThing> {
  const { rows } = await sql.query<DeviationOfThing>(`${OF_THING} where v.id = $1 for update of v`, [id]);
  const [row] = rows;
  if (row !== undefined && (row.entity_ref === null || !hidden.includes(row.entity_ref))) return row;
  throw new NotFoundError("deviation", id, "See roadbed deviation list.");
}

export interface DeviationFilter {
  readonly status?: Deviation["status"] | undefined;
  readonly thing?: string | undefined;
  readonly path?: string | undefined;
  readonly before?: string | undefined;
  readonly hidden: readonly string[];
  readonly now: Date;
  readonly limit: number;
}

export async function listDeviationRows(sql: Sql, filter: DeviationFilter): Promise<DeviationOfThing[]> {
  const { rows } = await sql.query<DeviationOfThing>(
    `select * from (${OF_THING}) s where ($1::text is null or made_id = $1 or entity_ref = lower($1)) and ($2::text is null or path_ref = $2)
     and ($3::text is null or id < $3) and (entity_ref is null or entity_ref <> all($4::text[]))
     and ($5::text is null or case when status = 'active' and expires_at <= $6 then 'expired' else status end = $5)
     order by id desc limit $7`,
    [filter.thing ?? null, filter.path ?? null, filter.before ?? null, filter.hidden, filter.status ?? null, filter.now, filter.limit],
  );
  return rows;
}

export function toDeviation(row: DeviationRow, now: Date): Deviation {
  return {
    id: row.id,
    thing: row.made_id,
    files: [...row.paths],
    reason: row.reason,
    owner: row.owner,
    requestedBy: row.requested_by,
    ...(row.decided_by === null ? {} : { decidedBy: row.decided_by }),
    status: row.status === "active" && row.expires_at <= now ? "expired" : row.status,
    ...(row.note === null ? {} : { note: row.note }),
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
  };
}
