import type { Deviation } from "@roadbed/contracts/paths/ledger";
import type { Sql } from "@roadbed/core";

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

/** The declared deviations of a made thing, newest first. */
export async function readDeviations(sql: Sql, madeId: string, now: Date): Promise<Deviation[]> {
  const { rows } = await sql.query<DeviationRow>("select * from paths.deviation where made_id = $1 order by id desc limit 200", [madeId]);
  return rows.map((row) => toDeviation(row, now));
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
