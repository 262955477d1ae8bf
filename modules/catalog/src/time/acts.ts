import type { Sql } from "@roadbed/core";

/** One act that changed an entity, as it is answered. */
export interface Act {
  readonly at: string;
  readonly actor: string;
  readonly reason?: string;
  readonly source: string;
  readonly change: "registered" | "changed" | "removed";
}

const MAX_ACTS = 5;

/** Of each entity, the last acts after `from`, up to `to`, newest first, and how many there were. */
export async function readActs(
  sql: Sql,
  refs: readonly string[],
  { from, to }: { readonly from: string; readonly to: string },
): Promise<ReadonlyMap<string, { readonly by: Act[]; readonly count: number }>> {
  const { rows } = await sql.query<Record<string, unknown>>(
    `select ref, at, actor, reason, source, change, count::int as count from (
       select h.*, row_number() over (partition by ref order by id desc) as place, count(*) over (partition by ref) as count
       from catalog.history h where ref = any($1) and at > $2 and at <= $3) ranked
     where place <= ${MAX_ACTS} order by ref, id desc`,
    [refs, from, to],
  );
  const found = new Map<string, { by: Act[]; count: number }>();
  for (const { ref, at, actor, reason, source, change, count } of rows as unknown as ActRow[]) {
    const entry = found.get(ref) ?? { by: [], count };
    entry.by.push({ at: at.toISOString(), actor, ...(reason === null ? {} : { reason }), source, change });
    found.set(ref, entry);
  }
  return found;
}

interface ActRow {
  readonly ref: string;
  readonly at: Date;
  readonly actor: string;
  readonly reason: string | null;
  readonly source: string;
  readonly change: Act["change"];
  readonly count: number;
}
