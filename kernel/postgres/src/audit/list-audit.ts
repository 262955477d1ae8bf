import type { Sql } from "@roadbed/core";

/** A stored audit row. `hash` is hex. */
export interface AuditRecord {
  readonly seq: string;
  readonly at: Date;
  readonly actor: string;
  readonly face: string;
  readonly operation: string;
  readonly resource: string | null;
  readonly reason: string | null;
  readonly outcome: "done" | "denied" | "failed";
  readonly inputDigest: string;
  readonly outputDigest: string | null;
  readonly requestId: string;
  readonly hash: string;
}

export interface AuditFilter {
  readonly actor?: string | undefined;
  readonly operation?: string | undefined;
  readonly resource?: string | undefined;
  /** Rows older than this seq. */
  readonly before?: string | undefined;
  readonly limit: number;
}

/** Who did what, newest first. Text filters match exactly. */
export async function listAudit(sql: Sql, filter: AuditFilter): Promise<AuditRecord[]> {
  const { rows } = await sql.query<AuditRecord & Record<string, unknown>>(
    `select seq, at, actor, face, operation, resource, reason, outcome, input_digest as "inputDigest", output_digest as "outputDigest",
            request_id as "requestId", encode(hash, 'hex') as hash
     from kernel.audit
     where ($1::text is null or actor = $1) and ($2::text is null or operation = $2) and ($3::text is null or resource = $3)
       and ($4::bigint is null or seq < $4)
     order by seq desc limit $5`,
    [filter.actor ?? null, filter.operation ?? null, filter.resource ?? null, filter.before ?? null, filter.limit],
  );
  return rows;
}
