import { createHash } from "node:crypto";

import type { Sql } from "@roadbed/core";

export interface AuditVerdict {
  readonly ok: boolean;
  /** How many rows were recomputed. */
  readonly rows: number;
  /** Hash of the last good row, hex: note it elsewhere, and a later rewriting of the whole chain shows too. */
  readonly head?: string;
  /** The seq of the first row that does not fit. */
  readonly brokenAt?: string;
  readonly reason?: string;
}

interface ChainRow extends Record<string, unknown> {
  readonly seq: string;
  readonly micros: string;
  readonly actor: string;
  readonly face: string;
  readonly operation: string;
  readonly resource: string | null;
  readonly reason: string | null;
  readonly outcome: string;
  readonly input_digest: string;
  readonly output_digest: string | null;
  readonly request_id: string;
  readonly previous_hash: Buffer;
  readonly hash: Buffer;
}

const PAGE = 5_000;

/**
 * Recomputes the hash chain from the first row on, here and not in the database, and compares it with what is stored.
 * Finds a row that was changed, added, removed, or cut off the end.
 */
export async function verifyAudit(sql: Sql): Promise<AuditVerdict> {
  // The head first: rows that come while we read are beyond it.
  const { rows: heads } = await sql.query<{ audit_seq: string; audit_hash: Buffer }>("select audit_seq, audit_hash from kernel.head");
  const last = BigInt(heads[0]?.audit_seq ?? 0);
  let previous: Buffer = Buffer.alloc(32);
  let seq = 0n;
  for (;;) {
    const rows = await readPage(sql, seq, last);
    for (const row of rows) {
      const fault = faultOf(row, seq + 1n, previous);
      if (fault !== undefined)
        return { ok: false, rows: Number(seq), head: previous.toString("hex"), brokenAt: (seq + 1n).toString(), reason: fault };
      previous = row.hash;
      seq += 1n;
    }
    if (rows.length < PAGE) break;
  }
  const broken = { ok: false, rows: Number(seq), head: previous.toString("hex"), brokenAt: (seq + 1n).toString() };
  if (seq < last) return { ...broken, reason: `${last - seq} rows are missing at the end.` };
  if (heads[0] !== undefined && !previous.equals(heads[0].audit_hash))
    return { ...broken, reason: "The last row is not the one that was written last." };
  return { ok: true, rows: Number(seq), ...(seq > 0n ? { head: previous.toString("hex") } : {}) };
}

async function readPage(sql: Sql, after: bigint, upTo: bigint): Promise<ChainRow[]> {
  const { rows } = await sql.query<ChainRow>(
    `select seq, trunc(extract(epoch from at) * 1000000)::bigint::text as micros, actor, face, operation, resource, reason, outcome,
            input_digest, output_digest, request_id, previous_hash, hash
     from kernel.audit where seq > $1 and seq <= $2 order by seq limit ${PAGE}`,
    [after.toString(), upTo.toString()],
  );
  return rows;
}

function faultOf(row: ChainRow, expected: bigint, previous: Buffer): string | undefined {
  if (BigInt(row.seq) !== expected) return `Row ${expected} is missing.`;
  if (!row.previous_hash.equals(previous)) return `Row ${row.seq} does not continue the row before it.`;
  return hashOf(row, previous).equals(row.hash) ? undefined : `Row ${row.seq} was changed after it was written.`;
}

/** The same as `kernel.append` computes. */
function hashOf(row: ChainRow, previous: Buffer): Buffer {
  const fields = [row.seq, row.micros, row.actor, row.face, row.operation, row.resource, row.reason, row.outcome];
  const text = [...fields, row.input_digest, row.output_digest, row.request_id].map(hashField).join("");
  return createHash("sha256").update(previous).update(text).digest();
}

function hashField(value: string | null): string {
  return value === null ? "-" : `${Buffer.byteLength(value)}:${value}`;
}
